//! Asks about one GPU after the other where the answer about all of them is broken: one bad GPU does not hide the others.

use std::time::Duration;

use super::gpu_health::{self, Code, Finding};
use crate::{error::Error, exec::Executor, program::Program, system::Deadline};

/// How many GPUs are asked about one by one.
const MOST: u16 = 16;

/// Which GPUs there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Indices {
    Known(Vec<u16>),
    /// From 0 on, until one does not exist.
    Upward,
}

/// What came of one GPU.
pub(super) enum One<T> {
    Answer(T),
    /// nvidia-smi says that no GPU has this index.
    Missing,
    /// nvidia-smi says nothing of it.
    Nothing,
}

/// What came of each.
pub(super) struct Each<T> {
    pub answers: Vec<(u16, Result<T, Error>)>,
    /// The GPUs that were not asked about any more, or have no answer.
    pub unasked: Vec<u16>,
    /// Why not all were asked about.
    pub error: Option<Error>,
}

/// Asks about each GPU, with an equal share of the time that is left. One that does not answer is ended before the next
/// is asked; if it survives that, no other can be.
/// Errors: only [`Error::Interrupted`].
pub(super) fn ask_each<T>(
    exec: &Executor,
    deadline: Deadline,
    indices: &Indices,
    ask: impl Fn(u16, Deadline) -> Result<One<T>, Error>,
) -> Result<Each<T>, Error> {
    let every: Vec<u16> = match indices {
        Indices::Known(known) => known.clone(),
        Indices::Upward => (0..MOST).collect(),
    };
    let (every, beyond) = every.split_at(every.len().min(MOST.into()));
    let mut each = Each { answers: Vec::new(), unasked: Vec::new(), error: None };
    let mut left = every;
    while let Some((index, rest)) = left.split_first() {
        exec.settle_program(Program::NvidiaSmi, deadline);
        match ask(*index, share(deadline, left.len())) {
            Ok(One::Answer(answer)) => each.answers.push((*index, Ok(answer))),
            Ok(One::Missing) if *indices == Indices::Upward => return Ok(each),
            Ok(One::Missing) => {}
            Ok(One::Nothing) if *indices == Indices::Upward => break,
            Ok(One::Nothing) => each.unasked.push(*index),
            Err(error @ Error::Interrupted(_)) => return Err(error),
            Err(error @ (Error::Timeout { .. } | Error::CommandFailed { .. })) if !deadline.passed() => {
                each.answers.push((*index, Err(error)));
            }
            Err(error) => {
                each.error = Some(error);
                break;
            }
        }
        left = rest;
    }
    if *indices == Indices::Upward {
        // Where nvidia-smi hangs before it counts its GPUs, it hangs for those that do not exist as well.
        let last = each.answers.iter().rposition(|(_, answer)| answer.is_ok());
        each.answers.truncate(last.map_or(0, |last| last + 1));
    } else {
        each.unasked.extend(left.iter().chain(beyond));
    }
    Ok(each)
}

/// What it says of a GPU that it did not answer.
pub(super) fn unanswered(index: u16, error: &Error) -> Finding {
    let text = match error {
        Error::Timeout { limit, .. } => format!("did not answer within {limit:?}"),
        _ => Code::GpuUnreadable.sentence().to_owned(),
    };
    gpu_health::unreadable(index, text)
}

/// The time for one of so many, in whole milliseconds.
fn share(deadline: Deadline, count: usize) -> Deadline {
    let left = deadline.left().as_millis() / u128::try_from(count.max(1)).unwrap_or(1);
    deadline.or_in(Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX)))
}
