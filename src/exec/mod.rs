//! Starts the three programs, and nothing else.

mod capture;
#[cfg(test)]
mod capture_properties;
mod columns;
mod finder;
mod group;
mod host;
mod invocation;
pub(crate) mod recording;
mod redacting;
mod replay;
mod running;
mod tally;

use std::{os::fd::BorrowedFd, path::PathBuf, sync::Arc};

use jiff::Timestamp;

pub(crate) use self::{
    capture::{Captured, Head, Line, LineCutter, Sink},
    columns::Columns,
    finder::Finder,
    invocation::{Detail, Gpu, Invocation},
    tally::Outcome,
};
use self::{
    host::Host,
    recording::{Recording, RecordingError},
    redacting::Redacting,
    replay::Replay,
    tally::Tally,
};
use crate::{
    error::{Error, Said},
    program::{Exit, Program},
    redact::Redaction,
    system::{
        Deadline, Interrupt, JournalFiles, Prerequisites, driver_version, gpus_of_driver, kernel_release,
        privilege::Reduced, systemd_version,
    },
};

/// A program that has ended. Its stdout went into the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub exit: Exit,
    /// What it printed on stderr.
    pub stderr: Captured,
}

/// How following ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Followed {
    /// The sink stopped, or the reader of our output closed it.
    Stopped,
    /// The program ended by itself. Its stderr went into the sink.
    Ended(Exit),
}

/// Directories on this machine; absolute.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Where programs are searched, in this order.
    pub programs: Vec<PathBuf>,
    /// Where journald keeps its files.
    pub journal: Vec<PathBuf>,
}

/// Answers invocations: from this machine, or from a recording.
#[derive(Debug)]
pub(crate) struct Executor {
    source: Source,
    stderr_limit: usize,
    redaction: Redaction,
    is_demo: bool,
    tally: Tally,
}

#[derive(Debug)]
enum Source {
    Host(Host),
    Replay(Replay),
}

impl Executor {
    /// Starts programs of this machine, after privileges are dropped; `interrupt` ends running ones.
    /// `stderr_limit` is how many bytes of a program's stderr are kept. `redaction` is what happens to secrets in
    /// everything that a program prints but the entries of the journal, which are JSON: see [`Self::redaction`].
    pub(crate) fn host(
        places: Places,
        reduced: &Reduced,
        interrupt: Option<Arc<Interrupt>>,
        stderr_limit: usize,
        redaction: Redaction,
    ) -> Self {
        Self {
            source: Source::Host(Host::new(places, reduced, interrupt)),
            stderr_limit,
            redaction,
            is_demo: false,
            tally: Tally::default(),
        }
    }

    /// Answers from a recording and starts nothing.
    pub(crate) fn replay(recording: Recording, stderr_limit: usize, redaction: Redaction) -> Self {
        Self {
            source: Source::Replay(Replay::of(recording)),
            stderr_limit,
            redaction,
            is_demo: false,
            tally: Tally::default(),
        }
    }

    /// Answers from the recording that is built in.
    /// Fails only if that one is damaged.
    pub(crate) fn demo(stderr_limit: usize, redaction: Redaction) -> Result<Self, RecordingError> {
        let source = Source::Replay(Replay::demo()?);
        Ok(Self { source, stderr_limit, redaction, is_demo: true, tally: Tally::default() })
    }

    /// What happens to secrets.
    pub(crate) fn redaction(&self) -> Redaction {
        self.redaction
    }

    /// Whether the answers are those of the demo.
    pub(crate) fn is_demo(&self) -> bool {
        self.is_demo
    }

    /// When the answers were recorded, if they were.
    pub(crate) fn recorded_at(&self) -> Option<Timestamp> {
        match &self.source {
            Source::Host(_) => None,
            Source::Replay(replay) => Some(replay.recorded_at()),
        }
    }

    /// The versions of systemd and of the kernel that the answers come from, as far as they are known.
    pub(crate) fn versions(&self) -> (Option<String>, Option<String>) {
        match &self.source {
            Source::Host(_) => (systemd_version(), kernel_release()),
            Source::Replay(replay) => replay.versions(),
        }
    }

    /// The time the answers are true for: now, or the moment of the recording.
    pub(crate) fn now(&self) -> Timestamp {
        self.recorded_at().unwrap_or_else(Timestamp::now)
    }

    /// What can be read of the system's journal. `skipped` are the paths of files that journalctl could not read.
    pub(crate) fn journal_files(&self, skipped: &[String]) -> JournalFiles {
        match &self.source {
            Source::Host(host) => host.journal_files(skipped),
            Source::Replay(replay) => replay.journal_files(),
        }
    }

