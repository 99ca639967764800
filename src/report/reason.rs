//! What is wrong, in one sentence each.

use serde::Serialize;
use signal_hook::low_level::signal_name;

use super::{
    UnitStatus,
    gpu::{GpuReport, GpuStatus},
    health::Health,
    status::ServiceStatus,
    timestamp::sentence,
};

/// One sentence about one service or the GPUs, with a code for scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A service id, or `gpu`.
    pub subject: &'static str,
    /// What kind of trouble.
    pub code: &'static str,
    /// The sentence.
    pub text: String,
    #[serde(skip)]
    severity: Severity,
}

/// Worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    /// It broke.
    Broken,
    /// Nobody knows.
    Unknown,
    /// It is not there or not running.
    Down,
    /// It is on its way.
    Changing,
}

/// The reasons against these answers, worst first; within that in the order of the allowlist,
/// the GPUs last.
#[must_use]
pub fn against(services: &[ServiceStatus], gpu: Option<&GpuReport>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> =
        services.iter().filter_map(of_service).chain(gpu.and_then(of_gpu)).collect();
    reasons.sort_by_key(|reason| reason.severity);
    reasons
}

/// What is healthy only because the operator said so.
#[must_use]
pub fn warnings(services: &[ServiceStatus]) -> Vec<Reason> {
    services
        .iter()
        .filter(|answer| answer.health == Some(Health::MaskedOk))
        .map(|answer| Reason {
            subject: answer.service.id(),
            code: "masked_ok",
            text: "masked, which --masked-ok allows for this unit".to_owned(),
            severity: Severity::Down,
        })
        .collect()
}

fn of_service(answer: &ServiceStatus) -> Option<Reason> {
    if answer.healthy {
        return None;
    }
    let (code, severity, text) = match (&answer.error, &answer.status) {
        (Some(error), _) => (error.code(), Severity::Unknown, format!("its state is not known: {error}")),
        (None, Some(status)) => of_unit(status),
        (None, None) => ("unreadable_output", Severity::Unknown, "its state is not known".to_owned()),
    };
    Some(Reason { subject: answer.service.id(), code, severity, text })
}

fn of_unit(status: &UnitStatus) -> (&'static str, Severity, String) {
    let since =
        status.state_since.as_deref().map(|since| format!(" since {}", sentence(since))).unwrap_or_default();
    let cause = cause(status).map(|cause| format!(": {cause}")).unwrap_or_default();
    match status.load_state.as_deref() {
        Some("loaded") => {}
        Some("not-found") => return ("not_found", Severity::Down, "the unit is not installed".to_owned()),
        Some("masked") => {
            return ("masked", Severity::Down, format!("masked{since}, so it cannot be started"));
        }
        Some(other) => {
            return (
                "bad_unit_file",
                Severity::Broken,
                format!("its unit file cannot be used (load state {other})"),
            );
        }
        None => return ("unknown", Severity::Unknown, "systemd gave no load state for it".to_owned()),
    }
    let sub_state = status.sub_state.as_deref().unwrap_or_default();
    match status.active_state.as_deref() {
        Some("failed") => ("failed", Severity::Broken, format!("failed{since}{cause}{}", restarts(status))),
        Some("active") if sub_state == "exited" => {
            ("exit_status", Severity::Broken, format!("it ended with {}{since}", exit_status(status)))
        }
        Some("inactive") if since.is_empty() => {
            ("inactive", Severity::Down, "was not started since boot".to_owned())
        }
        Some("inactive") => ("inactive", Severity::Down, format!("stopped{since}{cause}")),
        Some("activating") if sub_state.starts_with("auto-restart") => (
            "restarting",
            Severity::Broken,
            format!("waits{since} to be restarted{}{cause}", restarts(status)),
        ),
        Some("activating") => {
            ("activating", Severity::Changing, format!("starting{since}{}", restarts(status)))
        }
        Some("deactivating") => ("deactivating", Severity::Changing, format!("stopping{since}")),
        Some("reloading" | "refreshing") => ("reloading", Severity::Changing, format!("reloading{since}")),
        Some(other) => ("inactive", Severity::Down, format!("{other}{since}")),
        None => ("unknown", Severity::Unknown, "systemd gave no active state for it".to_owned()),
    }
}

fn restarts(status: &UnitStatus) -> String {
    match status.n_restarts.as_deref() {
        None | Some("0") => String::new(),
        Some("1") => " (restarted once so far)".to_owned(),
        Some(count) => format!(" (restarted {count} times so far)"),
    }
}

/// Why it stopped, from Result (`systemctl show`, systemd.service(5)) and the main process's end.
fn cause(status: &UnitStatus) -> Option<String> {
    Some(match status.result.as_deref()? {
        "success" => return None,
        "exit-code" => format!("its main process ended with {}", exit_status(status)),
        "signal" => format!("its main process was killed by {}", signal(status)),
        "core-dump" => format!("its main process crashed with {} and dumped core", signal(status)),
        "timeout" => "it did not start or stop in time".to_owned(),
        "watchdog" => "it missed its watchdog deadline".to_owned(),
        "oom-kill" => "the kernel ended it for want of memory".to_owned(),
        "start-limit-hit" => "it was started too often in too short a time".to_owned(),
        "protocol" => "it did not keep to the start-up protocol of its type".to_owned(),
        "resources" => "systemd lacked something it needs to start it".to_owned(),
        "exec-condition" => "its ExecCondition said no".to_owned(),
        other => format!("result {other}"),
    })
}

