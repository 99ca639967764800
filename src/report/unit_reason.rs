//! What is wrong with a unit, in one sentence.

use jiff::Timestamp;

use super::{UnitStatus, age, exit_status, reason::Severity, timestamp::sentence, unit::Skipped};

/// What is wrong with a unit, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It failed.
    Failed,
    /// It ran to its end, and not with success.
    EndedBadly,
    /// It waits to be restarted.
    Restarting,
    /// It is not running.
    Stopped,
    /// Its last start was skipped by a condition.
    ConditionNotMet,
    /// Its last start was refused by an assertion.
    AssertionFailed,
    /// It is starting.
    Starting,
    /// It is stopping.
    Stopping,
    /// It is reloading.
    Reloading,
    /// It is masked.
    Masked,
    /// It has no unit file.
    NotFound,
    /// It has a unit file that systemd cannot use.
    BadUnitFile,
    /// systemd did not say.
    Unknown,
}

impl Trouble {
    /// The code that scripts match on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::EndedBadly => "exit_status",
            Self::Restarting => "restarting",
            Self::Stopped => "inactive",
            Self::ConditionNotMet => "condition_not_met",
            Self::AssertionFailed => "assertion_failed",
            Self::Starting => "activating",
            Self::Stopping => "deactivating",
            Self::Reloading => "reloading",
            Self::Masked => "masked",
            Self::NotFound => "not_found",
            Self::BadUnitFile => "bad_unit_file",
            Self::Unknown => "unknown",
        }
    }

    fn severity(self) -> Severity {
        match self {
            Self::Failed | Self::EndedBadly | Self::Restarting | Self::BadUnitFile => Severity::Broken,
            Self::Unknown => Severity::Unknown,
            Self::Stopped | Self::ConditionNotMet | Self::AssertionFailed | Self::Masked | Self::NotFound => {
                Severity::Down
            }
            Self::Starting | Self::Stopping | Self::Reloading => Severity::Changing,
        }
    }
}

/// How times are worded: as they are, for documents, or by their age, for people who look now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Clock {
    Absolute,
    Ages(Timestamp),
}

impl Clock {
    /// ` at 2026-11-24 11:51:44 UTC`, ` 3 min ago`.
    fn at(self, time: Option<&str>) -> String {
        let Some(time) = time else { return String::new() };
        let ago = match self {
            Self::Ages(now) => age::ago(time, now),
            Self::Absolute => None,
        };
        ago.map_or_else(|| format!(" at {}", sentence(time)), |ago| format!(" {ago}"))
    }

    /// ` since 2026-11-24 11:51:44 UTC`, ` for 3 min`.
    fn since(self, time: Option<&str>) -> String {
        let Some(time) = time else { return String::new() };
        match self {
            Self::Ages(now) => format!(" for {}", age::since(Some(time), now)),
            Self::Absolute => format!(" since {}", sentence(time)),
        }
    }
}

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
mod tests {
    use super::*;

    fn unit(properties: &str) -> (&'static str, String) {
        let blocks = super::super::unit::parse(properties);
        let finding = of_unit(&blocks[0].status, Clock::Absolute);
        (finding.trouble.code(), finding.text)
    }

    #[test]
    fn people_read_ages() {
        let now: Timestamp = "2026-11-24T11:55:50Z".parse().unwrap_or_default();
        let case = |properties: &str, text: &str| {
            let blocks = super::super::unit::parse(&format!("{properties}\n{SINCE}"));
            assert_eq!(of_unit(&blocks[0].status, Clock::Ages(now)).text, text);
        };
        let failed = "ActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=3\nNRestarts=4";
        case(
            &format!("LoadState=loaded\n{failed}"),
            "failed 4 min ago: exited with status 3 (NOTIMPLEMENTED), after 4 restarts",
        );
        case("LoadState=loaded\nActiveState=inactive\nResult=success", "stopped 4 min ago");
        case("LoadState=loaded\nActiveState=activating\nSubState=start", "has been starting for 4 min");
        case("LoadState=masked\nActiveState=active\nSubState=running", "masked; still running");
    }

