//! What the health query tells, through the real binary: of eight GPUs, of which one is bad.

use std::{
    fs,
    io::{BufRead, BufReader},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    eight_gpus::{LOST, WELL, bad_third, eight, found, rows},
    stub::Stub,
    test::{Test, signal},
};

fn overview(stub: &Stub, arguments: &str) -> Value {
    Test::new(&format!("overview --json {arguments}")).nvidia_smi(stub).any_stdout().status_of_any().json()
}

#[test]
fn each_sign_of_the_query_is_found_on_its_gpu_with_its_severity() {
    let well = overview(&eight(&rows(&[])), "");
    assert_eq!((&well["status"], &well["gpu"]["health"]), (&json!("ok"), &json!("ok")));
    assert_eq!(well["warnings"], json!([]));
    assert_eq!(well["gpu"]["unreported"], json!(["reset_status.reset_required"]));
    assert_eq!(well["gpu"]["gpus"].as_array().unwrap().len(), 8, "the overview has the rows, too");
    for (column, value, code, is_fault) in [
        ("temperature.gpu", "[GPU is lost]", "gpu_lost", true),
        ("temperature.gpu", "[GPU requires reset]", "reset_required", true),
        ("gpu_recovery_action", "Reset", "recovery_action", true),
        ("gpu_recovery_action", "Reboot", "recovery_action", true),
        ("gpu_recovery_action", "Drain and Reset", "recovery_action", true),
        ("ecc.errors.uncorrected.volatile.total", "2", "ecc_uncorrected", true),
        ("remapped_rows.failure", "Yes", "row_remap_failure", true),
        ("fabric.state", "Not Started", "fabric", true),
        ("fabric.state", "state  Not Started", "fabric", true),
        ("fabric.status", "Unknown Error", "fabric", true),
        ("fabric.status", "status Unknown Error", "fabric", true),
        ("remapped_rows.pending", "Yes", "row_remap_pending", false),
        ("retired_pages.pending", "Yes", "retired_pages_pending", false),
        ("gpu_recovery_action", "Drain P2P", "drain_p2p", false),
        ("temperature.gpu", "ERR!", "cell_unreadable", false),
        ("power.draw", "[Unknown Error]", "cell_unreadable", false),
        ("power.draw", "3720564.75", "cell_unreadable", false),
        ("temperature.gpu", "151", "cell_unreadable", false),
        ("utilization.gpu", "101", "cell_unreadable", false),
        ("clocks_event_reasons.hw_thermal_slowdown", "Active", "hw_thermal_slowdown", false),
        ("clocks_event_reasons.hw_power_brake_slowdown", "Active", "hw_power_brake", false),
        ("persistence_mode", "Disabled", "persistence_off", false),
        ("ecc.mode.pending", "Disabled", "pending_change", false),
        ("mig.mode.pending", "Enabled", "pending_change", false),
        ("pcie.link.width.current", "8", "pcie_width", false),
        ("fabric.state", "state  In Progress", "fabric_in_progress", false),
    ] {
        let case = format!("{column} {value}");
        let overview = overview(&eight(&rows(&[(column, value)])), "");
        let expected = vec![(json!(3), json!(code))];
        let (reasons, warnings) = found(&overview);
        let (found, others) = if is_fault { (reasons, warnings) } else { (warnings, reasons) };
        assert_eq!((found, others), (expected, vec![]), "{case}");
        assert_eq!(overview["status"], if is_fault { "degraded" } else { "ok" }, "{case}");
        let health = if is_fault { "fault" } else { "warning" };
        assert_eq!(overview["gpu"]["health"], health, "{case}");
        assert_eq!(overview["gpu"]["gpus"][3]["health"], health, "{case}");
        assert_eq!(overview["gpu"]["gpus"][4]["health"], "ok", "{case}");
        assert_eq!(overview["gpu"]["findings"][0]["uuid"], "GPU-3", "{case}");
    }
}

#[test]
fn what_cannot_be_told_or_is_never_judged_is_no_fault() {
    for changed in [
        // An H100 that nvidia-fabricmanager has not reached, and one without NVSwitch.
        vec![("fabric.state", "In Progress"), ("fabric.status", "N/A")],
        vec![("fabric.state", "state  N/A"), ("fabric.status", "status N/A")],
        vec![("fabric.state", "Not Supported"), ("fabric.status", "Unknown Error")],
        vec![("fabric.state", "[Not Supported]"), ("fabric.status", "[N/A]")],
        // ECC is off; MIG has no remapped rows.
        vec![
            ("ecc.errors.uncorrected.volatile.total", "[N/A]"),
            ("ecc.mode.current", "Disabled"),
            ("ecc.mode.pending", "Disabled"),
        ],
        vec![
            ("mig.mode.current", "Enabled"),
            ("mig.mode.pending", "Enabled"),
            ("remapped_rows.pending", "[N/A]"),
            ("remapped_rows.failure", "[N/A]"),
        ],
        WELL[4..].iter().map(|(column, _)| (*column, "[N/A]")).collect(),
        WELL[4..]
            .iter()
            .map(|(column, _)| (*column, "[Requested functionality has been deprecated]"))
            .collect(),
    ] {
        let overview = overview(&eight(&rows(&changed)), "");
        let (reasons, _) = found(&overview);
        assert_eq!((&overview["status"], reasons), (&json!("ok"), vec![]), "{changed:?}");
    }
}

