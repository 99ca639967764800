//! Starts programs. This is the only file that does, and it is worth reading slowly.

use std::{
    io,
    ops::ControlFlow,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, poll};

use super::{
    Ended, Finder, Followed, Invocation, Places, Sink,
    group::{Group, Reaper},
};
use crate::{
    error::{Error, Said},
    program::{Exit, Program},
    system::{
        Deadline, Interrupt, JournalFiles,
        deadline::timespec,
        privilege::{self, Capability, Reduced},
    },
};

/// How long to wait for the end of output once the program has exited.
const OUTPUT_GRACE: Duration = Duration::from_millis(100);

/// What a pipe can hold, so that one read empties it.
const PIPE: usize = 64 * 1024;

/// Starts programs on this machine.
#[derive(Debug)]
pub struct Host {
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

    fn start(&self, invocation: &Invocation) -> Result<Run, Error> {
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
        Ok(Run { group, stdout, stderr, exited: None, buffer: vec![0; PIPE] })
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

/// Why reading ended.
enum End {
    Exited,
    Deadline,
    Interrupted(i32),
    Stopped,
}

/// A running program: its process group, and its two pipes until each is closed.
struct Run {
    group: Group,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    exited: Option<Instant>,
    buffer: Vec<u8>,
}

impl Run {
    /// Reads both pipes as they fill (a full one would stop the program for ever) until the
    /// program has ended and its output too. One loop, one deadline, no thread.
    fn read(
        &mut self,
        interrupt: Option<&Interrupt>,
        reader: Option<BorrowedFd<'_>>,
        deadline: Option<Deadline>,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> End {
        loop {
            if self.exited.is_some() && self.stdout.is_none() && self.stderr.is_none() {
                return End::Exited;
            }
            let left = self.left(deadline);
            if left.is_some_and(|left| left.is_zero()) {
                // The program may be gone while something it started still holds the pipes. What it left
                // in them itself was read in the round that saw it go.
                return if self.exited.is_some() { End::Exited } else { End::Deadline };
            }
            let ready = self.wait(interrupt, reader, left);
            if ready.interrupted
                && let Some(signal) = interrupt.and_then(Interrupt::signal)
            {
                return End::Interrupted(signal);
            }
            if ready.reader_gone {
                return End::Stopped;
            }
            if ready.exited {
                self.exited = Some(Instant::now());
            }
            if ready.stdout && take(&mut self.stdout, &mut self.buffer, stdout).is_break() {
                return End::Stopped;
            }
            if ready.stderr && take(&mut self.stderr, &mut self.buffer, stderr).is_break() {
                return End::Stopped;
            }
        }
    }

    fn left(&self, deadline: Option<Deadline>) -> Option<Duration> {
        let left = deadline.map(Deadline::left);
        match self.exited {
            Some(since) => {
                let grace = OUTPUT_GRACE.saturating_sub(since.elapsed());
                Some(left.map_or(grace, |left| left.min(grace)))
            }
            None => left,
        }
    }

    fn wait(
        &self,
        interrupt: Option<&Interrupt>,
        reader: Option<BorrowedFd<'_>>,
        left: Option<Duration>,
    ) -> Ready {
        let nothing = PollFlags::empty();
        let pidfd = self.group.pidfd();
        let pidfd = if self.exited.is_none() { Some(pidfd) } else { None };
        // A reader of ours that has gone shows as an error, which needs no asking for.
        let asked = [
            (self.stdout.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (self.stderr.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (pidfd, PollFlags::IN),
            (interrupt.map(AsFd::as_fd), PollFlags::IN),
            (reader, nothing),
        ];
        let mut fds = Vec::with_capacity(asked.len());
        fds.extend(asked.iter().filter_map(|(fd, flags)| fd.map(|fd| PollFd::from_borrowed_fd(fd, *flags))));
        let timeout = left.map(timespec);
        // A signal ends the wait early; the next round sees what it brought.
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return Ready::default();
        }
        let mut seen = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |there: bool| there && seen.next().unwrap_or(false);
        Ready {
            stdout: next(asked[0].0.is_some()),
            stderr: next(asked[1].0.is_some()),
            exited: next(asked[2].0.is_some()),
            interrupted: next(asked[3].0.is_some()),
            reader_gone: next(asked[4].0.is_some()),
        }
    }
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one answer for each descriptor")]
struct Ready {
    stdout: bool,
    stderr: bool,
    exited: bool,
    interrupted: bool,
    reader_gone: bool,
}

/// Reads once; at the end of output the pipe is closed and forgotten.
fn take(pipe: &mut Option<OwnedFd>, buffer: &mut [u8], sink: &mut dyn Sink) -> ControlFlow<()> {
    let Some(fd) = pipe else { return ControlFlow::Continue(()) };
    match rustix::io::read(fd, &mut *buffer) {
        Ok(0) => {
            *pipe = None;
            ControlFlow::Continue(())
        }
        Ok(count) => sink.feed(&buffer[..count]),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => ControlFlow::Continue(()),
        Err(_) => {
            *pipe = None;
            ControlFlow::Continue(())
        }
    }
}

impl Ended {
    /// The exit code and stderr of a program that failed, as an error.
    #[must_use]
    pub fn failure(&self, program: Program) -> Error {
        Error::CommandFailed { program, exit: self.exit, said: Said::from(&*self.stderr.text) }
    }
}
