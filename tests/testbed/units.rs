//! What systemd really says of units.

use serde_json::json;

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[
    ("all seven are healthy and the overview is ok", all_healthy),
    ("a failed unit is unhealthy, says why, and is healthy again once it runs", failed),
    ("a masked unit is unhealthy unless it may be masked", masked),
    ("a stopped unit is unhealthy", stopped),
    ("a oneshot that has exited is healthy", oneshot),
    ("a unit that is not installed says so", not_found),
    ("an alias answers under its own id", alias),
    ("a program that cannot be executed and a user that does not exist are explained", explained),
    ("without a system bus there is an error and never an empty answer", no_bus),
    ("a condition skips a unit while a GPU has a fault, which wait --for answer does not mind", conditions),
    ("one overview starts four processes", four_processes),
];

const IDS: [&str; 7] = [
    "admission-controller",
    "system-manager",
    "attestation-service",
    "k3s",
    "nvidia-persistenced",
    "nvidia-fabricmanager",
    "infiniband-config",
];

/// The packaged drop-in, for a unit that needs the GPUs.
fn conditions(bed: &Bed) {
    let drop_in = include_str!("../../packaging/monitoring/exec-condition.conf");
    let drop_in = drop_in.replace("/usr/bin/sek8s-status", bed.binary());
    bed.sh(&format!(
        "mkdir -p /etc/systemd/system/work.service.d
        printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n' >/run/systemd/system/work.service
        cat >/etc/systemd/system/work.service.d/gpu.conf <<'EOF'\n{drop_in}\nEOF\nsystemctl daemon-reload"
    ));
    let state =
        || bed.sh("systemctl start work; systemctl show -P ActiveState,Result work; systemctl stop work");
    assert_eq!(state(), "success\nactive\n");
    bed.sh("echo 15 >/run/fake-nvidia-smi/exit");
    assert_eq!(state(), "success\ninactive\n");
    bed.sh(
        "rm -r /run/systemd/system/work.service /etc/systemd/system/work.service.d; systemctl daemon-reload",
    );
    // A GPU with a fault has answered.
    bed.run("wait --for answer --within 10s").status(0);
    bed.sh("echo 0 >/run/fake-nvidia-smi/exit");
    bed.run("wait --within 10s").status(0);
}

