//! Starts programs. This is the only file that does, and it is worth reading slowly.

use std::{
    io,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Ended, Finder, Followed, Invocation, Places, Sink,
    group::{Group, Reaper},
    running::{End, Running},
};
use crate::{
    error::{Error, Said},
    program::{Exit, Program},
    system::{
        Deadline, Interrupt, JournalFiles,
        privilege::{self, Capability, Reduced},
    },
};

/// Starts programs on this machine.
#[derive(Debug)]
pub(super) struct Host {
    finder: Finder,
    journal: Vec<PathBuf>,
    interrupt: Option<Arc<Interrupt>>,
    lends_journal: bool,
    reaper: Arc<Reaper>,
}

impl Host {
    pub(super) fn new(places: Places, reduced: &Reduced, interrupt: Option<Arc<Interrupt>>) -> Self {
        let Places { programs, journal } = places;
        Self {
            finder: Finder::new(programs),
            journal,
            interrupt,
            lends_journal: reduced.lends_journal(),
            reaper: Arc::default(),
        }
    }

    pub(super) fn journal_files(&self, skipped: &[String]) -> JournalFiles {
        match JournalFiles::look(&self.journal, skipped) {
            // journalctl has the capability to read what we cannot.
            JournalFiles::Closed if self.journal_reader().is_some() => JournalFiles::Readable,
            found => found,
        }
    }

    /// The journalctl that gets the capability to read every file, if we have it and only root can replace the
    /// program.
    pub(super) fn journal_reader(&self) -> Option<PathBuf> {
        if !self.lends_journal {
            return None;
        }
        self.finder.path(Program::Journalctl).and_then(privilege::trusted)
    }

    pub(super) fn hung(&self) -> Vec<(Program, Timestamp)> {
        self.reaper.hung()
    }

    pub(super) fn settle(&self) {
        self.reaper.settle();
    }

    pub(super) fn settle_program(&self, program: Program, deadline: Deadline) {
        self.reaper.settle_program(program, deadline);
    }

    pub(super) fn end_all(&self) {
        self.reaper.end_all();
    }

    pub(super) fn run(
        &self,
        invocation: &Invocation,
        deadline: Deadline,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Exit, Error> {
        let program = invocation.program();
        let timeout = || Error::Timeout { program, limit: deadline.limit(), said: Said::default() };
        if deadline.passed() {
            return Err(timeout());
        }
        let mut run = self.start(invocation)?;
        match run.read(self.interrupt.as_deref(), None, Some(deadline), stdout, stderr) {
            // Dropping the run ends the group in the background.
            End::Deadline => Err(timeout()),
            End::Interrupted(signal) => Err(Error::Interrupted(signal)),
            End::Stopped => Err(Error::Internal),
            End::Exited => {
                let exit = run.group.ended().map_err(|error| not_started(program, &error))?;
                Ok(exit.into())
            }
        }
    }

    pub(super) fn follow(
        &self,
        invocation: &Invocation,
        reader: BorrowedFd<'_>,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Followed, Error> {
        let program = invocation.program();
        let mut run = self.start(invocation)?;
        match run.read(self.interrupt.as_deref(), Some(reader), None, stdout, stderr) {
            End::Interrupted(signal) => Err(Error::Interrupted(signal)),
            End::Stopped | End::Deadline => Ok(Followed::Stopped),
            End::Exited => {
                let exit = run.group.ended().map_err(|error| not_started(program, &error))?;
                Ok(Followed::Ended(exit.into()))
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn start(&self, invocation: &Invocation) -> Result<Running, Error> {
        let program = invocation.program();
        let begun = self.reaper.begin(invocation)?;
        let path = self.finder.path(program).ok_or(Error::MissingBinary(program))?;
        let reader = (program == Program::Journalctl).then(|| self.journal_reader()).flatten();
        let mut command = Command::new(reader.as_deref().unwrap_or(path));
        command
            .args(invocation.arguments())
            // Nothing of ours reaches it: no colours, no pager, no library path, no proxy.
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what it starts can be ended with it.
            .process_group(0);
        let started = match reader {
            Some(_) => privilege::lend(Capability::DacReadSearch, || command.spawn()),
            None => command.spawn(),
        };
        let mut child = started.map_err(|error| not_started(program, &error))?;
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        let group =
            Group::new(child, invocation.clone(), begun).map_err(|error| not_started(program, &error))?;
        Ok(Running::new(group, stdout, stderr))
    }
}

/// A program that is there but cannot be started is as good as missing; a machine that can start
/// nothing (no memory, no processes, no descriptors) is another matter.
fn not_started(program: Program, error: &io::Error) -> Error {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(
            rustix::io::Errno::NOENT
            | rustix::io::Errno::ACCESS
            | rustix::io::Errno::PERM
            | rustix::io::Errno::NOEXEC
            | rustix::io::Errno::NOTDIR
            | rustix::io::Errno::ISDIR
            | rustix::io::Errno::LOOP
            | rustix::io::Errno::TXTBSY
            | rustix::io::Errno::LIBBAD,
        ) => Error::MissingBinary(program),
        _ => Error::NotStarted(program, Said::from(&*error.to_string())),
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Code(-1),
        }
    }
}

impl Ended {
    /// The exit code and stderr of a program that failed, as an error.
    pub(crate) fn failure(&self, program: Program) -> Error {
        Error::CommandFailed { program, exit: self.exit, said: Said::from(&*self.stderr.text) }
    }
}