    /// What this process can reach of what the programs will need, without starting one.
    pub(crate) fn prerequisites(&self) -> Prerequisites {
        match &self.source {
            Source::Host(host) => {
                Prerequisites::look(host.journal_files(&[]), host.journal_reader().is_some())
            }
            Source::Replay(_) => Prerequisites::all(),
        }
    }

    /// Runs a program to its end; its stdout goes into the sink, and of its stderr the beginning is kept.
    /// Fails when it is missing, cannot be started or has not ended at the deadline. A program that ends
    /// with a code other than 0 is no error here.
    pub(crate) fn run(
        &self,
        invocation: &Invocation,
        deadline: Deadline,
        stdout: &mut dyn Sink,
    ) -> Result<Ended, Error> {
        let mut stderr = Head::new(self.stderr_limit);
        let ended = self.run_with(invocation, deadline, stdout, &mut stderr);
        let stderr = stderr.captured();
        match ended {
            Ok(exit) => Ok(Ended { exit, stderr }),
            Err(Error::Timeout { program, limit, .. }) => {
                Err(Error::Timeout { program, limit, said: Said::from(&*stderr.text) })
            }
            Err(error) => Err(error),
        }
    }

    /// The same where its stderr goes into a sink, too.
    /// Errors: as [`Executor::run`].
    pub(crate) fn run_with(
        &self,
        invocation: &Invocation,
        deadline: Deadline,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Exit, Error> {
        let (mut stdout, mut stderr) = self.redacting(invocation, stdout, stderr);
        let exit = match &self.source {
            Source::Host(host) => host.run(invocation, deadline, &mut stdout, &mut stderr),
            Source::Replay(replay) => replay.run(invocation, deadline.limit(), &mut stdout, &mut stderr),
        };
        stdout.end();
        stderr.end();
        self.tally.count(invocation.program(), &exit);
        exit
    }

    /// How many runs of a program ended so, since the start.
    pub(crate) fn runs(&self, program: Program, outcome: Outcome) -> u64 {
        self.tally.get(program, outcome)
    }

    /// Runs a program until it exits, the sink stops, a signal arrives, or the reader of our own output
    /// (`reader`) closes it.
    /// Fails when it is missing or cannot be started, or a signal arrived.
    pub(crate) fn follow(
        &self,
        invocation: &Invocation,
        reader: BorrowedFd<'_>,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Followed, Error> {
        let (mut stdout, mut stderr) = self.redacting(invocation, stdout, stderr);
        let followed = match &self.source {
            Source::Host(host) => host.follow(invocation, reader, &mut stdout, &mut stderr),
            Source::Replay(replay) => replay.follow(invocation, &mut stdout, &mut stderr),
        };
        stdout.end();
        stderr.end();
        followed
    }

    fn redacting<'a>(
        &self,
        invocation: &Invocation,
        stdout: &'a mut dyn Sink,
        stderr: &'a mut dyn Sink,
    ) -> (Redacting<'a>, Redacting<'a>) {
        // A secret in JSON may be escaped: the messages of entries are redacted once they are read.
        let of_stdout =
            if invocation.program() == Program::Journalctl { Redaction::Off } else { self.redaction };
        (Redacting::new(of_stdout, stdout), Redacting::new(self.redaction, stderr))
    }

    /// The version of the nvidia driver, if it is known without asking nvidia-smi.
    pub(crate) fn driver_version(&self) -> Option<String> {
        match &self.source {
            Source::Host(_) => driver_version(),
            Source::Replay(replay) => replay.driver_version(),
        }
    }

    /// How many GPUs the driver has, if it says so: nvidia-smi leaves out those that it may not open.
    pub(crate) fn gpus_of_driver(&self) -> Option<usize> {
        match &self.source {
            Source::Host(_) => gpus_of_driver(),
            Source::Replay(_) => None,
        }
    }

    /// Programs that have survived SIGKILL, and since when. They are not started until they exit.
    pub(crate) fn hung(&self) -> Vec<(Program, Timestamp)> {
        match &self.source {
            Source::Host(host) => host.hung(),
            Source::Replay(_) => Vec::new(),
        }
    }

    /// Waits until no run of this program is being ended any more, because it has exited or has survived SIGKILL; at most
    /// until the deadline.
    pub(crate) fn settle_program(&self, program: Program, deadline: Deadline) {
        if let Source::Host(host) = &self.source {
            host.settle_program(program, deadline);
        }
    }

    /// Ends all running programs at once, and starts no more.
    pub(crate) fn end_all(&self) {
        if let Source::Host(host) = &self.source {
            host.end_all();
        }
    }

    /// Waits, for at most two seconds, until all programs that are being ended have exited. For the end of the process.
    pub(crate) fn settle(&self) {
        if let Source::Host(host) = &self.source {
            host.settle();
        }
    }
}
