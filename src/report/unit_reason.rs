//! What is wrong with a unit, in one sentence.

use super::{
    UnitStatus,
    clock::Clock,
    exit_status,
    trouble::{Severity, Trouble},
    unit::Skipped,
};

/// What is wrong with a unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub trouble: Trouble,
    pub severity: Severity,
    pub text: String,
}

impl Finding {
    fn new(trouble: Trouble, text: impl Into<String>) -> Self {
        Self { trouble, severity: trouble.severity(), text: text.into() }
    }
}

/// What is wrong with a unit that is not healthy.
pub(super) fn of_unit(status: &UnitStatus, clock: Clock) -> Finding {
    let active = of_active_state(status, clock);
    let load_state = status.load_state.as_deref().unwrap_or_default();
    if load_state == "loaded" {
        return active.unwrap_or_else(|| Finding::new(Trouble::Unknown, "not healthy"));
    }
    // A unit whose file is masked, gone or broken may still run, or have failed before.
    let was_ever_started = status.active_state.as_deref() != Some("inactive")
        || status.state_since.is_some()
        || status.skipped.is_some();
    let is_inactive = status.active_state.as_deref() == Some("inactive");
    let (trouble, text) = match load_state {
        "" => (Trouble::Unknown, "systemd reported no load state".to_owned()),
        "masked" if is_inactive => (Trouble::Masked, "masked, so it cannot be started".to_owned()),
        "masked" => (Trouble::Masked, "masked".to_owned()),
        "not-found" if is_inactive => (Trouble::NotFound, "not installed".to_owned()),
        "not-found" => (Trouble::NotFound, "its unit file is missing".to_owned()),
        other => (Trouble::BadUnitFile, format!("its unit file cannot be used (load state {other})")),
    };
    let finding = Finding::new(trouble, text);
    match active {
        _ if !was_ever_started => finding,
        Some(active) => Finding {
            text: format!("{}; {}", finding.text, active.text),
            severity: finding.severity.min(active.severity),
            ..finding
        },
        None => {
            let running = match clock {
                Clock::Absolute => clock.since(status.state_since.as_deref()),
                Clock::Ages(_) => String::new(),
            };
            // A oneshot that has run to its end has no process.
            let still = if status.sub_state.as_deref() == Some("exited") { "active" } else { "running" };
            Finding { text: format!("{}; still {still}{running}", finding.text), ..finding }
        }
    }
}

/// What is wrong with the active state; `None` if nothing is.
fn of_active_state(status: &UnitStatus, clock: Clock) -> Option<Finding> {
    let sub_state = status.sub_state.as_deref().unwrap_or_default();
    let Some(active_state) = status.active_state.as_deref() else {
        return Some(Finding::new(Trouble::Unknown, "systemd reported no active state"));
    };
    let time = status.state_since.as_deref();
    let (at, since) = (clock.at(time), clock.since(time));
    let cause = cause(status).map(|cause| format!(": {cause}")).unwrap_or_default();
    let restarts = restarts(status);
    Some(match active_state {
        "active" if sub_state == "exited" && status.exit_status.as_deref() != Some("0") => {
            let end = exit_status::of_main_process(status)
                .unwrap_or_else(|| "ended with an unknown status".to_owned());
            Finding::new(Trouble::EndedBadly, format!("{end}{at}"))
        }
        "active" => return None,
        "failed" => Finding::new(Trouble::Failed, format!("failed{at}{cause}{restarts}")),
        "inactive" => of_inactive(status, clock, &cause),
        "activating" if sub_state.starts_with("auto-restart") => {
            Finding::new(Trouble::Restarting, format!("has been waiting to restart{since}{cause}{restarts}"))
        }
        "activating" => Finding::new(Trouble::Starting, format!("has been starting{since}{restarts}")),
        "deactivating" => Finding::new(Trouble::Stopping, format!("has been stopping{since}{cause}")),
        "reloading" | "refreshing" => Finding::new(Trouble::Reloading, format!("has been reloading{since}")),
        other => Finding::new(Trouble::Stopped, format!("in state {other}{since}")),
    })
}

fn of_inactive(status: &UnitStatus, clock: Clock, cause: &str) -> Finding {
    let time = status.state_since.as_deref();
    match &status.skipped {
        Some(Skipped::Condition(time)) => Finding::new(
            Trouble::ConditionNotMet,
            format!("its start was skipped{}: a condition was not met (Condition…=)", clock.at(Some(time))),
        ),
        Some(Skipped::Assertion(time)) => Finding::new(
            Trouble::AssertionFailed,
            format!("its start was refused{}: an assertion failed (Assert…=)", clock.at(Some(time))),
        ),
        None if status.result.as_deref() == Some("exec-condition") => Finding::new(
            Trouble::ConditionNotMet,
            format!("its start was skipped{}: ExecCondition= was not met", clock.at(time)),
        ),
        None if time.is_none() => Finding::new(Trouble::Stopped, "has not been started since boot"),
        None => Finding::new(Trouble::Stopped, format!("stopped{}{cause}", clock.at(time))),
    }
}

fn restarts(status: &UnitStatus) -> String {
    match status.n_restarts.as_deref() {
        None | Some("0") => String::new(),
        Some("1") => ", after 1 restart".to_owned(),
        Some(count) => format!(", after {count} restarts"),
    }
}

/// Why it stopped, from Result (`systemctl show`, systemd.service(5)) and the main process's end.
fn cause(status: &UnitStatus) -> Option<String> {
    let main = exit_status::of_main_process(status);
    // Where the last start got no further than ExecStartPre=, what is said of the main process is of the run before.
    let is_of_last_start =
        status.start_attempted_at.is_none() || status.start_attempted_at <= status.main_started_at;
    let has_exited = status.exit_code.as_deref() == Some("1") && is_of_last_start;
    let was_killed = matches!(status.exit_code.as_deref(), Some("2" | "3")) && is_of_last_start;
    // Result is `exit-code` or `signal` also where ExecStartPre= or another control process failed; what is said of
    // the main process is then about its last run, or empty (tried on systemd 252).
    Some(match (status.result.as_deref()?, main) {
        ("success", _) => return None,
        ("exit-code", Some(main)) if has_exited && status.exit_status.as_deref() != Some("0") => main,
        ("exit-code", _) => "a control process failed, such as ExecStartPre=".to_owned(),
        ("signal" | "core-dump", Some(main)) if was_killed => main,
        ("signal" | "core-dump", _) => "a control process was killed, such as ExecStartPre=".to_owned(),
        ("timeout", _) => "did not start or stop in time".to_owned(),
        ("watchdog", _) => "missed its watchdog deadline".to_owned(),
        ("oom-kill", _) => "killed by the OOM killer".to_owned(),
        ("start-limit-hit", _) => "started too often in too short a time".to_owned(),
        ("protocol", _) => "violated its start-up protocol".to_owned(),
        ("resources", _) => "systemd lacked a resource to start it".to_owned(),
        ("exec-condition", _) => "ExecCondition= was not met".to_owned(),
        (other, _) => format!("result {other}"),
    })
}

#[cfg(test)]
mod tests;
