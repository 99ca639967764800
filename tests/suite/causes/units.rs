//! Why the state of a unit is not known, and what systemd says of one that is unwell.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    server::Server,
    stub::{Stub, unit_properties},
    test::{Test, eventually},
};

const OLD: &str = "echo \"systemctl: unrecognized option '--timestamp=us+utc'\" >&2; exit 1";

/// Standard output of a run whose exit status does not matter here.
fn shown(arguments: &str, systemctl: &Stub) -> String {
    Test::new(arguments).systemctl(systemctl).any_stdout().status_of_any().stdout()
}

fn reasons(systemctl: &Stub) -> Vec<Value> {
    let overview = Test::new("overview --json").systemctl(systemctl).any_stdout().status(1).json();
    overview["reasons"].as_array().unwrap().clone()
}

fn text_of(properties: &[(&str, &str)]) -> (String, String) {
    let reasons = reasons(&Stub::units().unit("k3s.service", properties));
    let text = |name: &str| reasons[0][name].as_str().unwrap().to_owned();
    (text("code"), text("text"))
}

#[test]
fn one_cause_is_shown_once_with_the_words_of_the_program_and_a_step_that_helps() {
    let old = Stub::acts(OLD);
    let cause = "all seven services  `systemctl` exited with status 1: systemctl: unrecognized option \
                 '--timestamp=us+utc'\n";
    for arguments in ["overview", "status"] {
        let shown = shown(arguments, &old);
        assert!(shown.contains(cause), "{shown}");
        assert_eq!(shown.matches("unrecognized option").count(), 1, "{shown}");
    }
    let overview = shown("overview", &old);
    assert!(overview.ends_with("\nNext: upgrade systemd: version 247 or later is required\n"), "{overview}");
    let no_bus = Stub::acts("echo 'Failed to connect to bus: No such file or directory' >&2; exit 1");
    let overview = shown("overview", &no_bus);
    assert!(overview.contains("Failed to connect to bus: No such file or directory\n"), "{overview}");
    assert!(overview.ends_with("\nNext: sek8s-status privileges\n"), "{overview}");
}

#[test]
fn unreadable_output_is_shown_with_what_was_printed() {
    let overview = shown("overview", &Stub::prints("bash: systemctl: disabled on this host\n"));
    assert!(
        overview.contains(
            "all seven services  could not parse the output of `systemctl`: bash: systemctl: \
             disabled on this host\n"
        ),
        "{overview}"
    );
    assert!(overview.ends_with("\nNext: sek8s-status privileges\n"), "{overview}");
}

#[test]
fn two_causes_are_shown_as_two() {
    // Nothing fits, so that each unit is asked for by itself; one of them fails in another way.
    let mixed = Stub::acts(
        r#"if [ $# -gt 6 ]; then echo garbage; exit 1; fi
        for unit; do :; done
        if [ "$unit" = k3s.service ]; then echo 'out of luck' >&2; exit 2; fi
        echo 'out of order' >&2; exit 1"#,
    );
    let overview = shown("overview", &mixed);
    let others = "admission-controller, system-manager, attestation-service, nvidia-persistenced, \
                  nvidia-fabricmanager, infiniband-config";
    assert!(
        overview.contains(&format!("{others}  `systemctl` exited with status 1: out of order\n")),
        "{overview}"
    );
    assert!(
        overview.lines().any(|line| line.starts_with("k3s  ")
            && line.ends_with("`systemctl` exited with status 2: out of luck")),
        "{overview}"
    );
}

#[test]
fn a_cause_that_names_another_unit_each_time_is_one_cause() {
    let denied = Stub::acts(
        r#"for unit; do :; done
        echo garbage; echo "Failed to get properties of unit $unit: Access denied" >&2; exit 1"#,
    );
    let overview = shown("overview", &denied);
    assert!(
        overview.contains(
            "all seven services  `systemctl` exited with status 1: Failed to get properties of unit \
             admission-controller.service: Access denied (and 6 more like it)\n"
        ),
        "{overview}"
    );
}

#[test]
fn a_warning_among_the_units_takes_no_unit_away() {
    let warns = Stub::units().then("printf '\\nWarning: the unit file changed on disk\\n'");
    let ran = Test::new("overview --json").systemctl(&warns).any_stdout().asked_times(4).status(0);
    assert_eq!(ran.json()["status"], "ok");
}

#[test]
fn an_exit_status_over_128_is_no_signal() {
    let odd = Stub::acts("echo boom >&2; exit 255");
    Test::new("status k3s")
        .systemctl(&odd)
        .stderr("sek8s-status: `systemctl` exited with status 255: boom; see `sek8s-status privileges`\n")
        .status(2);
    let killed = Stub::acts("kill -SEGV $$");
    Test::new("status k3s").systemctl(&killed).stderr_holds("`systemctl` was killed by signal 11").status(2);
}

