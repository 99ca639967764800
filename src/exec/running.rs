//! Reads a running program to its end.

use std::{
    ops::ControlFlow,
    os::fd::{BorrowedFd, OwnedFd},
    time::Duration,
};

use super::{Sink, group::Group};
use crate::system::{Deadline, Interrupt, Wait};

/// How long to wait for the end of output once the program has exited.
const OUTPUT_GRACE: Duration = Duration::from_millis(100);

/// What a pipe can hold, so that one read empties it.
const PIPE: usize = 64 * 1024;

/// Why reading ended.
pub(super) enum End {
    Exited,
    Deadline,
    Interrupted(i32),
    Stopped,
}

/// A running program: its process group, and its two pipes until each is closed.
pub(super) struct Running {
    pub(super) group: Group,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    /// How long its output may still take, once it has exited.
    grace: Option<Deadline>,
    buffer: Vec<u8>,
}

impl Running {
    pub(super) fn new(group: Group, stdout: Option<OwnedFd>, stderr: Option<OwnedFd>) -> Self {
        Self { group, stdout, stderr, grace: None, buffer: vec![0; PIPE] }
    }

    /// Reads both pipes as they fill (a full one would stop the program for ever) until the
    /// program has ended and its output too. One loop, one deadline, no thread.
    pub(super) fn read(
        &mut self,
        interrupt: Option<&Interrupt>,
        reader: Option<BorrowedFd<'_>>,
        deadline: Option<Deadline>,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> End {
        loop {
            if self.grace.is_some() && self.stdout.is_none() && self.stderr.is_none() {
                return End::Exited;
            }
            let events = self.wait(interrupt, reader, deadline);
            if events.is_empty() {
                // The program may be gone while something it started still holds the pipes. What it left
                // in them itself was read in the round that saw it go.
                return if self.grace.is_some() { End::Exited } else { End::Deadline };
            }
            for event in events {
                let read = match event {
                    Event::Interrupted => match interrupt.and_then(Interrupt::signal) {
                        Some(signal) => return End::Interrupted(signal),
                        None => ControlFlow::Continue(()),
                    },
                    Event::ReaderGone => ControlFlow::Break(()),
                    Event::Exited => {
                        self.grace = Some(Deadline::after(OUTPUT_GRACE));
                        ControlFlow::Continue(())
                    }
                    Event::Stdout => take(&mut self.stdout, &mut self.buffer, stdout),
                    Event::Stderr => take(&mut self.stderr, &mut self.buffer, stderr),
                };
                if read.is_break() {
                    return End::Stopped;
                }
            }
        }
    }

    fn wait(
        &self,
        interrupt: Option<&Interrupt>,
        reader: Option<BorrowedFd<'_>>,
        deadline: Option<Deadline>,
    ) -> Vec<Event> {
        let mut wait = Wait::new();
        if let Some(interrupt) = interrupt {
            wait = wait.readable(interrupt, Event::Interrupted);
        }
        if let Some(reader) = &reader {
            wait = wait.closed(reader, Event::ReaderGone);
        }
        if self.grace.is_none() {
            wait = wait.readable(&self.group, Event::Exited);
        }
        if let Some(stdout) = &self.stdout {
            wait = wait.readable(stdout, Event::Stdout);
        }
        if let Some(stderr) = &self.stderr {
            wait = wait.readable(stderr, Event::Stderr);
        }
        let sooner = |grace: Deadline| deadline.map_or(grace, |deadline| deadline.or_sooner(grace));
        wait.until(self.grace.map(sooner).or(deadline))
    }
}

/// What a running program is waited for.
enum Event {
    Interrupted,
    ReaderGone,
    Exited,
    Stdout,
    Stderr,
}

/// Reads once; at the end of output the pipe is closed and forgotten.
fn take(pipe: &mut Option<OwnedFd>, buffer: &mut [u8], sink: &mut dyn Sink) -> ControlFlow<()> {
    let Some(fd) = pipe else { return ControlFlow::Continue(()) };
    match rustix::io::read(fd, &mut *buffer) {
        Ok(0) => {
            *pipe = None;
            ControlFlow::Continue(())
        }
        Ok(count) => sink.feed(buffer.get(..count).unwrap_or_default()),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => ControlFlow::Continue(()),
        Err(_) => {
            *pipe = None;
            ControlFlow::Continue(())
        }
    }
}
