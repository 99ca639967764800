//! How long ago something was, worded alike everywhere.

use jiff::Timestamp;

/// How long ago a time was, in one unit: `3 min`. `-` if it is not known; `3 h ahead` if the clock was set back
/// since then.
pub(crate) fn since(rfc_3339: Option<&str>, now: Timestamp) -> String {
    match rfc_3339.and_then(|time| seconds_ago(time, now)) {
        None => "-".to_owned(),
        Some(seconds) if seconds < 0 => format!("{} ahead", in_one_unit(-seconds)),
        Some(seconds) => in_one_unit(seconds),
    }
}

/// The same in a sentence: `3 min ago`, `3 h ahead of the clock`.
pub(crate) fn ago(rfc_3339: &str, now: Timestamp) -> Option<String> {
    Some(match seconds_ago(rfc_3339, now)? {
        seconds if seconds < 0 => format!("{} ahead of the clock", in_one_unit(-seconds)),
        seconds => format!("{} ago", in_one_unit(seconds)),
    })
}

/// Negative for a time ahead of the clock. The clocks that write and read a time may differ by a second.
fn seconds_ago(rfc_3339: &str, now: Timestamp) -> Option<i64> {
    let time: Timestamp = rfc_3339.parse().ok()?;
    let seconds = now.as_second() - time.as_second();
    Some(if seconds == -1 { 0 } else { seconds })
}

fn in_one_unit(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap_or_default();
        let case = |time: &str, since_text: &str, ago_text: &str| {
            assert_eq!(since(Some(time), now), since_text, "{time}");
            assert_eq!(ago(time, now).as_deref(), Some(ago_text), "{time}");
        };
        case("2026-11-24T12:00:00Z", "0 s", "0 s ago");
        case("2026-11-24T12:00:01Z", "0 s", "0 s ago");
        case("2026-11-24T11:58:01Z", "119 s", "119 s ago");
        case("2026-11-24T11:57:00Z", "3 min", "3 min ago");
        case("2026-11-24T09:00:00Z", "3 h", "3 h ago");
        case("2026-11-20T09:00:00Z", "4 days", "4 days ago");
        case("2026-11-24T15:00:00Z", "3 h ahead", "3 h ahead of the clock");
        assert_eq!(since(None, now), "-");
        assert_eq!(ago("soon", now), None);
    }
}
