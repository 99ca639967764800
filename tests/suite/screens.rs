//! Every screen as people see it, on terminals of several widths.

use std::process::Command;

use jiff::{Timestamp, ToSpan};

use crate::{
    stub::{Stub, entry},
    test::{BINARY, Programs},
};

const WIDTHS: [u16; 4] = [40, 60, 80, 120];

/// What the binary shows on a terminal of that many columns.
fn on_a_terminal(programs: &Programs, columns: u16, arguments: &str) -> String {
    let command = format!("stty cols {columns} rows 50; exec {BINARY} {arguments}");
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm")
        .env("PROGRAM_PATH", programs.path())
        .env("JOURNAL_PATH", programs.journal())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    without_today(&shown)
}

/// The run and the units have other times each day: digits of dates and times become zeros.
fn without_today(text: &str) -> String {
    let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let yesterday = (Timestamp::now() - 24.hours()).strftime("%Y-%m-%d").to_string();
    let is_time = |text: &str| {
        text.len() == 8
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 2 || at == 5 { byte == b':' } else { byte.is_ascii_digit() })
    };
    let mut kept = String::new();
    for line in text.replace(&today, "0000-00-00").replace(&yesterday, "0000-00-00").lines() {
        // The log of these tests is of a fixed day.
        let is_log = line.contains("01:14:5");
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for word in words.iter_mut().filter(|word| is_time(word) && !is_log) {
            "00:00:00".clone_into(word);
        }
        kept.push_str(&words.join(" "));
        kept.push('\n');
    }
    kept
}

/// So many minutes ago, as systemctl prints it.
fn minutes_ago(minutes: i64) -> String {
    let time = Timestamp::now() - minutes.minutes() - 20.seconds();
    time.strftime("%a %Y-%m-%d %H:%M:%S.283209 UTC").to_string()
}

/// All units have been in their state for four minutes.
fn units(changed: &[(&str, &[(&str, &str)])]) -> Stub {
    let since = minutes_ago(4);
    let mut stub = Stub::units();
    for service in sek8s_status::service::all() {
        let of_unit =
            changed.iter().find(|(id, _)| *id == service.id()).map_or(&[][..], |(_, properties)| properties);
        let properties = [&[("StateChangeTimestamp", since.as_str())], of_unit].concat();
        stub = stub.unit(service.unit(), &properties);
    }
    stub
}

const FAILED: [(&str, &str); 7] = [
    ("ActiveState", "failed"),
    ("SubState", "failed"),
    ("MainPID", "0"),
    ("Result", "exit-code"),
    ("ExecMainCode", "1"),
    ("ExecMainStatus", "3"),
    ("NRestarts", "4"),
];

fn banner() -> String {
    let row = |index: usize| {
        format!(
            "|   {index}  NVIDIA H100 80GB HBM3          On  |   00000000:1B:00.0 Off |                    0 |\n\
             | N/A   {}C    P0            548W /  700W |   74862MiB /  81559MiB |     {:>2}%      Default |\n",
            35 + index,
            12 * index
        )
    };
    (0..8).map(row).collect()
}

fn rows() -> String {
    let row = |index: usize| {
        format!(
            "{index}, GPU-dd74013f-a593-442d-b310-{index:012}, NVIDIA H100 80GB HBM3, 570.172.08, {}, 548.12, 700.00, {}, 74862, 81559, 0, Disabled\n",
            35 + index,
            12 * index
        )
    };
    (0..8).map(row).collect()
}

