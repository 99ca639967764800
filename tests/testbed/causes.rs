//! Why a unit is unwell, as it is on a real systemd, and a journal that is damaged.

use serde_json::{Value, json};

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[
    ("the line of the unit that failed is chosen, and not one of systemd", last_log),
    ("of a program that cannot be executed the line says which", last_log_of_exec),
    ("a user who may not read the journal has an overview without log lines", last_log_without_permission),
    ("a masked unit that runs is masked and running, and one without its file tells its signal", load_states),
    ("a skipped start is told from a stop, and a changed unit file is a warning", skipped),
    ("a damaged journal is an error, and privileges says so", damaged),
    ("a unit with a journal of its own has a note", namespace),
];

/// Puts this into the unit, and starts it; it fails.
#[track_caller]
fn fail_with(bed: &Bed, id: &str, unit: &str, service: &str) {
    let settings = format!("[Unit]\\n{unit}\\n[Service]\\nExecStart=\\n{service}\\n");
    bed.sh(&format!(
        "systemctl stop {id}; mkdir -p /etc/systemd/system/{id}.service.d
        printf '{settings}' >/etc/systemd/system/{id}.service.d/cause.conf
        systemctl daemon-reload; systemctl start {id} || :"
    ));
    bed.wait_until(&format!("[ $(systemctl show -P ActiveState {id}) = failed ]"));
}

fn reason(bed: &Bed, user: &str, id: &str) -> Value {
    let overview = bed.run_as(user, "overview --json").status(1).json();
    let reasons = overview["reasons"].as_array().unwrap();
    reasons.iter().find(|reason| reason["subject"] == id).unwrap_or_else(|| panic!("{overview}")).clone()
}

/// Lines of a unit that has ended may be on their way to journald still.
#[track_caller]
fn chosen(bed: &Bed, id: &str, line: &str) {
    bed.wait_until(&format!("journalctl -q -o cat -u {id} | grep -qF '{line}'"));
    let reason = reason(bed, "status", id);
    assert_eq!(reason["last_log"]["message"], line, "{reason}");
    let shown = bed.run("overview").status(1).stdout();
    assert!(shown.contains(line), "{shown}");
}

fn last_log(bed: &Bed) {
    let says = |line: &str, end: &str| format!("ExecStart=sh -c \"echo {line}; {end}\"");
    let oneshot = says("no Mellanox firmware: giving up", "exit 1");
    fail_with(bed, "infiniband-config", "", &oneshot);
    chosen(bed, "infiniband-config", "no Mellanox firmware: giving up");

    fail_with(bed, "k3s", "", &format!("Type=notify\\n{}", says("cannot open the datastore", "exit 0")));
    assert_eq!(bed.sh("systemctl show -P Result k3s"), "protocol\n");
    chosen(bed, "k3s", "cannot open the datastore");

    let restarts = format!("Restart=on-failure\\nRestartSec=10ms\\n{}", says("address in use", "exit 1"));
    let limit = "StartLimitBurst=3\\nStartLimitIntervalSec=60";
    bed.sh("systemctl stop system-manager");
    fail_with(bed, "system-manager", limit, &restarts);
    assert!(bed.sh("systemctl show -P NRestarts system-manager").trim().parse::<u32>().unwrap() > 0);
    chosen(bed, "system-manager", "address in use");

    // What the kernel does to a process for want of memory. Where the memory controller is not systemd's, it is
    // not told of the reason; tests/suite has that.
    fail_with(bed, "admission-controller", "", &says("loading 80 GB of policies", "kill -9 $$$$"));
    assert_eq!(bed.sh("systemctl show -P Result admission-controller"), "signal\n");
    chosen(bed, "admission-controller", "loading 80 GB of policies");

    let pre = "ExecStart=sleep 1000\\nExecStartPre=sh -c \"echo the TDX device is missing; exit 4\"";
    fail_with(bed, "attestation-service", "", pre);
    chosen(bed, "attestation-service", "the TDX device is missing");
    let text = reason(bed, "status", "attestation-service")["text"].as_str().unwrap().to_owned();
    assert!(text.ends_with(": a control process failed, such as ExecStartPre="), "{text}");
}

fn last_log_of_exec(bed: &Bed) {
    fail_with(bed, "k3s", "", "ExecStart=/no/such/program");
    // On a busy machine the unit has failed before journald has the line.
    bed.wait_until("journalctl -u k3s -o cat | grep -q '/no/such/program: No such file or directory'");
    let reason = reason(bed, "status", "k3s");
    let message = reason["last_log"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("/no/such/program: No such file or directory"), "{reason}");
}

fn last_log_without_permission(bed: &Bed) {
    fail_with(bed, "k3s", "", "ExecStart=false");
    let reason = reason(bed, "nobody", "k3s");
    assert_eq!((&reason["code"], &reason["last_log"]), (&json!("failed"), &Value::Null));
}

