//! Why something is unwell, as text for people.

use super::{table, tone::Tone};
use crate::{
    escape,
    report::{last_log::LastLog, reason::Reason},
    service,
};

/// A titled list, each reason beside its subject, and below it what a log or a program said; empty if there are
/// none. One cause is shown once, however many services it spoils.
pub(super) fn list(title: &str, tone: Tone, reasons: &[Reason], width: Option<u16>) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let same = |one: &Reason, other: &Reason| one.error.is_some() && one.error == other.error;
    let causes: Vec<(String, &Reason)> =
        reasons.chunk_by(same).filter_map(|group| Some((subjects(group), group.first()?))).collect();
    let widest = causes.iter().map(|(subject, _)| subject.chars().count()).max().unwrap_or_default();
    let room = width
        .filter(|width| *width >= table::STACKED)
        .map(|width| usize::from(width).saturating_sub(widest + 2));
    let mut rows = Vec::new();
    for (subject, reason) in causes {
        let mut text = escape::line(&reason.spoken);
        if let Some(said) = &reason.said {
            text.push_str(&format!(": {}", escape::line(said)));
        }
        rows.push(vec![tone.of(&subject), text]);
        if let Some(line) = reason.last_log.line() {
            rows.push(vec![String::new(), Tone::Dim.of(&log_line(line, room))]);
        }
    }
    format!("\n{}\n{}", Tone::Title.of(title), table::beside(&rows, width))
}

fn subjects(group: &[Reason]) -> String {
    match group {
        [one] => one.subject.to_owned(),
        all if all.len() == service::all().len() => "all seven services".to_owned(),
        some => some.iter().map(|reason| reason.subject).collect::<Vec<_>>().join(", "),
    }
}

/// The time of day and the first line of the message, cut to what fits.
fn log_line(line: &LastLog, room: Option<usize>) -> String {
    let time = line.timestamp.get(11..19).unwrap_or_default();
    let message = line.message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let text = format!("{time} {}", escape::line(message.trim()));
    match room {
        Some(room) if text.chars().count() > room => {
            let kept: String = text.chars().take(room.saturating_sub(1)).collect();
            format!("{kept}…")
        }
        _ => text,
    }
}

/// The next command, on a line of its own where it would break otherwise.
pub(super) fn next(command: &str, width: Option<u16>) -> String {
    let one_line = format!("Next: {command}");
    let fits = width.is_none_or(|width| one_line.chars().count() <= usize::from(width));
    if fits { format!("\n{one_line}\n") } else { format!("\nNext:\n  {command}\n") }
}

/// Tells on the terminal that these are no answers of this machine; empty otherwise.
pub(super) fn demo_line(is_demo: bool) -> String {
    if is_demo {
        format!("{}\n", Tone::Warning.of("DEMO: recorded answers, not this machine"))
    } else {
        String::new()
    }
}