    const SINCE: &str = "StateChangeTimestamp=Tue 2026-11-24 11:51:44.532527 UTC";

    #[track_caller]
    fn case(properties: &str, code: &str, text: &str) {
        assert_eq!(unit(&format!("{properties}\n{SINCE}")), (code, text.to_owned()));
    }

    #[test]
    fn a_unit_that_is_down_says_when_and_why() {
        case(
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=3",
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: exited with status 3 (NOTIMPLEMENTED)",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203",
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: exited with status 203 (EXEC: its program could not be executed)",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=signal\nExecMainCode=2\nExecMainStatus=9",
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: killed by signal 9 (SIGKILL)",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=core-dump\nExecMainCode=3\nExecMainStatus=11",
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: crashed with signal 11 (SIGSEGV) and dumped core",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=start-limit-hit\nNRestarts=5",
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: started too often in too short a time, after 5 restarts",
        );
        case(
            "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=signal\nExecMainCode=2\nExecMainStatus=11\nNRestarts=1",
            "restarting",
            "has been waiting to restart since 2026-11-24 11:51:44 UTC: killed by signal 11 (SIGSEGV), after 1 restart",
        );
        case(
            "LoadState=loaded\nActiveState=inactive\nResult=success",
            "inactive",
            "stopped at 2026-11-24 11:51:44 UTC",
        );
    }

    #[test]
    fn the_end_of_the_main_process_is_told_by_its_code_and_not_by_the_number_alone() {
        let exited = "LoadState=loaded\nActiveState=active\nSubState=exited";
        let case = |code: &str, status: &str, text: &str| {
            case(
                &format!("{exited}\nExecMainCode={code}\nExecMainStatus={status}"),
                "exit_status",
                &format!("{text} at 2026-11-24 11:51:44 UTC"),
            );
        };
        case("1", "4", "exited with status 4 (NOPERMISSION)");
        case("1", "15", "exited with status 15");
        case("2", "15", "killed by signal 15 (SIGTERM)");
        case("3", "6", "crashed with signal 6 (SIGABRT) and dumped core");
        case("2", "200", "killed by signal 200");
    }

    #[test]
    fn a_control_process_that_failed_is_not_taken_for_the_main_process() {
        for main in [
            "ExecMainCode=0\nExecMainStatus=0",
            "ExecMainCode=2\nExecMainStatus=15",
            "ExecMainCode=1\nExecMainStatus=0",
        ] {
            case(
                &format!("LoadState=loaded\nActiveState=failed\nResult=exit-code\n{main}"),
                "failed",
                "failed at 2026-11-24 11:51:44 UTC: a control process failed, such as ExecStartPre=",
            );
        }
    }

    #[test]
    fn the_end_of_an_earlier_run_is_not_taken_for_the_cause() {
        let times = |attempted: &str| {
            format!(
                "ExecMainStartTimestamp=Tue 2026-11-24 11:40:54.000000 UTC\nConditionTimestamp=Tue 2026-11-24 {attempted} UTC"
            )
        };
        let failed =
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=8";
        case(
            &format!("{failed}\n{}", times("11:41:53.000000")),
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: a control process failed, such as ExecStartPre=",
        );
        case(
            &format!("{failed}\n{}", times("11:40:53.000000")),
            "failed",
            "failed at 2026-11-24 11:51:44 UTC: exited with status 8",
        );
    }

