//! How often each program was run, and how that ended: for monitors.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    error::Error,
    program::{Exit, Program},
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With exit code 0.
    Success,
    /// With anything else, or it could not be started.
    Failure,
    /// It was ended because time was up.
    Timeout,
}

impl Outcome {
    pub(crate) const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Timeout];

    /// As a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Timeout => "timeout",
        }
    }

    fn of(ended: &Result<Exit, Error>) -> Option<Self> {
        match ended {
            Ok(exit) if exit.is_success() => Some(Self::Success),
            Err(Error::Timeout { .. }) => Some(Self::Timeout),
            Err(Error::Interrupted(_) | Error::Busy) => None,
            Ok(_) | Err(_) => Some(Self::Failure),
        }
    }
}

/// The counts since the start.
#[derive(Debug, Default)]
pub(super) struct Tally([[AtomicU64; Outcome::ALL.len()]; Program::ALL.len()]);

impl Tally {
    pub(super) fn count(&self, program: Program, ended: &Result<Exit, Error>) {
        if let Some(outcome) = Outcome::of(ended)
            && let Some(count) = self.cell(program, outcome)
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, program: Program, outcome: Outcome) -> u64 {
        self.cell(program, outcome).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn cell(&self, program: Program, outcome: Outcome) -> Option<&AtomicU64> {
        let row = Program::ALL.iter().position(|one| *one == program)?;
        let column = Outcome::ALL.iter().position(|one| *one == outcome)?;
        self.0.get(row)?.get(column)
    }
}
