//! The log line that most likely tells why a service ended badly.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    server::Server,
    stub::{Stub, entry, entry_of},
    test::Test,
};

/// Each test's entries are this many seconds after `stub::entry`'s moment, 2026-11-22T01:14:51.508359Z; the
/// main process started ten seconds after it.
const STARTED: (&str, &str) = ("ExecMainStartTimestamp", "Sun 2026-11-22 01:15:01.508359 UTC");

const FAILED: [(&str, &str); 6] = [
    ("ActiveState", "failed"),
    ("SubState", "failed"),
    ("Result", "exit-code"),
    ("ExecMainCode", "1"),
    ("ExecMainStatus", "1"),
    STARTED,
];

fn failed() -> Stub {
    Stub::units().unit("k3s.service", &FAILED)
}

#[track_caller]
fn last_log(newest_first: &[String]) -> Value {
    let ran = Test::new("overview --json")
        .systemctl(&failed())
        .journalctl(&Stub::prints(newest_first.concat()))
        .any_stdout()
        .asked_times(5)
        .status(1);
    ran.json()["reasons"][0]["last_log"].clone()
}

#[test]
fn the_line_of_the_unit_comes_before_those_of_systemd() {
    let line = last_log(&[
        entry_of(1, 15, 3, "Failed to start k3s.service."),
        entry_of(1, 14, 4, "k3s.service: Failed with result 'exit-code'."),
        entry(13, 6, "quote verification failed: TCB level out of date"),
        entry(12, 6, "starting"),
    ]);
    assert_eq!(
        line,
        json!({
            "timestamp": "2026-11-22T01:15:04.508359Z",
            "priority": 6,
            "message": "quote verification failed: TCB level out of date"
        })
    );
}

#[test]
fn an_error_comes_before_newer_lines_of_less_weight() {
    let message = |lines: &[String]| last_log(lines)["message"].clone();
    let lines = [
        entry(15, 6, "bye"),
        entry(14, 4, "careful"),
        entry(13, 3, "the newest error"),
        entry(12, 2, "an older one"),
    ];
    assert_eq!(message(&lines), "the newest error");
    assert_eq!(message(&lines[..2]), "bye");
    // What was logged before the run that ended is another run's.
    let before = [entry(13, 6, "of this run"), entry(9, 3, "of the last run")];
    assert_eq!(message(&before), "of this run");
    // systemd's, only where there is no other.
    let of_systemd = [entry_of(1, 15, 3, "Failed to start"), entry_of(1, 14, 5, "Failed with result")];
    assert_eq!(message(&of_systemd), "Failed to start");
    assert_eq!(last_log(&[entry(9, 3, "of the last run")]), Value::Null);
    assert_eq!(last_log(&[]), Value::Null);
}

#[test]
fn where_the_main_process_did_not_start_again_the_lines_of_the_last_attempt_come_first() {
    let attempted = [&FAILED[..], &[("ConditionTimestamp", "Sun 2026-11-22 01:15:05.000000 UTC")]].concat();
    let message = |lines: &[String]| {
        let ran = Test::new("overview --json")
            .systemctl(&Stub::units().unit("k3s.service", &attempted))
            .journalctl(&Stub::prints(lines.concat()))
            .any_stdout()
            .status(1);
        ran.json()["reasons"][0]["last_log"]["message"].clone()
    };
    let lines = [
        entry_of(1, 16, 3, "Failed to start"),
        entry(15, 6, "ExecStartPre's own"),
        entry(12, 3, "an error of the run before"),
    ];
    assert_eq!(message(&lines), "ExecStartPre's own");
    // An attempt that logged nothing, such as one that the start limit refused.
    assert_eq!(message(&[lines[0].clone(), lines[2].clone()]), "an error of the run before");
}

