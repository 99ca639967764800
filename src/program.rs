//! The three programs that are ever started, and how a run of one ends.

use std::fmt;

/// The default search path; the caller's `PATH` is never used.
pub(crate) const SEARCH_PATH: &str = "/usr/bin:/bin:/usr/local/bin:/usr/local/nvidia/bin";

/// The only three programs that are ever started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// `systemctl show`
    Systemctl,
    /// `journalctl --unit=…`
    Journalctl,
    /// `nvidia-smi`
    NvidiaSmi,
}

impl Program {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Systemctl, Self::Journalctl, Self::NvidiaSmi];

    /// The file name that is looked up.
    pub fn name(self) -> &'static str {
        match self {
            Self::Systemctl => "systemctl",
            Self::Journalctl => "journalctl",
            Self::NvidiaSmi => "nvidia-smi",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    Signal(i32),
}

impl Exit {
    /// The code as a shell shows it: 128 + n for signal n.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }

    /// Whether it ended by itself with code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}