#[test]
fn a_fabric_is_not_judged_where_its_service_is_masked_and_that_is_allowed() {
    let stuck = eight(&rows(&[("fabric.state", "Not Started")]));
    let masked = Stub::units().unit(
        "nvidia-fabricmanager.service",
        &[("LoadState", "masked"), ("ActiveState", "inactive"), ("SubState", "dead")],
    );
    let allowed = "--masked-ok nvidia-fabricmanager";
    let ask = |arguments: &str, systemctl: &Stub| {
        let test = Test::new(&format!("overview --json {arguments}")).systemctl(systemctl).nvidia_smi(&stuck);
        test.any_stdout().status_of_any().json()
    };
    let without = ask(allowed, &masked);
    assert_eq!((&without["status"], &without["gpu"]["health"]), (&json!("ok"), &json!("ok")));
    // Where the service runs, there is a fabric.
    let with = ask(allowed, &Stub::units());
    assert_eq!(with["reasons"][0]["code"], "fabric");
    assert_eq!(
        (&with["gpu"]["health"], &with["gpu"]["gpus"][3]["health"]),
        (&json!("fault"), &json!("fault"))
    );
    let forbidden = ask("", &masked);
    let reasons: Vec<_> =
        forbidden["reasons"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(reasons.contains(&json!("fabric")) && reasons.contains(&json!("masked")), "{reasons:?}");
}

#[test]
fn remapped_rows_of_older_drivers_come_from_their_own_query() {
    let stub = Stub::gpus().file("remapped", "GPU-bbbb, 1, 0\nGPU-aaaa, 0, 1\nGPU-cccc, 1, 1\n");
    let overview = overview(&stub, "");
    let (reasons, warnings) = found(&overview);
    assert_eq!(reasons, [(json!(0), json!("row_remap_failure"))]);
    assert_eq!(warnings, [(json!(1), json!("row_remap_pending"))]);
    let silent = Stub::gpus().file("remapped", "");
    let unreported = self::overview(&silent, "")["gpu"]["unreported"].clone();
    assert!(unreported.as_array().unwrap().contains(&json!("remapped_rows.failure")), "{unreported}");
}

#[test]
fn a_banner_that_is_well_does_not_hide_a_query_that_fails() {
    let fails = eight("").then(r#"case "$*" in *query*) echo broken >&2; exit 7 ;; esac"#);
    let ran = Test::new("overview --json").nvidia_smi(&fails).any_stdout().status(0);
    let overview = ran.json();
    assert_eq!((&overview["status"], &overview["gpu"]["health"]), (&json!("ok"), &json!("unknown")));
    assert_eq!(found(&overview).1, [(json!(null), json!("gpu_health_unknown"))]);
    assert_eq!(overview["gpu"]["gpus"], json!(null));
    let hangs = Stub::acts(r#"case "$*" in *query*) exec sleep 1000 ;; esac"#).files_of(&eight(""));
    let hangs = Stub::acts(&format!("{}\ncat \"$d/banner\"", hangs.script())).files_of(&hangs);
    let ran = Test::new("overview --json --timeout 1s").nvidia_smi(&hangs).any_stdout().status(0);
    assert_eq!(ran.json()["gpu"]["health"], "unknown");
    assert!(ran.took < Duration::from_secs(10));
    ran.nobody_is_left();
}

#[test]
fn a_banner_that_fails_does_not_hide_rows_that_are_well() {
    for (does, subject) in [("echo broken >&2; exit 7", "unknown"), ("exec sleep 1000", "timeout")] {
        let well = eight(&rows(&[]));
        let stub = Stub::acts(&format!("case \"$*\" in *query*) ;; *) {does} ;; esac\n{}", well.script()));
        let ran = Test::new("overview --json --timeout 2s").nvidia_smi(&stub.files_of(&well)).any_stdout();
        let ran = ran.status(1);
        let overview = ran.json();
        assert_eq!(found(&overview).0, [(json!(null), json!(subject))], "{does}");
        assert_eq!(
            (&overview["gpu"]["status"], &overview["gpu"]["health"]),
            (&json!("error"), &json!("unknown"))
        );
        let gpus = overview["gpu"]["gpus"].as_array().unwrap();
        assert_eq!(gpus.iter().filter(|gpu| gpu["health"] == "ok").count(), 8, "{does}");
        ran.nobody_is_left();
    }
}

#[test]
fn one_gpu_that_cannot_be_opened_does_not_hide_the_others() {
    let lost = bad_third(&format!("echo '{LOST}'; exit 15"));
    // Nothing is known beforehand, so GPU 0 is asked about first, and so on until one does not exist.
    let overview = overview(&lost, "");
    assert_eq!(found(&overview).0, [(json!(3), json!("gpu_lost"))]);
    let gpus = overview["gpu"]["gpus"].as_array().unwrap();
    assert_eq!(gpus.len(), 8);
    assert_eq!(
        (&gpus[3]["index"], &gpus[3]["uuid"], &gpus[3]["health"]),
        (&json!(3), &json!(null), &json!("fault"))
    );
    assert_eq!((&gpus[4]["uuid"], &gpus[4]["health"]), (&json!("GPU-4"), &json!("ok")));
    let shown = Test::new("overview").nvidia_smi(&lost).any_stdout().status(1).stdout();
    assert!(shown.contains(": 1 of 8 GPUs\n"), "{shown}");
    assert!(
        shown.contains("FAULT    7 of 8 healthy: GPU 3 has fallen off the bus (PCI 0000:13:00.0)\n"),
        "{shown}"
    );
    let table = Test::new("gpu").nvidia_smi(&lost).any_stdout().status(1).stdout();
    assert!(table.contains("8 GPUs, driver 590.48.01: 7 healthy, 1 fault\n"), "{table}");
    // The text of all GPUs is one line; those of the others come after it.
    let raw = Test::new("gpu --raw").nvidia_smi(&lost).any_stdout().status(1).stdout();
    assert!(raw.starts_with(LOST) && raw.matches("NVIDIA H100").count() >= 7, "{raw}");
}

#[test]
fn one_gpu_that_hangs_is_ended_and_the_next_is_asked() {
    for hangs in ["exec sleep 1000", "trap '' TERM; while :; do sleep 1000 & wait; done"] {
        // By then the one before has to be gone.
        let looks = "case \"$*\" in *\"-i 4\")
            kill -0 \"$(grep -e '-i.3$' \"$d/asked\" | head -n 1 | cut -f1)\" && : >\"$d/beside\" ;; esac";
        let third = bad_third(hangs);
        let stub = Stub::acts(&format!("{looks}\n{}", third.script())).files_of(&third);
        let ran = Test::new("overview --json --timeout 8s").nvidia_smi(&stub).any_stdout().status(1);
        assert!(!ran.programs.file("nvidia-smi", "beside").exists(), "{hangs}");
        let overview = ran.json();
        let (reasons, _) = found(&overview);
        assert_eq!(reasons, [(json!(3), json!("gpu_unreadable"))], "{hangs}");
        let text = overview["reasons"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("did not answer within "), "{text}");
        let gpus = overview["gpu"]["gpus"].as_array().unwrap();
        let health: Vec<_> = gpus.iter().map(|gpu| gpu["health"].as_str().unwrap()).collect();
        assert_eq!(health, ["ok", "ok", "ok", "fault", "ok", "ok", "ok", "ok"], "{hangs}");
        assert_eq!(overview["gpu"]["error"]["error"], "timeout", "{hangs}");
        assert!(ran.took < Duration::from_secs(30));
        ran.nobody_is_left();
    }
}

#[test]
fn the_last_gpu_may_hang_as_well() {
    let well = eight(&rows(&[]));
    let script = format!(
        "case \"$*\" in *\"-i 7\") exec sleep 1000 ;; *\"-i \"*) ;; *) exec sleep 1000 ;; esac\n{}",
        well.script()
    );
    let last = Stub::acts(&script).files_of(&well);
    let ran = Test::new("overview --json --timeout 4s").nvidia_smi(&last).any_stdout().status(1);
    assert_eq!(found(&ran.json()).0, [(json!(7), json!("gpu_unreadable"))]);
    ran.nobody_is_left();
}

#[test]
fn where_all_hang_nothing_is_said_of_any() {
    let hangs = Stub::acts("exec sleep 1000");
    let ran = Test::new("overview --json --timeout 2s").nvidia_smi(&hangs).any_stdout().status(1);
    let overview = ran.json();
    assert_eq!(found(&overview).0, [(json!(null), json!("timeout"))]);
    assert_eq!(overview["gpu"]["health"], "unknown");
    assert!(ran.took < Duration::from_secs(20));
}

#[test]
fn watching_shows_a_gpu_that_becomes_bad_and_well_again() {
    let (mut child, programs) =
        Test::new("overview --watch 100ms --json --gpu-health-age 0").nvidia_smi(&eight(&rows(&[]))).start();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |health: &str| {
        let has_it = |line: &String| line.contains(&format!("\"health\":\"{health}\",\"health_age_ms\""));
        lines.by_ref().map(Result::unwrap).take(100).any(|line| has_it(&line))
    };
    assert!(until("ok"));
    let csv = programs.file("nvidia-smi", "csv");
    fs::write(&csv, rows(&[("remapped_rows.failure", "Yes")])).unwrap();
    assert!(until("fault"));
    fs::write(&csv, rows(&[])).unwrap();
    assert!(until("ok"));
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