#[test]
fn a_line_that_is_older_than_the_noted_start_by_a_moment_is_of_that_run() {
    // The entry of second 10 is of the very microsecond of the noted start; this start was noted 50 ms later.
    let case = |attempted: &str| {
        let changed = [
            ("ConditionTimestamp", attempted),
            ("ExecMainStartTimestamp", "Sun 2026-11-22 01:15:01.558359 UTC"),
        ];
        let failed = [&FAILED[..5], &changed].concat();
        let ran = Test::new("overview --json")
            .systemctl(&Stub::units().unit("k3s.service", &failed))
            .journalctl(&Stub::prints(entry(10, 6, "why")))
            .any_stdout()
            .status(1);
        ran.json()["reasons"][0]["last_log"]["message"].clone()
    };
    assert_eq!(case("Sun 2026-11-22 01:15:01.500000 UTC"), "why");
    assert_eq!(case("Sun 2026-11-22 01:15:00.000000 UTC"), "why");
    assert_eq!(case("Sun 2026-11-22 01:15:01.540000 UTC"), Value::Null, "of the run before");
    assert_eq!(case(""), Value::Null);
}

#[test]
fn a_message_is_cut_at_512_bytes_and_a_character() {
    let line = last_log(&[entry(13, 3, &format!("x{}", "é".repeat(400)))]);
    assert_eq!(line["message"], format!("x{}", "é".repeat(255)));
    let two_lines = entry(13, 3, "\nfirst\nsecond\u{1b}[31m");
    let shown = Test::new("overview")
        .systemctl(&failed())
        .journalctl(&Stub::prints(&two_lines))
        .any_stdout()
        .status(1)
        .stdout();
    // An old one has its date.
    assert!(shown.contains("\n     2026-11-22 01:15:04 first\n"), "{shown}");
    let traceback = entry(13, 3, "Traceback (most recent call last):\n  File x\nKeyError: 'quote'");
    let shown = Test::new("overview")
        .systemctl(&failed())
        .journalctl(&Stub::prints(&traceback))
        .any_stdout()
        .status(1);
    assert!(shown.stdout().contains("01:15:04 KeyError: 'quote'\n"), "{}", shown.stdout());
    // Messages that say nothing are passed over, and long ones are read whatever --max-output is.
    let empty = entry(13, 3, "\n\n") + &entry(12, 6, "why");
    assert_eq!(last_log(&[empty])["message"], "why");
    let long = Test::new("overview --json --max-output 1024")
        .systemctl(&failed())
        .journalctl(&Stub::prints(entry(13, 3, &"x".repeat(30_000)) + &entry(12, 6, "boring")))
        .any_stdout()
        .status(1);
    assert_eq!(long.json()["reasons"][0]["last_log"]["message"], "x".repeat(512));
}

#[test]
fn what_ended_badly_gets_a_line_and_nothing_else() {
    fn case(properties: &[(&str, &str)], is_asked: bool) {
        let units = Stub::units().unit("k3s.service", properties);
        let ran = Test::new("overview --json")
            .systemctl(&units)
            .journalctl(&Stub::prints(entry(13, 3, "why")))
            .any_stdout()
            .status_of_any();
        let journal = ran.programs.asked().iter().filter(|command| command[0] == "journalctl").count();
        assert_eq!(journal, usize::from(is_asked), "{properties:?}");
        for reason in ran.json()["reasons"].as_array().unwrap() {
            assert_eq!(reason["last_log"].is_object(), is_asked, "{reason}");
        }
    }
    case(&FAILED, true);
    case(&[("LoadState", "masked"), ("ActiveState", "failed")], true);
    case(&[("LoadState", "not-found"), ("ActiveState", "failed")], true);
    case(&[("ActiveState", "activating"), ("SubState", "auto-restart")], true);
    case(&[("SubState", "exited"), ("ExecMainCode", "1"), ("ExecMainStatus", "1")], true);
    case(&[("ActiveState", "inactive"), ("Result", "timeout")], true);
    case(&[("ActiveState", "inactive")], false);
    case(&[("ActiveState", "activating"), ("SubState", "start")], false);
    case(&[("LoadState", "masked")], false);
    case(&[], false);
}

#[test]
fn the_four_worst_get_a_line() {
    let mut units = failed();
    for unit in ["admission-controller", "system-manager", "attestation-service", "nvidia-persistenced"] {
        units = units.unit(&format!("{unit}.service"), &FAILED);
    }
    let ran = Test::new("overview --json")
        .systemctl(&units)
        .journalctl(&Stub::prints(entry(13, 3, "why")))
        .any_stdout()
        .asked_times(8)
        .status(1);
    let overview = ran.json();
    let lines =
        overview["reasons"].as_array().unwrap().iter().filter(|reason| reason["last_log"].is_object());
    assert_eq!(lines.count(), 4);
}

