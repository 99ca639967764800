//! The recorded answers of `journalctl`, the newest line first as they were printed.

use serde::Deserialize;

use crate::{
    exec::recording::Asked,
    limits::{Lines, Priority},
    service::Service,
};

/// What decides whether an entry is asked for.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    timestamp: String,
    #[serde(rename = "PRIORITY")]
    priority: Option<String>,
}

pub(super) fn is_of(asked: &Asked, service: &Service) -> bool {
    matches!(asked, Asked::Journal { service: recorded } if recorded == service.id())
}

/// The newest lines, newest first, each with its line end. Lines that cannot be parsed are kept.
pub(super) fn newest(recorded: &str, lines: Lines, worst: Option<Priority>, since: Option<u64>) -> Vec<&str> {
    let is_asked = |line: &&str| {
        let Ok(entry) = serde_json::from_str::<Entry>(line) else { return true };
        let seconds = entry.timestamp.parse::<u64>().unwrap_or(0) / 1_000_000;
        // An entry without a priority is of priority 6 for journald.
        let priority = entry.priority.and_then(|priority| priority.parse().ok()).unwrap_or(6);
        seconds >= since.unwrap_or(0) && priority <= worst.map_or(7, Priority::number)
    };
    let count = usize::try_from(lines.clamped()).unwrap_or(usize::MAX);
    recorded.split_inclusive('\n').filter(is_asked).take(count).collect()
}
