//! The reasons and what is shown of a unit, as text for people.

use jiff::Timestamp;

use super::{table, tone::Tone};
use crate::{
    escape,
    report::{UnitStatus, last_log::LastLog, reason::Reason, status::ServiceStatus},
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
    let room = width.map(|width| usize::from(width).saturating_sub(widest + 2));
    let mut rows = Vec::new();
    for (subject, reason) in causes {
        let mut text = escape::line(&reason.text);
        if let Some(said) = &reason.said {
            text.push_str(&format!(": {}", escape::line(said)));
        }
        rows.push(vec![tone.of(&subject), text]);
        if let Some(line) = reason.last_log.line() {
            rows.push(vec![String::new(), Tone::Dim.of(&log_line(line, room))]);
        }
    }
    format!("\n{}\n{}", Tone::Title.of(title), table::render(&[], rows, width))
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

/// The verdict on one service in one word, marked.
pub(super) fn health_word(answer: &ServiceStatus) -> String {
    match (&answer.error, answer.healthy) {
        (Some(_), _) => Tone::Warning.of("unknown"),
        (None, true) => Tone::Good.of("healthy"),
        (None, false) => Tone::Bad.of("UNHEALTHY"),
    }
}

/// `active (running)`, and the load state where that is news.
pub(super) fn state(status: &UnitStatus) -> String {
    let or_dash = |text: &Option<String>| escape::line(text.as_deref().unwrap_or("-"));
    let active = format!("{} ({})", or_dash(&status.active_state), or_dash(&status.sub_state));
    match (status.load_state.as_deref(), status.active_state.as_deref()) {
        (Some("loaded"), _) => active,
        (_, Some("inactive") | None) => or_dash(&status.load_state),
        _ => format!("{}, {active}", or_dash(&status.load_state)),
    }
}

/// How long ago a time was, in one unit: `3 min`. `-` if it is not known; `3 h ahead` if the clock was set back
/// since then.
pub(super) fn since(rfc_3339: Option<&str>, now: Timestamp) -> String {
    match seconds_ago(rfc_3339, now) {
        None => "-".to_owned(),
        // The clocks that write and read times may differ by as much.
        Some(seconds) if seconds < -1 => format!("{} ahead", in_one_unit(-seconds)),
        Some(seconds) => in_one_unit(seconds.max(0)),
    }
}

/// The same in a sentence: `3 min ago`, `3 h ahead of the clock`.
pub(super) fn ago(rfc_3339: &str, now: Timestamp) -> String {
    match seconds_ago(Some(rfc_3339), now) {
        Some(seconds) if seconds < -1 => format!("{} ahead of the clock", in_one_unit(-seconds)),
        _ => format!("{} ago", since(Some(rfc_3339), now)),
    }
}

fn seconds_ago(rfc_3339: Option<&str>, now: Timestamp) -> Option<i64> {
    let time: Timestamp = rfc_3339?.parse().ok()?;
    Some(now.as_second() - time.as_second())
}

fn in_one_unit(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Says on the terminal that these are no answers of this machine; empty otherwise.
pub(super) fn demo_line(is_demo: bool) -> String {
    if is_demo {
        format!("{}\n", Tone::Warning.of("DEMO: recorded answers, not this machine"))
    } else {
        String::new()
    }
}