#[test]
fn a_slow_or_closed_journal_costs_little_and_is_no_error() {
    let slow = Stub::acts("exec sleep 10");
    let began = Instant::now();
    let ran = Test::new("overview --json").systemctl(&failed()).journalctl(&slow).any_stdout().status(1);
    assert_eq!(ran.json()["reasons"][0]["last_log"], Value::Null);
    // Ten times what is promised.
    assert!(began.elapsed() < Duration::from_secs(6));
    ran.nobody_is_left();
    // What came before the time was up is an answer: it is the newest.
    let halting = Stub::acts(r#"cat "$d/line"; exec sleep 10"#).file("line", entry(13, 3, "why"));
    let ran = Test::new("overview --json").systemctl(&failed()).journalctl(&halting).any_stdout().status(1);
    assert_eq!(ran.json()["reasons"][0]["last_log"]["message"], "why");
    let closed =
        Stub::acts("echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1");
    let ran = Test::new("overview --json").systemctl(&failed()).journalctl(&closed).any_stdout().status(1);
    assert_eq!(
        (&ran.json()["reasons"][0]["last_log"], ran.json()["reasons"][0]["code"].as_str()),
        (&Value::Null, Some("failed"))
    );
    let ran = Test::new("overview --json").systemctl(&failed()).without("journalctl").any_stdout().status(1);
    assert_eq!(ran.json()["reasons"][0]["last_log"], Value::Null);
}

#[test]
fn it_can_be_switched_off() {
    for (flag, variable) in [("--last-log off", ""), ("", "off")] {
        let ran = Test::new(&format!("overview --json {flag}"))
            .environment("LAST_LOG", variable)
            .systemctl(&failed())
            .any_stdout()
            .asked_times(4)
            .status(1);
        assert!(ran.json()["reasons"][0].get("last_log").is_none());
    }
    Test::new("overview --last-log maybe")
        .stderr("sek8s-status: `--last-log` is `maybe`: it must be `on` or `off`\n")
        .asked_nothing()
        .status(2);
}

#[test]
fn a_service_that_stays_failed_is_asked_about_once_for_an_invocation() {
    let journal = Stub::prints(entry(13, 3, "why"));
    let server =
        Server::start(Test::new("serve --listen 127.0.0.1:0").systemctl(&failed()).journalctl(&journal));
    let asked = || server.programs().asked().iter().filter(|command| command[0] == "journalctl").count();
    let why = || server.get("/overview").json()["reasons"][0]["last_log"]["message"].clone();
    for _ in 0..3 {
        assert_eq!(why(), "why");
    }
    assert_eq!(asked(), 1);
    let again = [&FAILED[..], &[("InvocationID", "fedcba9876543210fedcba9876543210")]].concat();
    fs::write(
        server.programs().file("systemctl", "k3s.service"),
        crate::stub::unit_properties("k3s.service", &again),
    )
    .unwrap();
    assert_eq!(why(), "why");
    assert_eq!(asked(), 2);
}

#[test]
fn over_http_the_lines_go_through_the_shared_runs() {
    // All seven failed, so four lines are wanted, and two clients ask for an overview at the same time.
    let mut units = Stub::units();
    for service in sek8s_status::service::all() {
        units = units.unit(service.unit(), &FAILED);
    }
    let journal = Stub::prints(entry(13, 3, "why"));
    let test = Test::new("serve --listen 127.0.0.1:0 --max-age 60s").systemctl(&units).journalctl(&journal);
    let server = Server::start(test);
    for _ in 0..2 {
        let overview = server.get("/overview").json();
        let lines =
            overview["reasons"].as_array().unwrap().iter().filter(|reason| reason["last_log"].is_object());
        assert_eq!(lines.count(), 4);
    }
    assert_eq!(server.programs().asked().len(), 8, "{:?}", server.programs().asked());
}
