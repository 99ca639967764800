//! How a unit's main process ended, in words.

use signal_hook::low_level::signal_name;

use super::UnitStatus;

/// How the main process ended: `exited with status 3`, `killed by signal 9 (SIGKILL)`. ExecMainCode says which of
/// them (waitid(2)): 1 exited, 2 killed, 3 dumped core. `None` while it has not ended.
pub(super) fn of_main_process(status: &UnitStatus) -> Option<String> {
    let number = status.exit_status.as_deref().unwrap_or("unknown");
    match status.exit_code.as_deref()? {
        "0" => None,
        "2" => Some(format!("killed by {}", signal(number))),
        "3" => Some(format!("crashed with {} and dumped core", signal(number))),
        _ => Some(match (explained(number), lsb_name(number)) {
            (Some((name, meaning)), _) => format!("exited with status {number} ({name}: {meaning})"),
            (None, Some(name)) => format!("exited with status {number} ({name})"),
            (None, None) => format!("exited with status {number}"),
        }),
    }
}

fn signal(number: &str) -> String {
    match number.parse().ok().and_then(signal_name) {
        Some(name) => format!("signal {number} ({name})"),
        None => format!("signal {number}"),
    }
}

/// The names that systemd shows for these (systemd.exec(5), "Process Exit Codes"); a program may mean something else.
fn lsb_name(status: &str) -> Option<&'static str> {
    Some(match status {
        "2" => "INVALIDARGUMENT",
        "3" => "NOTIMPLEMENTED",
        "4" => "NOPERMISSION",
        "5" => "NOTINSTALLED",
        "6" => "NOTCONFIGURED",
        "7" => "NOTRUNNING",
        _ => return None,
    })
}

/// The statuses with which systemd itself ends a process it could not start (systemd.exec(5)).
fn explained(status: &str) -> Option<(&'static str, &'static str)> {
    Some(match status {
        "200" => ("CHDIR", "its working directory could not be entered"),
        "202" => ("FDS", "its file descriptors could not be set up"),
        "203" => ("EXEC", "its program could not be executed"),
        "205" => ("LIMITS", "its resource limits could not be set"),
        "208" => ("STDIN", "its standard input could not be set up"),
        "209" => ("STDOUT", "its standard output could not be set up"),
        "210" => ("CHROOT", "its root directory could not be entered"),
        "216" => ("GROUP", "its group does not exist or could not be set"),
        "217" => ("USER", "its user does not exist or could not be set"),
        "218" => ("CAPABILITIES", "its capabilities could not be set"),
        "219" => ("CGROUP", "its control group could not be set up"),
        "224" => ("PAM", "its PAM session could not be opened"),
        "225" => ("NETWORK", "its network namespace could not be set up"),
        "226" => ("NAMESPACE", "its mount or user namespace could not be set up"),
        "227" => ("NO_NEW_PRIVILEGES", "NoNewPrivileges could not be set"),
        "228" => ("SECCOMP", "its system call filter could not be set"),
        "233" => ("RUNTIME_DIRECTORY", "its runtime directory could not be created"),
        "238" => ("STATE_DIRECTORY", "its state directory could not be created"),
        "239" => ("CACHE_DIRECTORY", "its cache directory could not be created"),
        "240" => ("LOGS_DIRECTORY", "its log directory could not be created"),
        "241" => ("CONFIGURATION_DIRECTORY", "its configuration directory could not be created"),
        "243" => ("CREDENTIALS", "its credentials could not be set up"),
        _ => return None,
    })
}
