//! `check` and `wait`.

use std::time::{Duration, Instant};

use crate::{
    stub::Stub,
    test::{Test, eventually, signal},
};

fn failed(id: &str) -> Stub {
    let failed = [
        ("ActiveState", "failed"),
        ("SubState", "failed"),
        ("Result", "exit-code"),
        ("ExecMainCode", "1"),
        ("ExecMainStatus", "1"),
    ];
    Stub::units().unit(&format!("{id}.service"), &failed)
}

#[track_caller]
fn checks(test: Test, status: i32, expected: &str) {
    let ran = test.any_stdout().status(status);
    assert_eq!(ran.stdout(), format!("{expected}\n"));
}

#[test]
fn a_check_is_one_line_with_the_code_of_its_convention() {
    let numbers = "services_unhealthy=0;;0;0;7 gpus=2;;;0 gpus_faulty=0;;0;0";
    checks(Test::new("check"), 0, &format!("SEK8S OK: 7 services and 2 GPUs healthy | {numbers}"));
    checks(Test::new("check --format npd"), 0, "7 services and 2 GPUs healthy");
    checks(Test::new("check k3s"), 0, &format!("SEK8S OK: 1 service healthy | {numbers}"));
    checks(Test::new("check gpu"), 0, &format!("SEK8S OK: 2 GPUs healthy | {numbers}"));

    let one = "services_unhealthy=1;;0;0;7 gpus=2;;;0 gpus_faulty=0;;0;0";
    let text = "k3s failed at 2026-11-24 11:51:44 UTC: exited with status 1";
    checks(Test::new("check").systemctl(&failed("k3s")), 2, &format!("SEK8S CRITICAL: {text} | {one}"));
    checks(Test::new("check --format npd").systemctl(&failed("k3s")), 1, text);
    checks(Test::new("check gpu").systemctl(&failed("k3s")), 0, &format!("SEK8S OK: 2 GPUs healthy | {one}"));
    let no_driver = Stub::acts("echo \"couldn't communicate with the NVIDIA driver\"; exit 9");
    let ran = Test::new("check").systemctl(&failed("k3s")).nvidia_smi(&no_driver).any_stdout().status(2);
    assert!(ran.stdout().contains(" (+1 more) | services_unhealthy=1;;0;0;7\n"), "{}", ran.stdout());
}

#[test]
fn a_warning_is_a_state_of_its_own_but_what_is_allowed_is_not() {
    let pending = Stub::gpus().file("remapped", "GPU-aaaa, 1, 0\n");
    let ran = Test::new("check").nvidia_smi(&pending).any_stdout().status(1);
    assert!(ran.stdout().starts_with("SEK8S WARNING: gpu 0 row remapping is pending | "), "{}", ran.stdout());
    Test::new("check --format npd").nvidia_smi(&pending).any_stdout().status(0);
    let masked = Stub::units().unit(
        "nvidia-fabricmanager.service",
        &[("LoadState", "masked"), ("ActiveState", "inactive"), ("SubState", "dead")],
    );
    Test::new("check --masked-ok nvidia-fabricmanager").systemctl(&masked).any_stdout().status(0);
    Test::new("check").systemctl(&masked).any_stdout().status(2);
}

#[test]
fn what_cannot_be_told_is_unknown_also_for_wrong_usage() {
    let dead = Stub::acts("echo 'Failed to connect to bus' >&2; exit 1");
    let blind = || Test::new("check").systemctl(&dead).without("nvidia-smi");
    let ran = blind().any_stdout().status(3);
    assert!(ran.stdout().starts_with("SEK8S UNKNOWN: "), "{}", ran.stdout());
    assert_eq!(ran.stdout().lines().count(), 1);
    blind().argument("--format").argument("npd").any_stdout().status(2);
    for wrong in ["check sshd", "check --format xml", "check --bogus", "check --timeout never"] {
        let ran = Test::new(wrong).any_stdout().status(3);
        assert!(ran.stdout().starts_with("SEK8S UNKNOWN: "), "{wrong}: {}", ran.stdout());
        assert_eq!(ran.stdout().lines().count(), 1, "{wrong}");
    }
    Test::new("check --help").any_stdout().status(0);
}

