//! The demo: recordings that anybody can look at, and that nobody gets without asking.

use std::process::Command;

use crate::test::{BINARY, Test, document};

#[test]
fn the_demo_shows_a_degraded_machine_on_any_machine_and_starts_nothing() {
    let test =
        Test::new("overview --demo --json").without("systemctl").without("journalctl").without("nvidia-smi");
    let overview = test.any_stdout().asked_nothing().status(1).json();
    assert_eq!(overview["status"], "degraded");
    assert_eq!(overview["demo"], true);
    assert_eq!(overview["gpu"]["status"], "ok");
    let unhealthy: Vec<_> = overview["services"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|service| service["healthy"] == false)
        .collect();
    assert_eq!(unhealthy.len(), 1);
    assert_eq!(overview["reasons"].as_array().unwrap().len(), 1);
    assert_eq!(overview["reasons"][0]["subject"], unhealthy[0]["service"]["id"]);
}

#[test]
fn every_subcommand_has_a_demo_that_says_so_on_the_terminal() {
    for arguments in
        ["status", "status k3s", "logs k3s", "gpu", "gpu --raw", "gpu --detail --gpu 3", "overview"]
    {
        for arguments in [format!("{arguments} --demo"), format!("--demo {arguments}")] {
            let ran = Test::new(&arguments).any_stdout().stderr_holds("").asked_nothing().status_of_any();
            assert!(ran.stdout().starts_with("DEMO: recorded answers, not this machine\n"), "{arguments}");
        }
    }
    for service in sek8s_status::service::all() {
        let logs = Test::new(&format!("logs {} --demo --json", service.id())).any_stdout().status(0).json();
        assert!(logs["returned_lines"].as_u64().unwrap() >= 10, "{}", service.id());
    }
}

#[test]
fn the_demo_honours_lines_windows_and_indices() {
    let lines = |arguments: &str| {
        Test::new(&format!("logs k3s --demo --json {arguments}")).any_stdout().status(0).json()["returned_lines"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(lines("-n 3"), 3);
    assert!(lines("--since 1h") <= lines("--since 24h"));
    assert_eq!(lines("--since 1s"), 0);
    let gpus = |arguments: &str| {
        let ran = Test::new(&format!("gpu --demo --json --parsed {arguments}")).any_stdout().status(0);
        ran.json()["gpus"].as_array().unwrap().len()
    };
    assert_eq!((gpus(""), gpus("--gpu 3")), (8, 1));
    let gpu = Test::new("gpu --demo --json --gpu 8").any_stdout().status(1).json();
    assert_eq!(gpu["reason"], "no_devices");
}

#[test]
fn following_the_demo_ends_after_the_last_entry() {
    let ran = Test::new("logs k3s -f -n 2 --demo --json").any_stdout().asked_nothing().status(0);
    let lines: Vec<_> = ran.stdout().lines().map(|line| document(format!("{line}\n").as_bytes())).collect();
    assert_eq!(lines.len(), 2);
}

#[test]
fn nothing_of_the_demo_is_reached_without_the_flag() {
    let overview = Test::new("overview --json").any_stdout().status(0);
    assert!(overview.json().get("demo").is_none());
    let empty =
        Command::new(BINARY).args(["overview", "--json", "--program-path", "/nowhere"]).output().unwrap();
    assert_eq!(document(&empty.stdout)["gpu"]["error"]["error"], "missing_binary");
    assert!(!String::from_utf8_lossy(&empty.stdout).contains("H100"));
}
