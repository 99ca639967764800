//! The state of a service, as every table shows it.

use jiff::Timestamp;

use super::style::Style;
use crate::{
    escape,
    report::{Trouble, UnitStatus, age, status::ServiceStatus},
};

/// The health of a service in one word, marked.
pub(super) fn health(answer: &ServiceStatus) -> String {
    if answer.error.is_some() {
        return Style::Warning.of("unknown");
    }
    // A unit that failed and then lost its file has failed.
    let word = match answer.trouble() {
        None if answer.healthy => return Style::Good.of("healthy"),
        None | Some(Trouble::Unknown) => return Style::Warning.of("unknown"),
        Some(Trouble::Restarting) => "RESTARTING",
        Some(_) if answer.ended_badly() => "FAILED",
        Some(Trouble::Failed | Trouble::EndedBadly) => "FAILED",
        Some(Trouble::Stopped) => "STOPPED",
        Some(Trouble::ConditionNotMet | Trouble::AssertionFailed) => "SKIPPED",
        Some(Trouble::Starting) => "STARTING",
        Some(Trouble::Stopping) => "STOPPING",
        Some(Trouble::Reloading) => "RELOADING",
        Some(Trouble::Masked) => "MASKED",
        Some(Trouble::NotFound) => "MISSING",
        Some(Trouble::BadUnitFile) => "BROKEN",
    };
    Style::Bad.of(word)
}

/// `active (running)`, `failed`, and the load state where that is news.
pub(super) fn state(status: &UnitStatus) -> String {
    let or_dash = |text: &Option<String>| escape::line(text.as_deref().unwrap_or("-"));
    let active = if status.active_state == status.sub_state {
        or_dash(&status.active_state)
    } else {
        format!("{} ({})", or_dash(&status.active_state), or_dash(&status.sub_state))
    };
    match (status.load_state.as_deref(), status.active_state.as_deref()) {
        (Some("loaded"), _) => active,
        (_, Some("inactive") | None) => or_dash(&status.load_state),
        _ => format!("{}, {active}", or_dash(&status.load_state)),
    }
}

/// The number of the main process, if there is one.
pub(super) fn pid(status: &UnitStatus) -> String {
    escape::line(status.main_pid.as_deref().filter(|pid| *pid != "0").unwrap_or("-"))
}

/// State, for how long, and the number of the main process.
pub(super) fn cells(answer: &ServiceStatus, now: Timestamp) -> [String; 3] {
    match &answer.status {
        Some(status) => {
            // It says when the unit stopped, and not since when it is masked or gone.
            let is_of_state = status.load_state.as_deref() == Some("loaded")
                || status.active_state.as_deref() != Some("inactive");
            let since = status.state_since.as_deref().filter(|_| is_of_state);
            [state(status), age::since(since, now), pid(status)]
        }
        None => ["-".to_owned(), "-".to_owned(), "-".to_owned()],
    }
}