fn exit_status(status: &UnitStatus) -> String {
    let number = status.exit_status.as_deref().unwrap_or("unknown");
    // An ExecMainCode of 1 is CLD_EXITED; Result is exit-code, too, when a control process failed.
    if status.exit_code.as_deref() != Some("1") {
        return if number == "0" {
            "a failure of a control process".to_owned()
        } else {
            format!("status {number}")
        };
    }
    match explained(number) {
        Some((name, meaning)) => format!("status {number} ({name}: {meaning})"),
        None => format!("status {number}"),
    }
}

fn signal(status: &UnitStatus) -> String {
    let number = status.exit_status.as_deref().unwrap_or("unknown");
    match number.parse().ok().and_then(signal_name) {
        Some(name) => format!("signal {number} ({name})"),
        None => format!("signal {number}"),
    }
}

/// The statuses with which systemd itself ends a process it could not start (systemd.exec(5)).
fn explained(status: &str) -> Option<(&'static str, &'static str)> {
    Some(match status {
        "200" => ("CHDIR", "its working directory could not be entered"),
        "202" => ("FDS", "its descriptors could not be passed on"),
        "203" => ("EXEC", "its program could not be executed"),
        "205" => ("LIMITS", "its resource limits could not be set"),
        "208" => ("STDIN", "its standard input could not be set up"),
        "209" => ("STDOUT", "its standard output could not be set up"),
        "210" => ("CHROOT", "its root directory could not be entered"),
        "216" => ("GROUP", "its group does not exist or could not be taken"),
        "217" => ("USER", "its user does not exist or could not be taken"),
        "218" => ("CAPABILITIES", "its capabilities could not be set"),
        "219" => ("CGROUP", "its control group could not be set up"),
        "224" => ("PAM", "its PAM session could not be opened"),
        "225" => ("NETWORK", "its network namespace could not be set up"),
        "226" => ("NAMESPACE", "its mount or user namespace could not be set up"),
        "227" => ("NO_NEW_PRIVILEGES", "NoNewPrivileges could not be set"),
        "228" => ("SECCOMP", "its system call filter could not be set"),
        "233" => ("RUNTIME_DIRECTORY", "its runtime directory could not be made"),
        "238" => ("STATE_DIRECTORY", "its state directory could not be made"),
        "239" => ("CACHE_DIRECTORY", "its cache directory could not be made"),
        "240" => ("LOGS_DIRECTORY", "its log directory could not be made"),
        "241" => ("CONFIGURATION_DIRECTORY", "its configuration directory could not be made"),
        "243" => ("CREDENTIALS", "its credentials could not be set up"),
        _ => return None,
    })
}

/// What is wrong with the GPUs' answer; `None` if nothing is.
#[must_use]
pub fn of_gpu(report: &GpuReport) -> Option<Reason> {
    if report.status == GpuStatus::Ok {
        return None;
    }
    let (code, severity, text) = match (&report.error, report.reason) {
        (Some(error), _) => {
            (error.code(), Severity::Unknown, format!("the GPUs' state is not known: {error}"))
        }
        (None, Some(reason)) => {
            let code = report.exit_code.unwrap_or_default();
            let ended = if code > 128 && reason.code() == "signal" {
                format!("`nvidia-smi` was ended by signal {}", code - 128)
            } else {
                format!("`nvidia-smi` failed with exit code {code}: {}", reason.meaning())
            };
            (reason.code(), Severity::Broken, ended)
        }
        (None, None) => ("unknown", Severity::Unknown, "the GPUs' state is not known".to_owned()),
    };
    Some(Reason { subject: "gpu", code, text, severity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(properties: &str) -> (&'static str, String) {
        let blocks = super::super::unit::parse(properties);
        let (code, _, text) = of_unit(&blocks[0].status);
        (code, text)
    }

    #[test]
    fn a_unit_that_is_down_says_why_and_since_when() {
        fn case(properties: &str, code: &str, text: &str) {
            let since = "StateChangeTimestamp=Tue 2026-11-24 11:51:44.532527 UTC";
            assert_eq!(unit(&format!("{properties}\n{since}")), (code, text.to_owned()));
        }
        case(
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=3",
            "failed",
            "failed since 2026-11-24 11:51:44 UTC: its main process ended with status 3",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainCode=1\nExecMainStatus=203",
            "failed",
            "failed since 2026-11-24 11:51:44 UTC: its main process ended with status 203 (EXEC: its program could not be executed)",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=signal\nExecMainCode=2\nExecMainStatus=9",
            "failed",
            "failed since 2026-11-24 11:51:44 UTC: its main process was killed by signal 9 (SIGKILL)",
        );
        case(
            "LoadState=loaded\nActiveState=failed\nResult=start-limit-hit\nNRestarts=5",
            "failed",
            "failed since 2026-11-24 11:51:44 UTC: it was started too often in too short a time (restarted 5 times so far)",
        );
        case(
            "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=signal\nExecMainCode=2\nExecMainStatus=11\nNRestarts=2",
            "restarting",
            "waits since 2026-11-24 11:51:44 UTC to be restarted (restarted 2 times so far): its main process was killed by signal 11 (SIGSEGV)",
        );
        case(
            "LoadState=loaded\nActiveState=active\nSubState=exited\nExecMainCode=1\nExecMainStatus=4",
            "exit_status",
            "it ended with status 4 since 2026-11-24 11:51:44 UTC",
        );
        case(
            "LoadState=loaded\nActiveState=inactive\nResult=success",
            "inactive",
            "stopped since 2026-11-24 11:51:44 UTC",
        );
        case("LoadState=masked", "masked", "masked since 2026-11-24 11:51:44 UTC, so it cannot be started");
        case("LoadState=not-found", "not_found", "the unit is not installed");
    }

    #[test]
    fn a_unit_that_never_ran_does_not_say_since_when() {
        assert_eq!(
            unit("LoadState=loaded\nActiveState=inactive\nStateChangeTimestamp="),
            ("inactive", "was not started since boot".to_owned())
        );
    }
}
