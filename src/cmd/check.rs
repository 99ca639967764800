//! `check`: one line and an exit code, as monitoring plugins have them.

use super::{Call, Failure, Outcome, screen::Screen, selection::Selection};
use crate::{
    cli::{Check, CheckFormat},
    escape,
    report::{
        last_log::LastLogs,
        overview::{self, Overview},
        reason::{Kind, Reason},
    },
};

/// node-problem-detector cuts the message of a plugin here, in bytes.
const NPD_LENGTH: usize = 80;

/// What a plugin says, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warning,
    Critical,
    Unknown,
}

/// Asks once, and says it in one line.
pub(super) fn run(flags: &Check, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let selection = Selection::parse(&flags.ids)?;
    let answer = overview::collect(&call.ask, call.ask.deadline(), &LastLogs::new(false))?;
    let reasons: Vec<&Reason> = selection.of(&answer.reasons).collect();
    let warnings: Vec<&Reason> =
        selection.of(&answer.warnings).filter(|warning| warning.kind != Kind::MaskedOk).collect();
    let is_unknown = !reasons.is_empty() && reasons.iter().all(|reason| reason.error().is_some());
    let state = match (reasons.is_empty(), warnings.is_empty()) {
        _ if is_unknown => State::Unknown,
        (false, _) => State::Critical,
        (true, false) => State::Warning,
        (true, true) => State::Ok,
    };
    let told = if reasons.is_empty() { &warnings } else { &reasons };
    let text = said(told, &selection, &answer);
    let (line, code) = match flags.format {
        CheckFormat::Nagios => {
            (format!("SEK8S {}: {text} | {}", word(state), numbers(&answer)), nagios(state))
        }
        CheckFormat::Npd => (cut(&text, NPD_LENGTH).to_owned(), npd(state)),
    };
    screen.print(&format!("{line}\n"))?;
    Ok(Outcome::Status(code))
}

/// The line of a check that could not be made.
pub(crate) fn unknown(text: &str) -> String {
    format!("SEK8S UNKNOWN: {}\n", bare(text))
}

/// The exit code of a check that could not be made.
pub(crate) const UNKNOWN: u8 = nagios(State::Unknown);

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Warning => "WARNING",
        State::Critical => "CRITICAL",
        State::Unknown => "UNKNOWN",
    }
}

/// The exit code of a monitoring plugin (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
const fn nagios(state: State) -> u8 {
    match state {
        State::Ok => 0,
        State::Warning => 1,
        State::Critical => 2,
        State::Unknown => 3,
    }
}

/// The exit code of a custom plugin of node-problem-detector: OK, NonOK, Unknown.
fn npd(state: State) -> u8 {
    match state {
        State::Ok | State::Warning => 0,
        State::Critical => 1,
        State::Unknown => 2,
    }
}

/// The worst, with how many more there are. Times are absolute, so the line changes only when the state does.
fn said(told: &[&Reason], selection: &Selection, answer: &Overview) -> String {
    let Some((worst, others)) = told.split_first() else { return selection.all_is_well(answer) };
    let more = match others.len() {
        0 => String::new(),
        count => format!(" (+{count} more)"),
    };
    let gpu = worst.gpu.map_or_else(String::new, |index| format!(" {index}"));
    format!("{}{gpu} {}{more}", worst.subject.name(), bare(&worst.text))
}

/// Text on one line, without the sign that begins the numbers.
fn bare(text: &str) -> String {
    escape::line(text).replace('|', "/")
}

/// What monitors draw: `label=value;warning;critical;least;most`.
fn numbers(answer: &Overview) -> String {
    let services = answer.services.len();
    let unhealthy = answer.services.iter().filter(|service| !service.healthy).count();
    let mut numbers = format!("services_unhealthy={unhealthy};;0;0;{services}");
    if let Some(rows) = answer.gpu.rows() {
        let faulty = rows.iter().filter(|row| row.is_faulty()).count();
        numbers.push_str(&format!(" gpus={};;;0 gpus_faulty={faulty};;0;0", rows.len()));
    }
    numbers
}

/// As much as fits, cut at a character.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character() {
        assert_eq!(cut("abc", 80), "abc");
        assert_eq!(cut(&"é".repeat(60), 79).len(), 78);
        assert_eq!(cut("", 80), "");
    }

    #[test]
    fn no_text_begins_the_numbers_or_another_line() {
        assert_eq!(unknown("a|b\nc"), "SEK8S UNKNOWN: a/b\\nc\n");
    }
}