    #[test]
    fn a_load_state_never_hides_the_active_state() {
        let killed = "ActiveState=failed\nResult=signal\nExecMainCode=2\nExecMainStatus=9";
        let running = "ActiveState=active\nSubState=running\nResult=success";
        let stopped = "ActiveState=inactive\nResult=success";
        let texts = |load_state: &str, code: &str, expected: [&str; 3]| {
            for (state, expected) in [running, killed, stopped].iter().zip(expected) {
                case(&format!("LoadState={load_state}\n{state}"), code, expected);
            }
        };
        texts(
            "masked",
            "masked",
            [
                "masked; still running since 2026-11-24 11:51:44 UTC",
                "masked; failed at 2026-11-24 11:51:44 UTC: killed by signal 9 (SIGKILL)",
                "masked, so it cannot be started; stopped at 2026-11-24 11:51:44 UTC",
            ],
        );
        texts(
            "not-found",
            "not_found",
            [
                "its unit file is missing; still running since 2026-11-24 11:51:44 UTC",
                "its unit file is missing; failed at 2026-11-24 11:51:44 UTC: killed by signal 9 (SIGKILL)",
                "not installed; stopped at 2026-11-24 11:51:44 UTC",
            ],
        );
        for load_state in ["bad-setting", "error", "merged"] {
            let unusable =
                |rest: &str| format!("its unit file cannot be used (load state {load_state}); {rest}");
            texts(
                load_state,
                "bad_unit_file",
                [
                    &unusable("still running since 2026-11-24 11:51:44 UTC"),
                    &unusable("failed at 2026-11-24 11:51:44 UTC: killed by signal 9 (SIGKILL)"),
                    &unusable("stopped at 2026-11-24 11:51:44 UTC"),
                ],
            );
        }
    }

    #[test]
    fn a_unit_that_was_never_started_has_no_times() {
        let never = "ActiveState=inactive\nStateChangeTimestamp=\nConditionResult=no\nConditionTimestamp=";
        let case = |load_state: &str, code: &str, text: &str| {
            assert_eq!(unit(&format!("LoadState={load_state}\n{never}")), (code, text.to_owned()));
        };
        case("loaded", "inactive", "has not been started since boot");
        case("masked", "masked", "masked, so it cannot be started");
        case("not-found", "not_found", "not installed");
        case("bad-setting", "bad_unit_file", "its unit file cannot be used (load state bad-setting)");
    }

    #[test]
    fn a_skipped_start_is_told_from_a_stop() {
        let inactive = "LoadState=loaded\nActiveState=inactive\nResult=success";
        let before = "Tue 2026-11-24 11:50:00.000000 UTC";
        let after = "Tue 2026-11-24 11:52:00.000000 UTC";
        let stopped = "stopped at 2026-11-24 11:51:44 UTC";
        case(
            &format!("{inactive}\nConditionResult=no\nConditionTimestamp={after}"),
            "condition_not_met",
            "its start was skipped at 2026-11-24 11:52:00 UTC: a condition was not met (Condition…=)",
        );
        case(
            &format!(
                "{inactive}\nConditionResult=yes\nConditionTimestamp={after}\nAssertResult=no\nAssertTimestamp={after}"
            ),
            "assertion_failed",
            "its start was refused at 2026-11-24 11:52:00 UTC: an assertion failed (Assert…=)",
        );
        case(
            &format!("{inactive}\nResult=exec-condition").replace("Result=success\n", ""),
            "condition_not_met",
            "its start was skipped at 2026-11-24 11:51:44 UTC: ExecCondition= was not met",
        );
        // The result of an earlier start, and that of a unit that was never started.
        case(&format!("{inactive}\nConditionResult=no\nConditionTimestamp={before}"), "inactive", stopped);
        case(&format!("{inactive}\nConditionResult=no\nConditionTimestamp="), "inactive", stopped);
        case(&format!("{inactive}\nConditionResult=yes\nConditionTimestamp={after}"), "inactive", stopped);
        // Skipped at boot, and never started at all.
        let at_boot =
            format!("{inactive}\nStateChangeTimestamp=\nConditionResult=no\nConditionTimestamp={after}");
        assert_eq!(unit(&at_boot).0, "condition_not_met");
    }
}
