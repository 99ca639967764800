//! The columns of `nvidia-smi --query-gpu`.

use std::fmt;

/// Which columns are queried; displayed as nvidia-smi takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// All that a parsed row has.
    Full,
    /// The ones that every driver since 2014 knows, for drivers that reject the full list.
    Minimal,
}

impl Columns {
    /// The columns' names in nvidia-smi's words, in the order in which they are printed.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Full => &[
                "index",
                "uuid",
                "name",
                "driver_version",
                "temperature.gpu",
                "power.draw",
                "power.limit",
                "utilization.gpu",
                "memory.used",
                "memory.total",
                "ecc.errors.uncorrected.volatile.total",
                "mig.mode.current",
            ],
            Self::Minimal => &[
                "index",
                "uuid",
                "name",
                "driver_version",
                "temperature.gpu",
                "utilization.gpu",
                "memory.used",
                "memory.total",
            ],
        }
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}