fn gpus(csv: &str) -> Stub {
    Stub::acts(r#"case "$*" in *query*) pad "$d/csv" ;; *) cat "$d/banner" ;; esac"#)
        .file("csv", csv)
        .file("banner", banner())
}

fn machine(systemctl: &Stub, nvidia_smi: &Stub) -> Programs {
    let programs = Programs::healthy();
    programs.install("systemctl", systemctl);
    programs.install("nvidia-smi", nvidia_smi);
    let log = entry(
        3,
        3,
        "quote verification failed: TCB level out of date, see the advisory of the platform's vendor",
    ) + &entry(2, 4, "TCB info is 31 days old")
        + &entry(1, 6, "starting");
    programs.install("journalctl", &Stub::prints(log));
    programs
}

#[track_caller]
fn golden(name: &str, programs: &Programs, arguments: &str) {
    let mut all = String::new();
    for width in WIDTHS {
        let plain = on_a_terminal(programs, width, &format!("{arguments} --color never"));
        all.push_str(&format!("── {width} columns\n{plain}"));
    }
    let coloured = on_a_terminal(programs, 80, arguments);
    assert!(coloured.contains("\u{1b}["), "{arguments} has colours");
    all.push_str(&format!("── 80 columns, in colours\n{}", coloured.replace('\u{1b}', "␛")));
    insta::assert_snapshot!(name, all);
}

#[test]
fn all_is_well() {
    let machine = machine(&units(&[]), &gpus(&rows()));
    golden("well_overview", &machine, "overview");
    golden("well_status", &machine, "status");
    golden("well_status_of_one", &machine, "status k3s");
    golden("well_gpu", &machine, "gpu");
    golden("services", &machine, "services");
}

#[test]
fn one_has_failed_and_its_log_line_stands_under_its_reason() {
    let machine = machine(&units(&[("attestation-service", &FAILED)]), &gpus(&rows()));
    golden("failed_overview", &machine, "overview");
    golden("failed_status", &machine, "status");
    golden("failed_status_of_one", &machine, "status attestation-service");
    golden("failed_logs", &machine, "logs attestation-service");
}

#[test]
fn everything_is_down_for_one_cause() {
    let machine = machine(
        &Stub::acts(
            "echo \"System has not been booted with systemd as init system (PID 1). Can't operate.\" >&2; exit 1",
        ),
        &gpus(&rows()),
    );
    golden("down_overview", &machine, "overview");
    golden("down_status", &machine, "status");
    machine.remove("nvidia-smi");
    golden("blind_overview", &machine, "overview");
}

#[test]
fn one_is_masked_and_running_and_the_others_are_in_every_other_state() {
    let machine = machine(
        &units(&[
            ("admission-controller", &[("LoadState", "masked")]),
            (
                "system-manager",
                &[("LoadState", "not-found"), ("ActiveState", "inactive"), ("SubState", "dead")],
            ),
            (
                "attestation-service",
                &[
                    ("ActiveState", "activating"),
                    ("SubState", "auto-restart"),
                    ("Result", "signal"),
                    ("ExecMainCode", "2"),
                    ("ExecMainStatus", "11"),
                    ("NRestarts", "12"),
                ],
            ),
            ("k3s", &[("ActiveState", "activating"), ("SubState", "start")]),
            ("nvidia-persistenced", &[("ActiveState", "inactive"), ("SubState", "dead"), ("MainPID", "0")]),
            (
                "nvidia-fabricmanager",
                &[
                    ("LoadState", "masked"),
                    ("ActiveState", "inactive"),
                    ("SubState", "dead"),
                    ("MainPID", "0"),
                ],
            ),
            (
                "infiniband-config",
                &[
                    ("SubState", "exited"),
                    ("ExecMainCode", "2"),
                    ("ExecMainStatus", "15"),
                    ("NeedDaemonReload", "yes"),
                ],
            ),
        ]),
        &gpus(&rows()),
    );
    golden("states_overview", &machine, "overview");
    golden("states_status", &machine, "status");
    golden("masked_status_of_one", &machine, "status admission-controller");
}

#[test]
fn gpus_with_errors_and_long_names() {
    let csv = "0, GPU-dd74013f-a593-442d-b310-4f05acd778fc, NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition, 595.71.05, 41, 118.22, 700.00, 37, 61234, 81559, 12, Disabled\n\
               1, GPU-fd57becd-5e30-4599-820e-95d3ead4daf1, NVIDIA H100 80GB HBM3, 595.71.05, [N/A], ERR!, 700.00, [N/A], 0, 81559, 0, Enabled\n\
               2, [Unknown Error]\n";
    let machine = machine(&units(&[]), &gpus(csv));
    golden("errors_gpu", &machine, "gpu");
    let failed = Stub::acts("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
    machine.install("nvidia-smi", &failed);
    golden("mismatch_gpu", &machine, "gpu");
    golden("mismatch_overview", &machine, "overview");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_id_is_broken() {
    let machine = machine(&units(&[("attestation-service", &FAILED)]), &gpus(&rows()));
    for width in [40, 48, 60, 72, 80, 100, 160] {
        for arguments in ["overview", "status", "gpu", "services", "privileges --demo", "serve --check"] {
            let shown = on_a_terminal(&machine, width, &format!("{arguments} --color never"));
            for line in shown.lines() {
                assert!(line.chars().count() <= width.into(), "{arguments} at {width}: {line:?}");
            }
            if ["overview", "status", "services"].contains(&arguments) {
                for service in sek8s_status::service::all() {
                    assert!(
                        shown.lines().any(|line| line.split(' ').next() == Some(service.id())),
                        "{shown}"
                    );
                }
            }
        }
    }
}
