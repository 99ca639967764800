//! The newest entries of a log that fit, of lines that come newest first.

use super::Entry;
use crate::exec::Line;

/// A raw record may be this long: a message whose bytes are all escaped takes six each, and the
/// other fields some more.
pub(super) fn raw_limit(cap: usize) -> usize {
    6 * cap + 16 * 1024
}

/// The entry of a line; `None` if it is none.
pub(super) fn read(line: Line<'_>) -> Option<Entry> {
    match line {
        Line::Whole(bytes) => Entry::parse(bytes),
        Line::TooLong(length) => Some(Entry::left_out(length)),
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
    room: usize,
    full: bool,
    pub kept: Vec<(Entry, String)>,
    pub seen: u64,
    pub cut: bool,
    /// Lines that are no entries.
    pub unreadable: u64,
    /// The first of them, as far as it matters for the operator.
    pub first_unreadable: Option<String>,
}

impl Tail {
    pub(crate) fn new(cap: usize) -> Self {
        Self {
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
        let Some(mut entry) = read(line) else {
            self.unreadable += 1;
            if let Line::Whole(bytes) = line {
                let text = || String::from_utf8_lossy(bytes.get(..256).unwrap_or(bytes)).into_owned();
                self.first_unreadable.get_or_insert_with(text);
            }
            return;
        };
        let mut text = entry.line();
        if text.len() + 1 > self.room {
            self.full = true;
            if !self.kept.is_empty() {
                return;
            }
            // Longer than the whole cap by itself: its beginning is better than nothing.
            self.cut = true;
            cut_to(&mut entry, self.room - 1);
            text = entry.line();
            text.truncate(text.floor_char_boundary(self.room - 1));
        }
        self.room -= text.len() + 1;
        self.kept.push((entry, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> String {
        format!(r#"{{"__REALTIME_TIMESTAMP":"1795310091508359","MESSAGE":"{message}"}}"#)
    }

    fn tail(cap: usize, newest_first: &[&str]) -> Tail {
        let mut tail = Tail::new(cap);
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
            (
                tail.kept.iter().map(|(entry, _)| entry.message.clone()).collect::<Vec<_>>(),
                tail.seen,
                tail.cut,
            )
        };
        let all = 3 * (PREFIX + 1) + 7;
        assert_eq!(kept(all), (vec!["33".into(), "2222".into(), "1".into()], 3, false));
        assert_eq!(kept(all - 1), (vec!["33".into(), "2222".into()], 3, false));
        assert_eq!(kept(2 * (PREFIX + 1) + 5), (vec!["33".into()], 3, false));
    }

    #[test]
    fn an_entry_longer_than_the_cap_is_cut_at_a_character() {
        let tail = tail(PREFIX + 4, &["aéé", "older"]);
        assert_eq!(tail.kept.len(), 1);
        assert_eq!(tail.kept[0].0.message, "aé");
        assert!(tail.kept[0].1.ends_with(": aé"));
        assert!(tail.cut);
    }

    #[test]
    fn a_line_that_is_no_entry_is_left_out_and_counted() {
        let mut tail = tail(1000, &["one"]);
        tail.take(Line::Whole(b"rubbish"));
        tail.take(Line::TooLong(123_456));
        assert_eq!((tail.kept.len(), tail.seen), (2, 3));
        assert_eq!(tail.kept[1].1, "[entry of 123456 bytes left out]");
    }
}
