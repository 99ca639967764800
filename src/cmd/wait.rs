//! `wait`: until the VM is well, for scripts and playbooks.

use std::io::Write;

use super::{Call, Failure, Outcome, screen::Screen, selection::Selection};
use crate::{
    cli::{Goal, WaitFlags},
    error::Error,
    escape,
    report::{
        Subject,
        last_log::LastLogs,
        overview::{self, Overview},
        reason::Reason,
    },
    system::{Deadline, Wait},
};

/// Asks again and again until the goal is reached or time is up.
pub(super) fn run(flags: &WaitFlags, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let selection = Selection::parse(&flags.ids)?;
    let until = Deadline::after(flags.within);
    let mut before: Option<Vec<String>> = None;
    let mut has_answered = false;
    loop {
        let next = Deadline::after(flags.interval);
        let answer = overview::collect(&call.ask, call.ask.deadline(), &LastLogs::new(false))?;
        has_answered |= has_answer(&selection, &answer);
        let left = remaining(flags.goal, &selection, &answer);
        if left.is_empty() {
            return Ok(Outcome::Well);
        }
        if until.passed() {
            return Ok(over(&left, has_answered, screen)?);
        }
        if before.as_ref() != Some(&left) && !flags.quiet {
            // stderr, so that a script that reads stdout sees only the end.
            let _ = writeln!(std::io::stderr(), "waiting: {}", left.join("; "));
        }
        before = Some(left);
        Wait::new().readable(&*call.interrupt, ()).until(Some(next.or_sooner(until)));
        if let Some(signal) = call.interrupt.signal() {
            return Err(Error::Interrupted(signal).into());
        }
    }
}

/// Whether all that was asked for has answered.
fn has_answer(selection: &Selection, answer: &Overview) -> bool {
    selection.of(&answer.reasons).all(|reason| reason.error().is_none())
}

/// What still stands against the goal, one sentence each.
fn remaining(goal: Goal, selection: &Selection, answer: &Overview) -> Vec<String> {
    let reasons = selection.of(&answer.reasons);
    let is_left = |reason: &&Reason| match goal {
        Goal::Answer => reason.error().is_some(),
        Goal::Healthy => reason.subject != Subject::Gpu,
        Goal::Ok => true,
    };
    let sentence = |reason: &Reason| {
        let gpu = reason.gpu.map_or_else(String::new, |index| format!(" {index}"));
        format!("{}{gpu} {}", reason.subject.name(), escape::line(&reason.text))
    };
    reasons.filter(is_left).map(sentence).collect()
}

fn over(left: &[String], has_answered: bool, screen: &mut Screen) -> Result<Outcome, std::io::Error> {
    screen.print(&left.iter().map(|reason| format!("{reason}\n")).collect::<String>())?;
    Ok(if has_answered { Outcome::Degraded } else { Outcome::CouldNotTell })
}
