//! What is wrong with a unit, in one sentence.

use super::{UnitStatus, exit_status, reason::Severity, timestamp::sentence, unit::Skipped};

/// What is wrong with a unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    pub text: String,
}

impl Finding {
    fn new(code: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self { code, severity, text: text.into() }
    }
}

/// What is wrong with a unit that is not healthy.
pub(super) fn of_unit(status: &UnitStatus) -> Finding {
    let active = of_active_state(status);
    let Some(load_state) = status.load_state.as_deref() else {
        return Finding::new("unknown", Severity::Unknown, "systemd reported no load state");
    };
    if load_state == "loaded" {
        return active.unwrap_or_else(|| running(status));
    }
    // A unit whose file is masked, gone or broken may still run, or have failed before.
    let was_ever_started = status.active_state.as_deref() != Some("inactive") || status.state_since.is_some();
    let active = active.unwrap_or_else(|| running(status));
    let is_inactive = active.code == "inactive";
    let (code, text) = match load_state {
        "masked" if is_inactive => ("masked", "masked, so it cannot be started".to_owned()),
        "masked" => ("masked", "masked".to_owned()),
        "not-found" if is_inactive => ("not_found", "not installed".to_owned()),
        "not-found" => ("not_found", "its unit file is missing".to_owned()),
        other => ("bad_unit_file", format!("its unit file cannot be used (load state {other})")),
    };
    let severity = if code == "bad_unit_file" { Severity::Broken } else { Severity::Down };
    let text = if was_ever_started { format!("{text}; {}", active.text) } else { text };
    Finding { code, severity: severity.min(active.severity), text }
}

fn running(status: &UnitStatus) -> Finding {
    Finding::new("active", Severity::Changing, format!("still running{}", since(status)))
}

/// What is wrong with the active state; `None` if nothing is.
fn of_active_state(status: &UnitStatus) -> Option<Finding> {
    let sub_state = status.sub_state.as_deref().unwrap_or_default();
    let Some(active_state) = status.active_state.as_deref() else {
        return Some(Finding::new("unknown", Severity::Unknown, "systemd reported no active state"));
    };
    let (at, since) = (at(status), since(status));
    let cause = cause(status).map(|cause| format!(": {cause}")).unwrap_or_default();
    let restarts = restarts(status);
    Some(match active_state {
        "active" if sub_state == "exited" && status.exit_status.as_deref() != Some("0") => {
            let end = exit_status::of_main_process(status)
                .unwrap_or_else(|| "ended with an unknown status".to_owned());
            Finding::new("exit_status", Severity::Broken, format!("{end}{at}"))
        }
        "active" => return None,
        "failed" => Finding::new("failed", Severity::Broken, format!("failed{at}{cause}{restarts}")),
        "inactive" => of_inactive(status, &at, &cause),
        "activating" if sub_state.starts_with("auto-restart") => Finding::new(
            "restarting",
            Severity::Broken,
            format!("has been waiting to restart{since}{cause}{restarts}"),
        ),
        "activating" => {
            Finding::new("activating", Severity::Changing, format!("has been starting{since}{restarts}"))
        }
        "deactivating" => {
            Finding::new("deactivating", Severity::Changing, format!("has been stopping{since}"))
        }
        "reloading" | "refreshing" => {
            Finding::new("reloading", Severity::Changing, format!("has been reloading{since}"))
        }
        other => Finding::new("inactive", Severity::Down, format!("in state {other}{since}")),
    })
}

fn of_inactive(status: &UnitStatus, at: &str, cause: &str) -> Finding {
    match &status.skipped {
        Some(Skipped::Condition(at)) => {
            let text =
                format!("its start was skipped at {}: a condition was not met (Condition…=)", sentence(at));
            Finding::new("condition_not_met", Severity::Down, text)
        }
        Some(Skipped::Assertion(at)) => {
            let text = format!("its start was refused at {}: an assertion failed (Assert…=)", sentence(at));
            Finding::new("assertion_failed", Severity::Down, text)
        }
        None if status.result.as_deref() == Some("exec-condition") => {
            let text = format!("its start was skipped{at}: ExecCondition= was not met");
            Finding::new("condition_not_met", Severity::Down, text)
        }
        None if at.is_empty() => Finding::new("inactive", Severity::Down, "has not been started since boot"),
        None => Finding::new("inactive", Severity::Down, format!("stopped{at}{cause}")),
    }
}

fn at(status: &UnitStatus) -> String {
    status.state_since.as_deref().map(|time| format!(" at {}", sentence(time))).unwrap_or_default()
}

fn since(status: &UnitStatus) -> String {
    status.state_since.as_deref().map(|time| format!(" since {}", sentence(time))).unwrap_or_default()
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
    let has_exited = status.exit_code.as_deref() == Some("1");
    let was_killed = matches!(status.exit_code.as_deref(), Some("2" | "3"));
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
        let finding = of_unit(&blocks[0].status);
        (finding.code, finding.text)
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
            "failed at 2026-11-24 11:51:44 UTC: exited with status 3",
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
        case("1", "4", "exited with status 4");
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
