//! Times in sentences: for documents, and for people who look now.

use jiff::Timestamp;

use super::{age, timestamp::sentence};

/// How times are worded: as they are, for documents, or by their age, for people who look now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clock {
    Absolute,
    Ages(Timestamp),
}

impl Clock {
    /// ` at 2026-11-24 11:51:44 UTC`, ` 3 min ago`.
    pub(super) fn at(self, time: Option<&str>) -> String {
        let Some(time) = time else { return String::new() };
        let ago = match self {
            Self::Ages(now) => age::ago(time, now),
            Self::Absolute => None,
        };
        ago.map_or_else(|| format!(" at {}", sentence(time)), |ago| format!(" {ago}"))
    }

    /// ` since 2026-11-24 11:51:44 UTC`, ` for 3 min`.
    pub(super) fn since(self, time: Option<&str>) -> String {
        let Some(time) = time else { return String::new() };
        match self {
            Self::Ages(now) => format!(" for {}", age::since(Some(time), now)),
            Self::Absolute => format!(" since {}", sentence(time)),
        }
    }
}
