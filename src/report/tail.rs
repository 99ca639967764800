//! The newest entries of a log that fit, of lines that come newest first.

use super::{Entry, journal_keys::Keys};
use crate::{exec::Line, redact::Redaction};

/// A raw record may be this long: a message whose bytes are all escaped takes six each, and the
/// other fields some more.
pub(super) fn raw_limit(cap: usize) -> usize {
    6 * cap + 16 * 1024
}

/// The entry of a line; `None` if it is none.
pub(super) fn read(line: Line<'_>, redaction: Redaction) -> Option<Entry> {
    match line {
        Line::Whole(bytes) => Entry::parse(bytes, redaction),
        Line::TooLong(length) => Some(Entry::left_out(length)),
    }
}

/// The text of a line that could not be parsed as an entry.
pub(super) fn text(line: Line<'_>) -> String {
    match line {
        Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Line::TooLong(length) => format!("[line of {length} bytes]"),
    }
}

/// Cuts the message so that the entry's line has at most `limit` bytes. Says whether it had to.
pub(super) fn cut_to(entry: &mut Entry, limit: usize) -> bool {
    let prefix = entry.prefix().len();
    let room = limit.saturating_sub(prefix);
    if entry.message.len() <= room {
        return false;
    }
    entry.message.truncate(entry.message.floor_char_boundary(room));
    true
}

/// Keeps the newest entries that fit, of lines that come newest first, and counts the others.
pub(crate) struct Tail {
    redaction: Redaction,
    room: usize,
    full: bool,
    pub kept: Vec<Entry>,
    pub seen: u64,
    pub cut: bool,
    /// Lines that are no entries.
    pub unreadable: u64,
    /// The first of them, as far as it matters for the operator.
    pub first_unreadable: Option<String>,
}

impl Tail {
    pub(crate) fn new(cap: usize, redaction: Redaction) -> Self {
        Self {
            redaction,
            room: cap,
            full: false,
            kept: Vec::new(),
            seen: 0,
            cut: false,
            unreadable: 0,
            first_unreadable: None,
        }
    }

    pub(crate) fn take(&mut self, line: Line<'_>) {
        self.seen += 1;
        if self.full {
            return;
        }
        let Some(mut entry) = read(line, self.redaction) else {
            self.unreadable += 1;
            if let Line::Whole(bytes) = line {
                let text = || {
                    self.redaction
                        .text(String::from_utf8_lossy(bytes.get(..256).unwrap_or(bytes)).into_owned())
                };
                self.first_unreadable.get_or_insert_with(text);
            }
            return;
        };
        let mut length = entry.length();
        if length + 1 > self.room {
            self.full = true;
            if !self.kept.is_empty() {
                return;
            }
            // Longer than the whole cap by itself: its beginning is better than nothing.
            self.cut = true;
            cut_to(&mut entry, self.room - 1);
            length = entry.length().min(self.room - 1);
        }
        self.room -= length + 1;
        self.kept.push(entry);
    }

    /// Ends it: takes out private keys that were logged line by line, and drops the oldest entries that have no room any
    /// more because a marker is longer than what it stands for. Returns the entries with their lines, the oldest first.
    pub(crate) fn end(self, cap: usize) -> Vec<(Entry, String)> {
        let mut kept = self.kept;
        kept.reverse();
        Keys::all(kept.iter_mut());
        let mut room = cap;
        let mut lines = Vec::with_capacity(kept.len());
        for (number, entry) in kept.into_iter().rev().enumerate() {
            let mut text = entry.line();
            if number == 0 {
                text.truncate(text.floor_char_boundary(cap - 1));
            }
            let Some(left) = room.checked_sub(text.len() + 1) else { break };
            room = left;
            lines.push((entry, text));
        }
        lines.reverse();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> String {
        format!(r#"{{"__REALTIME_TIMESTAMP":"1795310091508359","MESSAGE":"{message}"}}"#)
    }

    fn tail(cap: usize, newest_first: &[&str]) -> Tail {
        let mut tail = Tail::new(cap, Redaction::On);
        for message in newest_first {
            tail.take(Line::Whole(line(message).as_bytes()));
        }
        tail
    }

    // The time, a host and an identifier that are not known.
    const PREFIX: usize = "2026-11-22T01:14:51.508359Z - unknown: ".len();

    #[test]
    fn the_newest_entries_that_fit_are_kept_and_no_older_one_slips_in() {
        let kept = |cap| {
            let tail = tail(cap, &["33", "2222", "1"]);
            let (seen, cut) = (tail.seen, tail.cut);
            let messages: Vec<String> = tail.end(cap).into_iter().map(|(entry, _)| entry.message).collect();
            (messages, seen, cut)
        };
        let all = 3 * (PREFIX + 1) + 7;
        assert_eq!(kept(all), (vec!["1".into(), "2222".into(), "33".into()], 3, false));
        assert_eq!(kept(all - 1), (vec!["2222".into(), "33".into()], 3, false));
        assert_eq!(kept(2 * (PREFIX + 1) + 5), (vec!["33".into()], 3, false));
    }

    #[test]
    fn an_entry_longer_than_the_cap_is_cut_at_a_character() {
        let tail = tail(PREFIX + 4, &["aéé", "older"]);
        assert!(tail.cut);
        let kept = tail.end(PREFIX + 4);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].0.message, "aé");
        assert!(kept[0].1.ends_with(": aé"));
    }

    #[test]
    fn a_line_that_is_no_entry_is_left_out_and_counted() {
        let mut tail = tail(1000, &["one"]);
        tail.take(Line::Whole(b"rubbish"));
        tail.take(Line::TooLong(123_456));
        assert_eq!((tail.kept.len(), tail.seen), (2, 3));
        assert_eq!(tail.end(1000)[0].1, "[entry of 123456 bytes left out]");
    }

    #[test]
    fn secrets_are_taken_out_before_anything_is_cut() {
        let cap = PREFIX + 40;
        let mut tail = Tail::new(cap, Redaction::On);
        tail.take(Line::Whole(line(&format!("password={}", "s3cr3t".repeat(100))).as_bytes()));
        assert!(!tail.cut, "the marker is short");
        assert!(tail.end(cap)[0].1.ends_with(": password=[redacted:secret]"));
    }

    #[test]
    fn a_marker_that_is_longer_than_its_line_drops_the_oldest_entries() {
        let newest_first = ["-----END PRIVATE KEY-----", "AbC=", "AbC=", "AbC="];
        let cap = 4 * (PREFIX + 1) + 25 + 12 + 18;
        let kept = tail(cap, &newest_first).end(cap);
        assert_eq!(kept.len(), 3);
        assert!(kept.iter().all(|(entry, _)| entry.message == "[redacted:private-key]"));
        assert!(kept.iter().map(|(_, text)| text.len() + 1).sum::<usize>() <= cap);
    }
}
