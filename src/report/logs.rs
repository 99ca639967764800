//! What a unit logged last, from `journalctl`.

use std::{ops::ControlFlow, os::fd::BorrowedFd, time::Duration};

use serde::{Serialize, Serializer};

use super::{
    Ask, Entry, Note, NoteKind,
    journal_keys::Keys,
    journal_note::Warnings,
    tail::{Tail, cut_to, raw_limit, read},
};
use crate::{
    error::{Error, Said},
    exec::{Executor, Followed, Invocation, Line, LineCutter},
    limits::{Lines, Priority},
    program::Program,
    redact,
    service::{self, Service},
    system::{Deadline, JournalFiles},
};

/// What is asked of a unit's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    /// Whose log.
    pub service: &'static Service,
    /// How many entries at most.
    pub lines: Lines,
    /// Only those of so long ago at most, to the second.
    pub since: Option<Duration>,
    /// Only those of this priority and worse.
    pub priority: Option<Priority>,
    /// With the parsed entries beside the lines.
    pub entries: bool,
}

/// The logs document.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the names in the document")]
pub(crate) struct Logs {
    service: ServiceName,
    requested_lines: i64,
    /// How many entries `logs` has.
    pub returned_lines: usize,
    /// Something was dropped or cut, or journalctl did not come to its end.
    pub stdout_truncated: bool,
    /// One string per entry, oldest first.
    pub logs: Vec<String>,
    /// Entries that journalctl had and that are not here.
    pub dropped_lines: u64,
    /// What a reader of the entries has to know.
    #[serde(rename = "note", serialize_with = "joined")]
    pub notes: Vec<Note>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Entry>>,
    /// How many secrets were taken out of what is shown.
    pub redacted: u64,
    /// An entry was cut at its end.
    #[serde(skip)]
    pub is_cut: bool,
    /// Lines of journalctl that are no entries, among those that were dropped.
    #[serde(skip)]
    pub unreadable: u64,
}

impl Logs {
    /// The parsed entries, if they were asked for.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }
}

/// All notes as one text, or null.
fn joined<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
    if notes.is_empty() {
        return serializer.serialize_none();
    }
    serializer.serialize_str(&notes.iter().map(|note| note.kind.to_string()).collect::<Vec<_>>().join("; "))
}

#[derive(Debug, Serialize)]
struct ServiceName {
    id: &'static str,
    unit: &'static str,
}

/// Asks for the newest entries of a unit.
/// Fails when journalctl could not be asked, may not read the journal or found none. No entries at all
/// is an answer only if none of these is the cause.
pub(crate) fn collect(ask: &Ask, deadline: Deadline, question: Question) -> Result<Logs, Error> {
    let Question { service, lines, since, priority, entries } = question;
    let since = since.map(|since| {
        let now = u64::try_from(ask.exec.now().as_second()).unwrap_or(0);
        now.saturating_sub(since.as_secs())
    });
    let cap = ask.limits.max_output();
    let mut tail = Tail::new(cap, ask.exec.redaction());
    let mut cutter = LineCutter::new(raw_limit(cap), |line| {
        tail.take(line);
        ControlFlow::Continue(())
    });
    let mut warnings = Warnings::default();
    let invocation = Invocation::Journal { service, lines, priority, since };
    let ended = ask.exec.run_with(&invocation, deadline, &mut cutter, &mut warnings.sink());
    let failure = match ended {
        Err(error @ Error::Interrupted(_)) => return Err(error),
        Ok(exit) if exit.is_success() => None,
        Ok(exit) => {
            let said = Said::of(warnings.cause());
            Some(Error::CommandFailed { program: Program::Journalctl, exit, said })
        }
        Err(Error::Timeout { program, limit, .. }) => {
            Some(Error::Timeout { program, limit, said: Said::of(warnings.cause()) })
        }
        Err(error) => Some(error),
    };
    // A record that broke off is none.
    if failure.is_none() {
        cutter.end();
    }
    if tail.kept.is_empty() {
        none_read(&ask.exec, failure.clone(), &warnings, &tail)?;
    }
    let mut notes: Vec<Note> = Vec::new();
    notes.extend(failure.as_ref().map(|error| Note {
        kind: if matches!(error, Error::Timeout { .. }) { NoteKind::TimedOut } else { NoteKind::Failed },
        said: warnings.other.clone(),
    }));
    notes.extend(warnings.notes(failure.is_some()));
    let is_all = tail.seen < u64::from(lines.clamped()) && priority.is_none() && notes.is_empty();
    if is_all && !tail.kept.is_empty() && tail.kept.iter().all(Entry::is_of_systemd) {
        notes.push(Note { kind: NoteKind::OnlySystemd, said: None });
    }
    let Tail { seen, cut, unreadable, .. } = tail;
    let kept = tail.end(cap);
    let dropped_lines = seen - kept.len() as u64;
    let (entry_list, logs): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    Ok(Logs {
        service: ServiceName { id: service.id(), unit: service.unit() },
        requested_lines: lines.requested(),
        returned_lines: logs.len(),
        redacted: logs.iter().map(|line| redact::count(line)).sum(),
        stdout_truncated: cut || dropped_lines > 0 || failure.is_some(),
        logs,
        dropped_lines,
        notes,
        entries: entries.then_some(entry_list),
        is_cut: cut,
        unreadable,
    })
}

