use jiff::Timestamp;

use super::*;
use crate::report::unit;

fn unit(properties: &str) -> (&'static str, String) {
    let blocks = unit::parse(properties);
    let finding = of_unit(&blocks[0].status, Clock::Absolute);
    (finding.trouble.code(), finding.text)
}

#[test]
fn people_read_ages() {
    let now: Timestamp = "2026-11-24T11:55:50Z".parse().unwrap_or_default();
    let case = |properties: &str, text: &str| {
        let blocks = unit::parse(&format!("{properties}\n{SINCE}"));
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
    let failed = "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=8";
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
        let unusable = |rest: &str| format!("its unit file cannot be used (load state {load_state}); {rest}");
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
