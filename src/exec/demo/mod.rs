//! Answers from recordings, for `--demo`: a confidential GPU VM on which one unit has failed.
//!
//! Starts nothing and reads no file. The answers of systemd were recorded; those of nvidia-smi
//! were written in its format, since the machine of the recordings had no GPU.

mod journal;
mod smi;
mod units;

use std::{os::fd::BorrowedFd, sync::Arc};

use jiff::Timestamp;

use super::{Captured, Ended, Followed, Invocation, Sink};
use crate::{
    error::Error,
    program::Exit,
    system::{Interrupt, Wait},
};

/// The moment for which all recordings are true: some minutes after the newest recorded line.
pub(super) fn recorded_at() -> Timestamp {
    // 2026-11-24T12:49:30Z
    Timestamp::constant(1_795_524_570, 0)
}

/// Answers every invocation as the recorded machine would.
#[derive(Debug)]
pub(super) struct Demo {
    interrupt: Option<Arc<Interrupt>>,
}

impl Demo {
    /// `interrupt` ends what is being followed.
    pub(super) fn new(interrupt: Option<Arc<Interrupt>>) -> Self {
        Self { interrupt }
    }

    /// The whole answer goes into the sink at once.
    #[expect(clippy::unused_self, reason = "asked like the host")]
    pub(super) fn run(&self, invocation: &Invocation, stdout: &mut dyn Sink) -> Ended {
        let (text, code) = answer(invocation);
        // A sink that wants no more has what it wants: the program had ended anyway.
        let _ = stdout.feed(text.as_bytes());
        Ended { exit: Exit::Code(code), stderr: Captured::default() }
    }

    /// The recorded lines, and then none ever: waits for what ends the following.
    /// Fails when a signal came.
    pub(super) fn follow(
        &self,
        invocation: &Invocation,
        reader: BorrowedFd<'_>,
        stdout: &mut dyn Sink,
        _stderr: &mut dyn Sink,
    ) -> Result<Followed, Error> {
        for line in answer(invocation).0.split_inclusive('\n') {
            if stdout.feed(line.as_bytes()).is_break() {
                return Ok(Followed::Stopped);
            }
        }
        let mut wait = Wait::new().closed(&reader, ());
        if let Some(interrupt) = self.interrupt.as_deref() {
            wait = wait.readable(interrupt, ());
        }
        wait.until(None);
        match self.interrupt.as_deref().and_then(Interrupt::signal) {
            Some(signal) => Err(Error::Interrupted(signal)),
            None => Ok(Followed::Stopped),
        }
    }
}

/// What the program would have printed, and its exit code.
fn answer(invocation: &Invocation) -> (String, i32) {
    match invocation {
        Invocation::Show(services) => (units::show(services), 0),
        Invocation::Journal { service, lines, priority, since } => {
            (journal::newest(service, *lines, *priority, *since).concat(), 0)
        }
        Invocation::Follow { service, lines, priority } => {
            let mut newest = journal::newest(service, *lines, *priority, None);
            newest.reverse();
            (newest.concat(), 0)
        }
        Invocation::Smi { detail, gpu } => smi::text(*detail, *gpu),
        Invocation::Query { columns, gpu } => smi::rows(*columns, *gpu),
    }
}

#[cfg(test)]
mod tests;