#[test]
fn npd_gets_at_most_80_bytes_of_whole_characters() {
    let long = "é".repeat(200);
    let stub = Stub::acts("echo \"couldn't communicate with the NVIDIA driver\"; exit 9");
    let units = Stub::units().unit("k3s.service", &[("LoadState", "not-found"), ("ActiveState", &long)]);
    let ran = Test::new("check --format npd").systemctl(&units).nvidia_smi(&stub).any_stdout().status(1);
    assert!(ran.stdout().trim_end().len() <= 80, "{}", ran.stdout());
}

#[test]
fn waiting_ends_when_the_goal_is_reached() {
    Test::new("wait").any_stdout().status(0);
    // Healthy from the third time on.
    let stub = failed("k3s");
    let script = format!(
        "echo x >>\"$d/turns\"; [ \"$(wc -l <\"$d/turns\")\" -lt 3 ] || rm -f \"$d/k3s.service\"\n{}",
        stub.script()
    );
    let heals = Stub::acts(&script).files_of(&stub);
    let ran = Test::new("wait --interval 100ms --within 1m")
        .systemctl(&heals)
        .stderr_holds("waiting: k3s failed at ")
        .status(0);
    assert_eq!(ran.stdout(), "");
    let said = String::from_utf8(ran.output.stderr.clone()).unwrap();
    assert_eq!(said.lines().count(), 1, "a line for each change: {said}");
    assert!(said.starts_with("waiting: k3s failed at "), "{said}");
}

#[test]
fn waiting_ends_when_time_is_up_and_says_what_is_left() {
    let wait = |arguments: &str| Test::new(&format!("wait --interval 100ms --within 300ms {arguments}"));
    let begin = Instant::now();
    let ran = wait("--quiet").systemctl(&failed("k3s")).any_stdout().status(1);
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(ran.stdout().starts_with("k3s failed at "), "{}", ran.stdout());
    wait("--quiet gpu").systemctl(&failed("k3s")).any_stdout().status(0);
    wait("--quiet --for answer").systemctl(&failed("k3s")).any_stdout().status(0);
    let no_gpu = Stub::acts("exit 9");
    wait("--quiet --for healthy").nvidia_smi(&no_gpu).any_stdout().status(0);
    wait("--quiet").nvidia_smi(&no_gpu).any_stdout().status(1);
    let dead = Stub::acts("exit 1");
    wait("--quiet --for answer").systemctl(&dead).any_stdout().status(2);
}

#[test]
fn waiting_asks_for_the_health_of_the_gpus_no_more_often_than_it_may() {
    let wait = |age: &str| {
        let ran = Test::new(&format!("wait --quiet --interval 100ms --within 2s --gpu-health-age {age}"))
            .systemctl(&failed("k3s"))
            .any_stdout()
            .status(1);
        let asked = ran.programs.asked();
        let of =
            |word: &str| asked.iter().filter(|line| line.iter().any(|one| one.starts_with(word))).count();
        (of("--query-gpu"), of("show"))
    };
    let (health, polls) = wait("1h");
    assert!(health == 1 && polls > 2, "{health} of {polls}");
    let (health, polls) = wait("0");
    assert!(health > 2 && polls > 2, "{health} of {polls}");
}

#[test]
fn waiting_in_a_way_that_cannot_be_is_refused_in_one_line() {
    for (arguments, says) in [
        ("--within never", "it must be a duration of at most 24h, such as `5m`"),
        ("--interval 1ms", "it must be a duration from 100ms to 1h, such as `2s`"),
        ("--for ever", "invalid value 'ever'"),
        ("sshd", "unknown service `sshd`"),
    ] {
        let ran = Test::new(&format!("wait {arguments}")).stderr_holds(says).asked_nothing().status(2);
        assert_eq!(ran.stdout(), "", "{arguments}");
    }
}

#[test]
fn a_signal_ends_waiting_at_once() {
    let (mut child, programs) =
        Test::new("wait --quiet --interval 1h --within 24h").systemctl(&failed("k3s")).start();
    eventually("it has asked", || programs.asked().len() >= 4);
    signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}