fn load_states(bed: &Bed) {
    bed.sh("systemctl mask k3s");
    let text = |bed: &Bed| reason(bed, "status", "k3s")["text"].as_str().unwrap().to_owned();
    assert!(text(bed).starts_with("masked; still running since 20"), "{}", text(bed));
    bed.sh("systemctl unmask k3s
        mv /lib/systemd/system/k3s.service /lib/systemd/system/k3s.service.away; systemctl daemon-reload");
    assert!(text(bed).starts_with("its unit file is missing; still running since 20"), "{}", text(bed));
    bed.sh("systemctl kill -s KILL k3s");
    bed.wait_until("[ $(systemctl show -P ActiveState k3s) = failed ]");
    let text = text(bed);
    assert!(text.starts_with("its unit file is missing; failed at 20"), "{text}");
    assert!(text.ends_with(": killed by signal 9 (SIGKILL)"), "{text}");
}

fn skipped(bed: &Bed) {
    let condition = |setting: &str| {
        bed.sh(&format!(
            "mkdir -p /etc/systemd/system/k3s.service.d
            printf '[Unit]\\n{setting}\\n' >/etc/systemd/system/k3s.service.d/condition.conf"
        ));
    };
    bed.sh("touch /lib/systemd/system/k3s.service");
    let overview = bed.run("overview --json").status(0).json();
    assert_eq!(overview["warnings"][0]["code"], "daemon_reload_needed", "{overview}");
    condition("ConditionPathExists=/nope");
    bed.sh("systemctl daemon-reload; systemctl stop k3s");
    assert_eq!(reason(bed, "status", "k3s")["code"], "inactive", "stopped, and not started since");
    bed.sh("systemctl start k3s");
    assert_eq!(reason(bed, "status", "k3s")["code"], "condition_not_met");
    condition("AssertPathExists=/nope");
    bed.sh("systemctl daemon-reload; ! systemctl start k3s 2>/dev/null");
    assert_eq!(reason(bed, "status", "k3s")["code"], "assertion_failed");
    bed.sh("rm -r /etc/systemd/system/k3s.service.d; systemctl daemon-reload; systemctl start k3s; systemctl stop k3s");
    assert_eq!(reason(bed, "status", "k3s")["code"], "inactive");
}

fn damaged(bed: &Bed) {
    let journald = "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service";
    bed.sh(&format!(
        "systemctl stop {journald} 2>/dev/null
        for file in /var/log/journal/*/system.journal; do
            cp -a $file /run/kept.journal; printf '\\300' | dd of=$file bs=1 seek=12 conv=notrunc 2>/dev/null
        done"
    ));
    let logs = bed.run("logs k3s --json");
    let privileges = bed.run("privileges --json");
    let follows = bed.start("logs k3s -f");
    let said = follows.stderr_line().unwrap();
    drop(follows);
    // The damaged file becomes an archive, and there is an active one again.
    bed.sh(&format!(
        "cd /var/log/journal/*/; mv system.journal system@0005f-0006.journal~; mv /run/kept.journal system.journal
        systemctl start {journald}"
    ));
    let noted = bed.run("logs k3s -n 1 --json");
    bed.sh("rm /var/log/journal/*/*~");
    assert_eq!(logs.status(2).json()["detail"]["error"], "no_journal");
    assert!(said.contains("system.journal uses an unsupported feature"), "{said}");
    let privileges = privileges.status(1).json();
    let needs = privileges["subcommands"].as_array().unwrap().iter().find(|row| row["subcommand"] == "logs");
    assert_eq!(needs.unwrap()["needs"][0]["present"], false, "{privileges}");
    let noted = noted.status(0).json();
    assert_eq!(
        noted["note"],
        "journalctl skipped journal files that it could not read: entries may be missing"
    );
    assert_eq!(noted["returned_lines"], 1);
}

fn namespace(bed: &Bed) {
    bed.sh("mkdir -p /etc/systemd/system/k3s.service.d
        printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nLogNamespace=other\\n' \
            >/etc/systemd/system/k3s.service.d/namespace.conf
        systemctl daemon-reload");
    // Until what it logged before has left the window. Each restart leaves five entries of systemd, so there are many.
    bed.wait_until(
        "systemctl restart k3s; ! journalctl -q -u k3s --since=-4s -o json | grep -q '\"_COMM\":\"standin\"'",
    );
    let logs = bed.run("logs k3s --since 2s -n 1000 --json").status(0).json();
    bed.sh("systemctl stop k3s 'systemd-journald@other.*' 2>/dev/null || :; rm -rf /var/log/journal/*.other");
    assert_eq!(
        logs["note"],
        "all entries are from systemd itself: the entries of a unit with LogNamespace= are in another journal"
    );
}
