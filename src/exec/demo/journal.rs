//! The recorded answers of `journalctl`, newest line first as they were printed.

use crate::{
    limits::{Lines, Priority},
    service::Service,
};

const JOURNALS: [(&str, &str); 7] = [
    ("admission-controller.service", include_str!("recordings/admission-controller.json")),
    ("system-manager.service", include_str!("recordings/system-manager.json")),
    ("attestation-service.service", include_str!("recordings/attestation-service.json")),
    ("k3s.service", include_str!("recordings/k3s.json")),
    ("nvidia-persistenced.service", include_str!("recordings/nvidia-persistenced.json")),
    ("nvidia-fabricmanager.service", include_str!("recordings/nvidia-fabricmanager.json")),
    ("infiniband-config.service", include_str!("recordings/infiniband-config.json")),
];

/// The newest lines of a unit, newest first, each with its end.
pub(super) fn newest(
    service: &Service,
    lines: Lines,
    worst: Option<Priority>,
    since: Option<u64>,
) -> Vec<&'static str> {
    let journal = JOURNALS.iter().find(|(name, _)| *name == service.unit()).map_or("", |(_, text)| text);
    let since = since.unwrap_or(0);
    let worst = worst.map_or(7, Priority::number);
    let newest =
        journal.split_inclusive('\n').filter(|line| seconds(line) >= since && priority(line) <= worst);
    newest.take(usize::try_from(lines.clamped()).unwrap_or(usize::MAX)).collect()
}

/// The priority of a line, from 0 to 7; 6 when it has none.
fn priority(line: &str) -> u8 {
    let priority =
        line.split_once("\"PRIORITY\":\"").and_then(|(_, rest)| rest.split_once('"')?.0.parse().ok());
    priority.unwrap_or(6)
}

/// When a line was logged, in whole seconds since 1970; 0 when it does not say.
fn seconds(line: &str) -> u64 {
    let microseconds = line.split_once("\"__REALTIME_TIMESTAMP\":\"").and_then(|(_, rest)| {
        let (digits, _) = rest.split_once('"')?;
        digits.parse::<u64>().ok()
    });
    microseconds.unwrap_or(0) / 1_000_000
}
