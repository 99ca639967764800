//! The log line that most likely tells why a service ended badly.

use std::{collections::HashMap, ops::ControlFlow, sync::Mutex, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{Ask, Entry, UnitStatus, journal_keys::Keys, tail, timestamp};
use crate::{
    error::Error,
    exec::{Invocation, LineCutter},
    limits::Lines,
    service::Service,
    system::{Deadline, lock},
};

/// How long all lines of one overview may take together.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// How many entries are looked at, the newest.
const ENTRIES: i64 = 50;

/// How many bytes of a message are read.
const RECORD: usize = 16 * 1024;

/// A run that ended so recently may still have lines on their way to journald.
const SETTLED: Duration = Duration::from_secs(2);

/// systemd notes the start of the main process once it has forked it; on a busy machine its first line is in the
/// journal before that (tried on systemd 252).
const SLACK: Duration = Duration::from_millis(100);

/// One line of a unit's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LastLog {
    /// When it was logged (RFC 3339).
    pub timestamp: String,
    /// 0 (emergency) to 7 (debug).
    pub priority: Option<u8>,
    /// At most [`Entry::SHORT`] bytes of its text.
    pub message: String,
}

/// A run of a service that ended badly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    service: &'static Service,
    invocation_id: Option<String>,
    window: Window,
    is_settled: bool,
}

/// Since when entries are of the run that ended (RFC 3339).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Window {
    /// When the main process started; see [`SLACK`].
    main: Option<String>,
    /// When the start was attempted, if that was after the main process of an earlier run: where ExecStartPre= fails,
    /// there is no main process of the run that ended (tried on systemd 252).
    attempt: Option<String>,
}

impl Window {
    fn of(status: &UnitStatus, now: Timestamp) -> Self {
        // A start that lies ahead of the clock tells nothing: the clock was set back.
        let [main, attempt] =
            [status.main_started_at, status.start_attempted_at].map(|time| time.filter(|time| *time <= now));
        let first = match (main, attempt) {
            // Never as far back as the run before.
            (Some(main), Some(attempt)) if attempt <= main => Some(attempt.max(main - SLACK)),
            _ => main,
        };
        Self {
            main: first.map(timestamp::rfc_3339),
            attempt: attempt.filter(|attempt| Some(*attempt) > main).map(timestamp::rfc_3339),
        }
    }
}

/// The lines that were found, by service id.
pub(crate) type Found = HashMap<&'static str, LastLog>;

impl Run {
    /// The last run of a service that ended badly.
    pub(crate) fn of(service: &'static Service, status: &UnitStatus, now: Timestamp) -> Self {
        let until = status.state_since.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        Self {
            service,
            invocation_id: status.invocation_id.clone(),
            window: Window::of(status, now),
            is_settled: until
                .is_some_and(|until| now.duration_since(until) >= SETTLED.try_into().unwrap_or_default()),
        }
    }
}

/// Asks journalctl. `None` where there is no entry, no permission or no time.
/// Errors: only [`Error::Interrupted`].
pub(crate) fn collect(ask: &Ask, deadline: Deadline, run: &Run) -> Result<Option<LastLog>, Error> {
    let mut newest_first: Vec<Entry> = Vec::new();
    let mut cutter = LineCutter::new(tail::raw_limit(RECORD), |line| {
        newest_first.extend(tail::read(line, ask.exec.redaction()).map(Entry::short));
        ControlFlow::Continue(())
    });
    let lines = Lines::new(Some(ENTRIES), &ask.limits);
    let ended = ask.exec.run(
        &Invocation::Journal { service: run.service, lines, priority: None, since: None },
        deadline,
        &mut cutter,
    );
    cutter.end();
    if let Err(error @ Error::Interrupted(_)) = ended {
        return Err(error);
    }
    // The newest entries come first: those that were read before it failed are the wanted ones.
    Keys::all(newest_first.iter_mut().rev());
    let mut best = Best::new(&run.window);
    for entry in newest_first {
        best.consider(entry);
    }
    Ok(best.found())
}

/// The best entry so far, of entries that come newest first.
struct Best<'a> {
    window: &'a Window,
    best: Option<(Rank, Entry)>,
}

/// Worst first. Entries of systemd itself come last: of a unit that cannot start, its `Failed to start …` is the only
/// one of priority 3, and the unit's own cause has priority 6 (tried on systemd 252).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Systemd { is_error: bool },
    Unit { is_of_last_attempt: bool, is_error: bool },
}

impl<'a> Best<'a> {
    fn new(window: &'a Window) -> Self {
        Self { window, best: None }
    }

    fn consider(&mut self, entry: Entry) {
        let Some(at) = entry.timestamp.as_deref() else { return };
        if entry.is_empty() {
            return;
        }
        // Both have the same form, so they compare as text.
        let is_in = |since: &Option<String>| since.as_deref().is_none_or(|since| at >= since);
        if !is_in(&self.window.main) {
            return;
        }
        let is_error = entry.priority.is_some_and(|priority| priority <= 3);
        let rank = if entry.is_of_systemd() {
            Rank::Systemd { is_error }
        } else {
            Rank::Unit { is_of_last_attempt: is_in(&self.window.attempt), is_error }
        };
        // Of the same rank the newest, which came first.
        if self.best.as_ref().is_none_or(|(best, _)| rank > *best) {
            self.best = Some((rank, entry));
        }
    }

    fn found(self) -> Option<LastLog> {
        let (_, Entry { timestamp, priority, message, .. }) = self.best?;
        Some(LastLog { timestamp: timestamp?, priority, message })
    }
}

/// Remembers the lines of runs that have ended, so that a service which stays failed is asked about once.
#[derive(Debug)]
pub(crate) struct LastLogs {
    is_on: bool,
    kept: Mutex<HashMap<&'static str, (String, LastLog)>>,
}

impl LastLogs {
    /// Finds and keeps lines, or never looks for any.
    pub(crate) fn new(is_on: bool) -> Self {
        Self { is_on, kept: Mutex::default() }
    }

    /// Whether lines are looked for.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// The lines of these runs. `ask` gets the runs that are not known yet, and returns what it found out of
    /// them within [`PATIENCE`].
    /// Errors: those of `ask`.
    pub(crate) fn find<E>(
        &self,
        runs: Vec<Run>,
        ask: impl FnOnce(Vec<Run>) -> Result<Vec<(Run, Option<LastLog>)>, E>,
    ) -> Result<Found, E> {
        let mut found = Found::new();
        let mut unknown = Vec::new();
        for run in runs {
            match self.known(&run) {
                Some(line) => {
                    found.insert(run.service.id(), line);
                }
                None => unknown.push(run),
            }
        }
        if !unknown.is_empty() {
            for (run, line) in ask(unknown)? {
                self.keep(&run, line.as_ref());
                found.extend(line.map(|line| (run.service.id(), line)));
            }
        }
        Ok(found)
    }

    fn known(&self, run: &Run) -> Option<LastLog> {
        let kept = lock(&self.kept);
        let (invocation_id, line) = kept.get(run.service.id())?;
        (run.invocation_id.as_ref() == Some(invocation_id)).then(|| line.clone())
    }

    fn keep(&self, run: &Run, line: Option<&LastLog>) {
        // Where there was none, there was perhaps no time.
        let (Some(line), Some(id), true) = (line, &run.invocation_id, run.is_settled) else { return };
        let mut kept = lock(&self.kept);
        kept.insert(run.service.id(), (id.clone(), line.clone()));
    }
}