/// Whether journalctl can read the journal, tried with one entry.
/// Errors: as [`collect`].
pub(crate) fn try_to_read(ask: &Ask, deadline: Deadline) -> Result<Vec<Note>, Error> {
    let lines = Lines::new(Some(1), &ask.limits);
    let question =
        Question { service: &service::all()[0], lines, since: None, priority: None, entries: false };
    collect(ask, deadline, question).map(|logs| logs.notes)
}

/// Hands on the newest entries of a unit, oldest first, and then each new one as it comes, until
/// `take` breaks off, a signal comes or `reader`, our own output, is closed at its other end. `warn` gets
/// each line that journalctl prints on stderr, as it comes.
/// Errors: as [`collect`]; and when journalctl ends by itself.
pub(crate) fn follow(
    ask: &Ask,
    question: Question,
    reader: BorrowedFd<'_>,
    mut take: impl FnMut(Entry) -> ControlFlow<()>,
    mut warn: impl FnMut(&str),
) -> Result<(), Error> {
    look_at_files(&ask.exec, &[])?;
    let redaction = ask.exec.redaction();
    let mut keys = Keys::default();
    let mut seen = 0;
    let mut entries = LineCutter::new(raw_limit(ask.limits.max_output()), |line| {
        seen += 1;
        match read(line, redaction) {
            Some(mut entry) => {
                keys.next(&mut entry);
                cut_to(&mut entry, ask.limits.max_output());
                take(entry)
            }
            None => ControlFlow::Continue(()),
        }
    });
    let mut warnings = Warnings::default();
    let mut stderr = LineCutter::new(WARNING, |line| {
        match line {
            Line::Whole(bytes) => {
                let line = String::from_utf8_lossy(bytes);
                warnings.take(&line);
                warn(&line);
            }
            Line::TooLong(bytes) => warn(&format!("[line of {bytes} bytes]")),
        }
        ControlFlow::Continue(())
    });
    let Question { service, lines, priority, .. } = question;
    let followed =
        ask.exec.follow(&Invocation::Follow { service, lines, priority }, reader, &mut entries, &mut stderr);
    stderr.end();
    let Followed::Ended(exit) = followed? else { return Ok(()) };
    if seen == 0 && warnings.no_permission {
        return Err(Error::JournalPermission);
    }
    if seen == 0 && warnings.no_files {
        return Err(Error::NoJournal);
    }
    // Its words have been shown as they came.
    Err(Error::CommandFailed { program: Program::Journalctl, exit, said: Said::default() })
}

/// How long a line on stderr may be that is shown.
const WARNING: usize = 16 * 1024;

/// Why there are no entries, unless the journal was read and has none.
fn none_read(exec: &Executor, failure: Option<Error>, warnings: &Warnings, tail: &Tail) -> Result<(), Error> {
    if warnings.no_permission {
        return Err(Error::JournalPermission);
    }
    if warnings.no_files {
        return Err(Error::NoJournal);
    }
    if let Some(error) = failure {
        return Err(error);
    }
    if tail.seen > 0 {
        let said = Said::of(warnings.cause().or(tail.first_unreadable.as_deref()));
        return Err(Error::UnreadableOutput { program: Program::Journalctl, said });
    }
    if let Some(line) = &warnings.active {
        return Err(Error::UnreadableJournal { said: Said::from(&**line) });
    }
    look_at_files(exec, &warnings.skipped).map_err(|error| match error {
        Error::UnreadableJournal { .. } => Error::UnreadableJournal { said: Said::of(warnings.cause()) },
        error => error,
    })
}

/// No entries are an answer only if there is a journal that may be read.
fn look_at_files(exec: &Executor, skipped: &[String]) -> Result<(), Error> {
    match exec.journal_files(skipped) {
        JournalFiles::Readable => Ok(()),
        JournalFiles::Closed => Err(Error::JournalPermission),
        JournalFiles::Skipped => Err(Error::UnreadableJournal { said: Said::default() }),
        JournalFiles::Missing => Err(Error::NoJournal),
    }
}