fn all_healthy(bed: &Bed) {
    let statuses = bed.run("status --json").status(0).json();
    let statuses = statuses["services"].as_array().unwrap();
    let ids: Vec<_> = statuses.iter().map(|status| status["service"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, IDS);
    for status in statuses {
        assert_eq!(status["healthy"], true, "{status}");
        assert!(status["status"]["invocation_id"].as_str().is_some_and(|id| id.len() == 32), "{status}");
        assert!(
            status["status"]["active_since"].as_str().is_some_and(|time| time.ends_with('Z')),
            "{status}"
        );
    }
    let overview = bed.run("overview --json").status(0).json();
    assert_eq!((&overview["status"], &overview["reasons"]), (&json!("ok"), &json!([])));
    assert_eq!((&overview["gpu"]["status"], &overview["gpu"]["exit_code"]), (&json!("ok"), &json!(0)));
    let table = bed.run("status").status(0).stdout();
    for (row, id) in table.lines().skip(1).zip(IDS) {
        assert_eq!(row.split_whitespace().take(2).collect::<Vec<_>>(), [id, "healthy"], "{table}");
    }
    let table = bed.run("overview").status(0).stdout();
    assert_eq!(table.matches(" healthy ").count(), 8, "{table}");
    assert!(table.starts_with("OK at "), "{table}");
}

fn failed(bed: &Bed) {
    bed.does("fail k3s");
    let overview = bed.run("overview --json").status(1).json();
    let reason = &overview["reasons"][0];
    assert_eq!((&reason["subject"], &reason["code"]), (&json!("k3s"), &json!("failed")));
    let text = reason["text"].as_str().unwrap();
    assert!(
        text.starts_with("failed at 20") && text.ends_with(": exited with status 3 (NOTIMPLEMENTED)"),
        "{text}"
    );
    let k3s = bed.run("status k3s --json").status(1).json();
    assert_eq!(k3s["status"]["exit_status"], "3");
    assert_eq!(k3s["status"]["result"], "exit-code");
    bed.does("start k3s");
    assert_eq!(bed.run("status k3s --json").status(0).json()["healthy"], true);
}

fn masked(bed: &Bed) {
    bed.does("mask nvidia-fabricmanager");
    let overview = bed.run("overview --json").status(1).json();
    assert_eq!(overview["reasons"][0]["code"], "masked");
    assert_eq!(overview["services"][5]["status"]["load_state"], "masked");
    let overview = bed.run("overview --json --masked-ok nvidia-fabricmanager").status(0).json();
    assert_eq!(overview["warnings"][0]["code"], "masked_ok");
    assert_eq!((&overview["status"], &overview["services"][5]["healthy"]), (&json!("ok"), &json!(true)));
    bed.does("unmask nvidia-fabricmanager");
    bed.does("start nvidia-fabricmanager");
    assert_eq!(bed.run("overview --json").status(0).json()["warnings"], json!([]));
}

fn stopped(bed: &Bed) {
    bed.does("stop system-manager");
    let status = bed.run("status system-manager --json").status(1).json();
    assert_eq!(status["status"]["active_state"], "inactive");
    assert!(status["status"]["active_since"].is_null());
    assert!(status["status"]["state_since"].is_string());
}

fn oneshot(bed: &Bed) {
    let status = bed.run("status infiniband-config --json").status(0).json();
    assert_eq!((&status["status"]["sub_state"], &status["healthy"]), (&json!("exited"), &json!(true)));
}

fn not_found(bed: &Bed) {
    bed.sh("systemctl stop infiniband-config; cd /lib/systemd/system
        mv infiniband-config.service infiniband-config.service.away; systemctl daemon-reload");
    let overview = bed.run("overview --json").status(1).json();
    assert_eq!(overview["services"][6]["status"]["load_state"], "not-found");
    assert_eq!(overview["reasons"][0]["code"], "not_found");
    assert_eq!(overview["services"][0]["healthy"], true, "the others have their answers");
}

fn alias(bed: &Bed) {
    bed.sh("systemctl stop k3s; cd /lib/systemd/system; cp k3s.service rancher.service
        mv k3s.service k3s.service.away; ln -s rancher.service k3s.service
        systemctl daemon-reload; systemctl start k3s; [ $(systemctl show -P Id k3s) = rancher.service ]");
    let k3s = bed.run("status k3s --json").status(0).json();
    assert_eq!((&k3s["service"]["id"], &k3s["healthy"]), (&json!("k3s"), &json!(true)));
    assert_eq!(bed.run("overview --json").status(0).json()["services"][3]["healthy"], true);
    bed.sh("systemctl stop k3s; rm /lib/systemd/system/k3s.service");
}

fn explained(bed: &Bed) {
    let reason_with = |setting: &str| {
        bed.sh(&format!(
            "mkdir -p /etc/systemd/system/k3s.service.d
            printf '[Service]\\n{setting}\\n' >/etc/systemd/system/k3s.service.d/broken.conf
            systemctl daemon-reload; systemctl restart k3s || :"
        ));
        bed.wait_until("[ $(systemctl show -P ActiveState k3s) = failed ]");
        bed.run("overview --json").status(1).json()["reasons"][0]["text"].as_str().unwrap().to_owned()
    };
    let text = reason_with("ExecStart=\\nExecStart=/no/such/program");
    assert!(text.ends_with("status 203 (EXEC: its program could not be executed)"), "{text}");
    let text = reason_with("User=nobody-of-that-name");
    assert!(text.ends_with("status 217 (USER: its user does not exist or could not be set)"), "{text}");
}

fn no_bus(bed: &Bed) {
    // root would have a way of its own to systemd, below /run/systemd, if it stayed root.
    for user in ["status", "root"] {
        let folders = "/run/dbus";
        let refused = bed.run_without(folders, user, "status k3s --json").status(2);
        assert_eq!(refused.json()["detail"]["error"], "command_failed", "{user}");
        assert_eq!(refused.json()["detail"]["command"], "systemctl", "{user}");
        let overview = bed.run_without(folders, user, "overview --json").status(1).json();
        let errors: Vec<_> = overview["services"]
            .as_array()
            .unwrap()
            .iter()
            .map(|service| (&service["status"], &service["healthy"], &service["error"]["error"]))
            .collect();
        assert_eq!(errors, [(&json!(null), &json!(false), &json!("command_failed")); 7], "{user}");
        assert_eq!((&overview["status"], &overview["gpu"]["status"]), (&json!("degraded"), &json!("ok")));
    }
}

fn four_processes(bed: &Bed) {
    bed.sh(
        "mkdir -p /run/counted; chmod 777 /run/counted
        for program in systemctl nvidia-smi journalctl; do
            printf '#!/bin/sh\\necho %s $1 >>/run/counted/log\\nexec /usr/bin/%s \"$@\"\\n' $program $program >/run/counted/$program
            chmod 755 /run/counted/$program
        done",
    );
    bed.run("overview --program-path /run/counted").status(0);
    let counted = bed.sh("sort /run/counted/log");
    let counted: Vec<&str> = counted.lines().map(|line| line.split('=').next().unwrap_or_default()).collect();
    let expected =
        ["nvidia-smi", "nvidia-smi --query-gpu", "nvidia-smi --query-remapped-rows", "systemctl show"];
    assert_eq!(counted, expected);
}
