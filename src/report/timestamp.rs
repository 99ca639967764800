//! Times as systemd writes them, and as we do.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// Microseconds, as systemd has them.
static RFC_3339: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// RFC 3339 in UTC, with microseconds: `2026-11-22T00:49:03.223601Z`.
pub(super) fn rfc_3339(time: Timestamp) -> String {
    RFC_3339.timestamp_to_string(&time)
}

/// A time that `systemctl show --timestamp=us+utc` printed: `Tue 2026-11-24 11:51:44.532527 UTC`
/// (systemctl(1)). `None` for an empty one, `n/a`, and anything else.
pub(super) fn of_systemd(text: &str) -> Option<Timestamp> {
    let mut words = text.split_ascii_whitespace();
    let (Some(_weekday), Some(date), Some(time), Some("UTC"), None) =
        (words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    format!("{date}T{time}Z").parse().ok()
}

/// A journal entry's time: microseconds since 1970.
pub(super) fn of_journal(microseconds: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds.parse().ok()?).ok()
}

/// The same of a time.
pub(crate) fn for_people(time: Timestamp) -> String {
    sentence(&rfc_3339(time))
}

/// For sentences: `2026-11-24 11:51:44 UTC`.
pub(crate) fn sentence(rfc_3339: &str) -> String {
    let seconds = rfc_3339.get(..19).unwrap_or(rfc_3339);
    format!("{} UTC", seconds.replacen('T', " ", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_systemd_become_rfc_3339() {
        fn case(text: &str, expected: Option<&str>) {
            assert_eq!(of_systemd(text).map(rfc_3339).as_deref(), expected, "{text:?}");
        }
        case("Tue 2026-11-24 11:51:44.532527 UTC", Some("2026-11-24T11:51:44.532527Z"));
        case("Sun 2026-11-22 01:14:49 UTC", Some("2026-11-22T01:14:49.000000Z"));
        for text in
            ["", "n/a", "Sun 2026-11-22 01:14:49 CET", "Sun 2026-13-22 01:14:49 UTC", "1795310091508359"]
        {
            case(text, None);
        }
    }

    #[test]
    fn times_of_the_journal_are_microseconds() {
        assert_eq!(
            of_journal("1795310091508359").map(rfc_3339).as_deref(),
            Some("2026-11-22T01:14:51.508359Z")
        );
        assert_eq!(of_journal("soon"), None);
        assert_eq!(of_journal("99999999999999999999999"), None);
    }
}
