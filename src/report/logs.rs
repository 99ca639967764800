//! What a unit logged last, from `journalctl`.

use std::{ops::ControlFlow, os::fd::BorrowedFd, time::Duration};

use serde::Serialize;

use super::Entry;
use crate::{
    error::Error,
    exec::{Deadline, Ended, Executor, Followed, Invocation, JournalFiles, Line, LineCutter, Program},
    limits::{Limits, Lines},
    service::Service,
};

/// What is asked of a unit's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// Whose log.
    pub service: &'static Service,
    /// How many entries at most.
    pub lines: Lines,
    /// Only those of so long ago at most, to the second.
    pub since: Option<Duration>,
    /// With the parsed entries beside the lines.
    pub entries: bool,
}

/// The logs document.
#[derive(Debug, Serialize)]
pub struct Logs {
    service: ServiceName,
    requested_lines: i64,
    /// How many entries `logs` has.
    pub returned_lines: usize,
    /// Something was dropped or cut.
    pub stdout_truncated: bool,
    /// One string an entry, oldest first.
    pub logs: Vec<String>,
    /// Entries that journalctl had and that are not here.
    pub dropped_lines: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Entry>>,
    /// Priorities of the entries, for colour.
    #[serde(skip)]
    pub priorities: Vec<Option<u8>>,
}

#[derive(Debug, Serialize)]
struct ServiceName {
    id: &'static str,
    unit: &'static str,
}

/// Asks for the newest entries of a unit.
///
/// # Errors
/// When journalctl could not be asked, may not read the journal or found none. No entries at all
/// is an answer only if none of these is the cause.
pub fn collect(
    exec: &Executor,
    limits: &Limits,
    deadline: Deadline,
    question: Question,
) -> Result<Logs, Error> {
    let Question { service, lines, since, entries } = question;
    let since = since.map(|since| {
        let now = u64::try_from(exec.now().as_second()).unwrap_or(0);
        now.saturating_sub(since.as_secs())
    });
    let mut tail = Tail::new(limits.max_output);
    let mut cutter = LineCutter::new(raw_limit(limits.max_output), |line| {
        tail.take(line);
        ControlFlow::Continue(())
    });
    let ended = exec.run(&Invocation::journal(service, lines, since), deadline, &mut cutter)?;
    cutter.end();
    judge(&ended, tail.seen)?;
    if tail.seen == 0 {
        look_at_files(exec)?;
    }
    if tail.seen > 0 && tail.kept.is_empty() {
        return Err(Error::UnreadableOutput(Program::Journalctl));
    }
    let Tail { mut kept, seen, cut, .. } = tail;
    kept.reverse();
    let dropped_lines = seen - kept.len() as u64;
    let (entry_list, logs): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    Ok(Logs {
        service: ServiceName { id: service.id(), unit: service.unit() },
        requested_lines: lines.requested(),
        returned_lines: logs.len(),
        stdout_truncated: cut || dropped_lines > 0,
        logs,
        dropped_lines,
        priorities: entry_list.iter().map(|entry| entry.priority).collect(),
        entries: entries.then_some(entry_list),
    })
}

/// Hands on the newest entries of a unit, oldest first, and then each new one as it comes, until
/// `take` breaks off, a signal comes or `reader`, our own output, has nobody who reads it.
///
/// # Errors
/// As [`collect`]; and when journalctl ends by itself.
pub fn follow(
    exec: &Executor,
    limits: &Limits,
    service: &'static Service,
    lines: Lines,
    reader: BorrowedFd<'_>,
    mut take: impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<(), Error> {
    look_at_files(exec)?;
    let mut seen = 0;
    let mut cutter = LineCutter::new(raw_limit(limits.max_output), |line| {
        seen += 1;
        match read(line) {
            Some(mut entry) => {
                cut_to(&mut entry, limits.max_output);
                take(entry)
            }
            None => ControlFlow::Continue(()),
        }
    });
    match exec.follow(&Invocation::follow(service, lines), reader, &mut cutter)? {
        Followed::Stopped => Ok(()),
        Followed::Ended(ended) => {
            judge(&ended, seen)?;
            Err(ended.failure(Program::Journalctl))
        }
    }
}

/// A raw record may be this long: a message whose bytes are all escaped takes six each, and the
/// other fields some more.
fn raw_limit(cap: usize) -> usize {
    6 * cap + 16 * 1024
}

/// A journal that is missing or closed to us may exit with 0, and say so on stderr only.
fn judge(ended: &Ended, seen: u64) -> Result<(), Error> {
    let says = |text: &str| ended.stderr.text.contains(text);
    let success = ended.exit.is_success();
    if success && seen > 0 {
        return Ok(());
    }
    if says("insufficient permissions") || says("not seeing messages") {
        return Err(Error::JournalPermission);
    }
    if says("No journal files were found") {
        return Err(Error::NoJournal);
    }
    if success { Ok(()) } else { Err(ended.failure(Program::Journalctl)) }
}

/// No entries are an answer only if there is a journal that may be read.
fn look_at_files(exec: &Executor) -> Result<(), Error> {
    match exec.journal_files() {
        JournalFiles::Readable => Ok(()),
        JournalFiles::Closed => Err(Error::JournalPermission),
        JournalFiles::Missing => Err(Error::NoJournal),
    }
}

fn read(line: Line<'_>) -> Option<Entry> {
    match line {
        Line::Whole(bytes) => Entry::parse(bytes),
        Line::TooLong(length) => Some(Entry::left_out(length)),
    }
}

/// Cuts the message so that the entry's line has at most `limit` bytes. Says whether it had to.
fn cut_to(entry: &mut Entry, limit: usize) -> bool {
    let prefix = entry.prefix().len();
    let room = limit.saturating_sub(prefix);
    if entry.message.len() <= room {
        return false;
    }
    entry.message.truncate(entry.message.floor_char_boundary(room));
    true
}

/// Keeps the newest entries that fit, of lines that come newest first, and counts the others.
struct Tail {
    room: usize,
    full: bool,
    kept: Vec<(Entry, String)>,
    seen: u64,
    cut: bool,
}

impl Tail {
    fn new(cap: usize) -> Self {
        Self { room: cap, full: false, kept: Vec::new(), seen: 0, cut: false }
    }

    fn take(&mut self, line: Line<'_>) {
        self.seen += 1;
        if self.full {
            return;
        }
        let Some(mut entry) = read(line) else { return };
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

/// What is kept of any lines stays within its cap, and every line is counted.
#[cfg(feature = "fuzzing")]
pub(super) fn check_tail(bytes: &[u8]) {
    let cap = 1024;
    let mut tail = Tail::new(cap);
    let lines = bytes.split(|byte| *byte == b'\n');
    let count = lines.clone().count() as u64;
    lines.for_each(|line| tail.take(Line::Whole(line)));
    assert_eq!(tail.seen, count);
    assert!(tail.kept.iter().map(|(_, text)| text.len() + 1).sum::<usize>() <= cap);
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
