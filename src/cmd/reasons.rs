//! Reasons as a list for people.

use jiff::Timestamp;

use super::{style::Style, table};
use crate::{
    escape,
    report::{last_log::LastLog, reason::Reason},
    service,
};

/// A titled list, each reason beside its subject, and below it what a log or a program said; empty if there are
/// none. One cause is shown once, however many services it spoils.
pub(super) fn list(
    title: &str,
    style: Style,
    reasons: &[Reason],
    now: Timestamp,
    width: Option<u16>,
) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let mut causes: Vec<Vec<&Reason>> = Vec::new();
    for reason in reasons {
        match causes.iter_mut().find(|group| is_same_cause(group, reason)) {
            Some(group) => group.push(reason),
            None => causes.push(vec![reason]),
        }
    }
    let subjects: Vec<String> = causes.iter().map(|group| subjects(group)).collect();
    let widest = subjects.iter().map(|subject| subject.chars().count()).max().unwrap_or_default();
    let room = width
        .filter(|width| *width >= table::STACKED)
        .map(|width| usize::from(width).saturating_sub(widest + 2));
    let mut rows = Vec::new();
    for (subject, group) in subjects.iter().zip(&causes) {
        let [reason, others @ ..] = &group[..] else { continue };
        let mut text = escape::line(&reason.spoken);
        if let Some(said) = &reason.said {
            text.push_str(&format!(": {}", escape::line(said)));
        }
        let others = others.iter().filter(|other| other.said != reason.said).count();
        if others > 0 {
            text.push_str(&format!(" (and {others} more like it)"));
        }
        rows.push(vec![style.of(subject), text]);
        if let Some(line) = reason.last_log.line() {
            rows.push(vec![String::new(), Style::Dim.of(&log_line(line, now, room))]);
        }
    }
    format!("\n{}\n{}", Style::Title.of(title), table::beside(&rows, width))
}

fn is_same_cause(group: &[&Reason], reason: &Reason) -> bool {
    let Some(first) = group.first() else { return false };
    // GPUs of which the same was found.
    let is_same = first.gpu.is_some() && reason.gpu.is_some() && first.text == reason.text;
    is_same || first.error().zip(reason.error()).is_some_and(|(one, other)| one.is_same_cause(other))
}

fn subjects(group: &[&Reason]) -> String {
    match group {
        [one] => subject(one),
        [first, ..] if first.gpu.is_some() => {
            format!("{} {}", first.subject.name(), ranges(group.iter().filter_map(|reason| reason.gpu)))
        }
        all if all.len() == service::all().len() => "all seven services".to_owned(),
        some => some.iter().map(|reason| reason.subject.name()).collect::<Vec<_>>().join(", "),
    }
}

/// `0, 2–7`: three or more that follow each other are a range.
fn ranges(indices: impl Iterator<Item = u16>) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for index in indices {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(index) => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let shown = |(first, last): (u16, u16)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    runs.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// `k3s`, `gpu`, `gpu 3`.
fn subject(reason: &Reason) -> String {
    match reason.gpu {
        Some(index) => format!("{} {index}", reason.subject.name()),
        None => reason.subject.name().to_owned(),
    }
}

/// The time and the first line of the message, cut to what fits. Of a Python traceback the last line tells.
fn log_line(line: &LastLog, now: Timestamp, room: Option<usize>) -> String {
    let is_recent =
        line.timestamp.parse::<Timestamp>().is_ok_and(|time| now.as_second() - time.as_second() < 24 * 3600);
    let (date, time) = (line.timestamp.get(..10), line.timestamp.get(11..19).unwrap_or_default());
    let date = date.filter(|_| !is_recent).map(|date| format!("{date} ")).unwrap_or_default();
    let mut lines = line.message.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let is_traceback = first.ends_with("(most recent call last):");
    let message = if is_traceback { lines.next_back().unwrap_or(first) } else { first };
    let text = format!("{date}{time} {}", escape::line(message));
    match room {
        Some(room) if text.chars().count() > room => {
            let kept: String = text.chars().take(room.saturating_sub(1)).collect();
            format!("{kept}…")
        }
        _ => text,
    }
}
