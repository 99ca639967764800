//! The recorded answers of `journalctl`, newest line first as they were printed.

use super::value;

const JOURNALS: [(&str, &str); 7] = [
    ("admission-controller.service", include_str!("recordings/admission-controller.json")),
    ("system-manager.service", include_str!("recordings/system-manager.json")),
    ("attestation-service.service", include_str!("recordings/attestation-service.json")),
    ("k3s.service", include_str!("recordings/k3s.json")),
    ("nvidia-persistenced.service", include_str!("recordings/nvidia-persistenced.json")),
    ("nvidia-fabricmanager.service", include_str!("recordings/nvidia-fabricmanager.json")),
    ("infiniband-config.service", include_str!("recordings/infiniband-config.json")),
];

/// The newest lines of the asked unit, as many as asked for, in the asked order.
pub fn read(arguments: &[String]) -> impl Iterator<Item = &'static str> {
    let unit = value(arguments, "--unit=");
    let journal = JOURNALS.iter().find(|(name, _)| Some(*name) == unit).map_or("", |(_, text)| text);
    let lines = value(arguments, "--lines=").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let since: u64 = value(arguments, "--since=@").and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let worst = value(arguments, "--priority=").and_then(|n| n.parse().ok()).unwrap_or(7);
    let newest = journal.lines().filter(move |line| seconds(line) >= since && priority(line) <= worst);
    let mut asked: Vec<&str> = newest.take(lines).collect();
    if !arguments.iter().any(|argument| argument == "--reverse") {
        asked.reverse();
    }
    asked.into_iter()
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
