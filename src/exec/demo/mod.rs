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
    program::{Exit, Program},
    system::{Interrupt, Wait},
};

/// The moment for which all recordings are true: some minutes after the newest recorded line.
#[must_use]
pub fn recorded_at() -> Timestamp {
    // 2026-11-24T12:49:30Z
    Timestamp::constant(1_795_524_570, 0)
}

/// Answers every invocation as the recorded machine would.
#[derive(Debug)]
pub struct Demo {
    interrupt: Option<Arc<Interrupt>>,
}

impl Demo {
    /// `interrupt` ends what is being followed.
    #[must_use]
    pub fn new(interrupt: Option<Arc<Interrupt>>) -> Self {
        Self { interrupt }
    }

    /// The whole answer goes into the sink at once.
    #[expect(clippy::unused_self, reason = "asked like the host")]
    pub fn run(&self, invocation: &Invocation, stdout: &mut dyn Sink) -> Ended {
        let arguments = invocation.arguments();
        let (text, code) = match invocation.program() {
            Program::Systemctl => (units::show(&arguments), 0),
            Program::Journalctl => (journal::read(&arguments).map(|line| format!("{line}\n")).collect(), 0),
            Program::NvidiaSmi => smi::answer(&arguments),
        };
        // A sink that wants no more has what it wants: the program had ended anyway.
        let _ = stdout.feed(text.as_bytes());
        Ended { exit: Exit::Code(code), stderr: Captured::default() }
    }

    /// The recorded lines, and then none ever: waits for what ends the following.
    ///
    /// # Errors
    /// When a signal came.
    pub fn follow(
        &self,
        invocation: &Invocation,
        reader: BorrowedFd<'_>,
        stdout: &mut dyn Sink,
        _stderr: &mut dyn Sink,
    ) -> Result<Followed, Error> {
        for line in journal::read(&invocation.arguments()) {
            if stdout.feed(format!("{line}\n").as_bytes()).is_break() {
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

/// What stands behind `name` in the argument that begins with it.
fn value<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    arguments.iter().find_map(|argument| argument.strip_prefix(name))
}

#[cfg(test)]
mod tests;