#[test]
fn the_log_of_serve_has_the_cause_once_for_a_run_and_no_document_has_it() {
    let mut test = Test::new("serve --listen 127.0.0.1:0 --max-age 60s").systemctl(&Stub::acts(OLD));
    test = test.environment("MAX_AGE", "60");
    let server = Server::start(test);
    for _ in 0..3 {
        let answer = server.get("/overview");
        assert_eq!(answer.status, 200);
        assert!(!String::from_utf8_lossy(&answer.body).contains("unrecognized"));
    }
    let cause = "`systemctl` exited with status 1: systemctl: unrecognized option";
    eventually("the operator knows", || server.said().contains(cause));
    assert_eq!(server.said().matches(cause).count(), 1, "{}", server.said());
}

#[test]
fn a_complete_answer_stands_however_systemctl_ends_after_it() {
    for end in ["exit 1", "exit 4", "kill -SEGV $$", "exec sleep 1000"] {
        let bad = Stub::units().then(end);
        let ran = Test::new("overview --json --timeout 3s").systemctl(&bad).any_stdout().status(0);
        assert_eq!(ran.json()["status"], "ok", "{end}");
        assert_eq!(ran.programs.asked().len(), 4, "{end}: it is not asked again");
        ran.nobody_is_left();
        Test::new("status k3s --json --timeout 3s").systemctl(&bad).any_stdout().asked_times(1).status(0);
    }
    // One that breaks off within a unit is none.
    let cut = unit_properties("k3s.service", &[]);
    let cut = &cut[..cut.find("ActiveState").unwrap()];
    for end in ["exit 1", "kill -SEGV $$"] {
        let broken = Stub::acts(&format!(r#"cat "$d/cut"; {end}"#)).file("cut", cut);
        let ran = Test::new("status k3s --json")
            .systemctl(&broken)
            .any_stdout()
            .stderr_holds("systemctl")
            .status(2);
        assert_eq!(ran.json()["detail"]["error"], "command_failed");
    }
}

#[test]
fn a_load_state_never_hides_the_active_state() {
    let running = [("LoadState", "masked")];
    assert_eq!(
        text_of(&running),
        ("masked".to_owned(), "masked; still running since 2026-11-24 11:51:44 UTC".to_owned())
    );
    let row = shown("overview", &Stub::units().unit("k3s.service", &running));
    assert!(row.contains("masked, active (running)"), "{row}");
    let killed = [
        ("LoadState", "not-found"),
        ("ActiveState", "failed"),
        ("SubState", "failed"),
        ("Result", "signal"),
        ("ExecMainCode", "2"),
        ("ExecMainStatus", "9"),
    ];
    assert_eq!(
        text_of(&killed),
        (
            "not_found".to_owned(),
            "its unit file is missing; failed at 2026-11-24 11:51:44 UTC: killed by signal 9 (SIGKILL)"
                .to_owned()
        )
    );
}

#[test]
fn a_skipped_start_is_not_called_a_stop() {
    let skipped = [
        ("ActiveState", "inactive"),
        ("SubState", "dead"),
        ("ConditionResult", "no"),
        ("ConditionTimestamp", "Tue 2026-11-24 12:00:00.000001 UTC"),
    ];
    let (code, text) = text_of(&skipped);
    assert_eq!(code, "condition_not_met");
    assert_eq!(
        text,
        "its start was skipped at 2026-11-24 12:00:00 UTC: a condition was not met (Condition…=)"
    );
}

#[test]
fn a_unit_file_that_systemd_has_not_read_is_a_warning() {
    let changed = Stub::units().unit("k3s.service", &[("NeedDaemonReload", "yes")]);
    let overview = Test::new("overview --json").systemctl(&changed).any_stdout().status(0).json();
    assert_eq!(overview["status"], "ok");
    assert_eq!(
        overview["warnings"],
        json!([{
            "subject": "k3s",
            "code": "daemon_reload_needed", "gpu": null,
            "text": "its unit file changed after systemd loaded it: run `systemctl daemon-reload`",
            "last_log": null
        }])
    );
    let shown = shown("status k3s", &changed);
    assert!(shown.contains("run `systemctl daemon-reload`"), "{shown}");
}

#[test]
fn a_time_ahead_of_the_clock_is_not_no_time() {
    let hour = Duration::from_hours(1);
    let ahead = jiff::Timestamp::now() + 3 * hour + Duration::from_secs(30);
    let ahead = ahead.strftime("%a %Y-%m-%d %H:%M:%S.000000 UTC").to_string();
    let units = Stub::units().unit("k3s.service", &[("StateChangeTimestamp", &ahead)]);
    let table = shown("status", &units);
    let row = table.lines().find(|line| line.starts_with("k3s")).unwrap();
    assert!(row.contains("  3 h ahead  "), "{row}");
    let one = shown("status k3s", &units);
    assert!(one.contains("(3 h ahead of the clock)"), "{one}");
}

#[test]
fn a_unit_that_exited_by_a_signal_says_so() {
    let exited = [("SubState", "exited"), ("ExecMainCode", "2"), ("ExecMainStatus", "15")];
    assert_eq!(
        text_of(&exited),
        ("exit_status".to_owned(), "killed by signal 15 (SIGTERM) at 2026-11-24 11:51:44 UTC".to_owned())
    );
}
