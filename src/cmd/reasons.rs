//! The reasons and what is shown of a unit, as text for people.

use jiff::Timestamp;

use super::{table, tone::Tone};
use crate::escape;
use crate::report::{UnitStatus, reason::Reason, status::ServiceStatus};

/// A titled list, each reason beside its subject; empty if there are none.
pub(super) fn list(title: &str, tone: Tone, reasons: &[Reason], width: Option<u16>) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let rows =
        reasons.iter().map(|reason| vec![tone.of(reason.subject), escape::line(&reason.text)]).collect();
    format!("\n{}\n{}", Tone::Title.of(title), table::render(&[], rows, width))
}

/// The verdict on one service in one word, marked.
pub(super) fn health_word(answer: &ServiceStatus) -> String {
    match (&answer.error, answer.healthy) {
        (Some(_), _) => Tone::Warning.of("unknown"),
        (None, true) => Tone::Good.of("healthy"),
        (None, false) => Tone::Bad.of("UNHEALTHY"),
    }
}

/// `active (running)`, or the load state where that is the news.
pub(super) fn state(status: &UnitStatus) -> String {
    let or_dash = |text: &Option<String>| escape::line(text.as_deref().unwrap_or("-"));
    match status.load_state.as_deref() {
        Some("loaded") => format!("{} ({})", or_dash(&status.active_state), or_dash(&status.sub_state)),
        _ => or_dash(&status.load_state),
    }
}

/// How long ago a time was, in one unit: `3 min`. `-` if it is not known.
pub(super) fn ago(rfc_3339: Option<&str>, now: Timestamp) -> String {
    let Some(time) = rfc_3339.and_then(|text| text.parse::<Timestamp>().ok()) else { return "-".to_owned() };
    let seconds = (now.as_second() - time.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
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
