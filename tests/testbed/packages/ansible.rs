//! The Ansible role, applied to the machine itself.

use serde_json::{Value, json};

use super::{
    Packages,
    asking::Asking,
    files,
    served::{answers_with_what_is_so, curl, has_real_answers, is_off, property},
};
use crate::{PackageTest, bed::Bed, process::Status, running::Ran};

pub const TESTS: &[PackageTest] = &[
    ("package role: it installs, answers with real data, and changes nothing the second time", applied),
    (
        "package role: TLS and tokens on and off; a wrong setting changes nothing and says serve's line",
        secured,
    ),
    ("package role: a newer package refuses no connection, and absent leaves nothing", upgraded),
    ("package role: ansible-lint finds no fault", linted),
];

const ENVIRONMENT: &str = "/etc/sek8s-status/sek8s-status.env";

/// Applies the role with these variables and flags.
fn play(bed: &Bed, packages: &Packages, variables: &Value, flags: &str) -> Ran {
    bed.sh(&format!("cat >/run/variables.json <<'EOF'\n{variables}\nEOF"));
    // Pipelining saves a file for each task, and a third of the time.
    bed.run_instead(
        &format!("env ANSIBLE_PIPELINING=1 {}", packages.ansible("ansible-playbook")),
        &format!(
            "--inventory localhost, --connection local --extra-vars ansible_python_interpreter=/usr/bin/python3 \
            --extra-vars @/run/variables.json {flags} {}/packaging/ansible/playbook.yml",
            packages.checkout()
        ),
    )
}

/// Applies it with success; how much it changed.
#[track_caller]
fn changes(bed: &Bed, packages: &Packages, variables: &Value, flags: &str) -> u32 {
    let said = play(bed, packages, variables, flags).status(0).stdout();
    let recap = said.rsplit("changed=").next().unwrap();
    recap.split(' ').next().unwrap().parse().unwrap()
}

fn applied(bed: &Bed, packages: &Packages) {
    let variables = json!({"sek8s_status_package": packages.latest(".deb")});
    let before = files::all(bed);
    assert!(changes(bed, packages, &variables, "--check --diff") > 0);
    files::are_no_more(bed, &before);
    assert!(changes(bed, packages, &variables, "") > 0);
    has_real_answers(bed);
    for unit in ["sek8s-status.socket", "sek8s-status.service"] {
        assert_eq!(property(bed, unit, "UnitFileState"), "enabled");
    }
    let listens = property(bed, "sek8s-status.socket", "Listen");
    assert_eq!(listens, "0.0.0.0:8080 (Stream)");
    let process = property(bed, "sek8s-status.service", "MainPID");
    assert_eq!(changes(bed, packages, &variables, ""), 0);
    assert_eq!(changes(bed, packages, &variables, "--check --diff"), 0);
    assert_eq!(property(bed, "sek8s-status.service", "MainPID"), process);

    // It waits for answers, where it is not told that there can be none.
    let mut blind = variables.clone();
    blind["sek8s_status_settings"] = json!({"PROGRAM_PATH": "/nowhere"});
    blind["sek8s_status_wait_within"] = json!("1s");
    let said = play(bed, packages, &blind, "").status(2).stdout();
    assert!(said.contains("Wait until systemd and nvidia-smi answer"), "{said}");
    assert!(said.contains("gpu state unknown: `nvidia-smi` is missing"), "{said}");
    blind["sek8s_status_wait"] = json!(false);
    play(bed, packages, &blind, "").status(0);

    // A new group is in force even where the play fails further down: the next one would find nothing changed.
    let mut grouped = variables;
    grouped["sek8s_status_groups"] = json!(["systemd-journal", "video", "adm"]);
    grouped["sek8s_status_settings"] = json!({"LOG_TAIL_MAX": 5});
    play(bed, packages, &grouped, "").status(2);
    for thread in Status::of(bed, "systemctl show -P MainPID sek8s-status.service") {
        thread.is(bed, "chutes", &["chutes", "systemd-journal", "video", "adm"]);
    }
}

fn secured(bed: &Bed, packages: &Packages) {
    let token = "t".repeat(40);
    bed.sh(&format!(
        "mkdir /run/keys; cd /run/keys
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=vm \
            -addext subjectAltName=DNS:localhost -keyout vm.key -out vm.pem 2>/dev/null
        echo {token} >tokens"
    ));
    let with = |more: Value| {
        let mut variables = json!({
            "sek8s_status_package": packages.latest(".deb"),
            "sek8s_status_files": ["/run/keys/vm.pem", "/run/keys/vm.key", "/run/keys/tokens"],
            "sek8s_status_tls_cert_path": "/etc/sek8s-status/vm.pem",
            "sek8s_status_tls_key_path": "/etc/sek8s-status/vm.key",
            "sek8s_status_require_tls": true,
            "sek8s_status_auth_token_file": "/etc/sek8s-status/tokens",
            "sek8s_status_settings": {"LOG_TAIL_MAX": 100, "MASKED_OK": "nvidia-fabricmanager"},
        });
        variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        variables
    };
    let is_secured = || {
        assert_eq!(curl(bed, "--cacert /run/keys/vm.pem", "/overview").0, 401);
        let known = format!("--cacert /run/keys/vm.pem --header 'Authorization: Bearer {token}'");
        assert_eq!(curl(bed, &known, "/overview").0, 200);
        let logs = curl(bed, &known, "/services/k3s/logs?lines=1000").1;
        assert!(logs.contains("\"returned_lines\":100,"), "{}", &logs[..200]);
    };
    let on = with(json!({}));
    let said = play(bed, packages, &on, "--diff").status(0).stdout();
    assert!(!said.contains("PRIVATE KEY") && !said.contains(&token), "{said}");
    is_secured();
    assert_eq!(changes(bed, packages, &on, ""), 0);

    // What is wrong, and what serve says of it.
    let settings = bed.sh(&format!("cat {ENVIRONMENT}"));
    let process = property(bed, "sek8s-status.service", "MainPID");
    bed.sh("install -m 600 /run/keys/vm.key /etc/sek8s-status/closed.key");
    for (wrong, line) in [
        (
            json!({"sek8s_status_settings": {"LOG_TAIL_MAX": 5}}),
            "sek8s-status: `LOG_TAIL_MAX` is `5`: it must be",
        ),
        (
            json!({"sek8s_status_tls_key_path": "/etc/sek8s-status/closed.key"}),
            "/etc/sek8s-status/closed.key",
        ),
        (json!({"sek8s_status_tls_key_path": ""}), "sek8s-status: "),
    ] {
        let failed = play(bed, packages, &with(wrong), "").status(2);
        let said = failed.stdout() + &failed.stderr();
        assert!(said.contains("failed to validate") && said.contains(line), "{said}");
        assert_eq!(bed.sh(&format!("cat {ENVIRONMENT}")), settings);
        assert_eq!(property(bed, "sek8s-status.service", "MainPID"), process);
        is_secured();
    }
    bed.sh("rm /etc/sek8s-status/closed.key");

    let off = json!({"sek8s_status_package": packages.latest(".deb")});
    assert!(changes(bed, packages, &off, "") > 0);
    answers_with_what_is_so(bed);
    assert_eq!(changes(bed, packages, &off, ""), 0);
}

fn upgraded(bed: &Bed, packages: &Packages) {
    let before = files::all(bed);
    let older = json!({
        "sek8s_status_package": packages.older(".deb"),
        "sek8s_status_listen": ["0.0.0.0:8080", "/run/status.sock"],
        "sek8s_status_socket_mode": "0660",
        "sek8s_status_socket_group": "video",
    });
    changes(bed, packages, &older, "");
    assert_eq!(bed.sh("stat -c '%G %a' /run/status.sock"), "video 660\n");
    let over = bed.sh("curl -sS --unix-socket /run/status.sock http://vm/health");
    assert_eq!(over, "{\"status\":\"ok\"}\n");
    let asking = Asking::start(bed);
    let process = property(bed, "sek8s-status.service", "MainPID");
    let mut latest = older;
    latest["sek8s_status_package"] = packages.latest(".deb").into();
    assert!(changes(bed, packages, &latest, "") > 0);
    let answers = asking.were_all_answered();
    println!("{answers} requests were answered during an upgrade");
    assert_ne!(property(bed, "sek8s-status.service", "MainPID"), process);
    assert_eq!(
        bed.sh("dpkg-query --show --showformat '${Version}' sek8s-status").split('-').next_back(),
        Some("1")
    );

    let absent = json!({"sek8s_status_state": "absent"});
    assert!(changes(bed, packages, &absent, "--check") > 0);
    answers_with_what_is_so(bed);
    assert!(changes(bed, packages, &absent, "") > 0);
    is_off(bed);
    bed.sh("! pgrep -x sek8s-status; [ ! -e /run/status.sock ] && [ ! -e /var/cache/sek8s-status ]");
    files::are_no_more(bed, &before);
    assert_eq!(changes(bed, packages, &absent, ""), 0);
}

fn linted(bed: &Bed, packages: &Packages) {
    // It wants to write beside what it reads, and to find the playbook program on its path.
    let found = bed.sh(&format!(
        "cp -r {}/packaging/ansible /run/role; cd /run/role; export HOME=/run PATH=\"{}:$PATH\"
        ansible-lint --profile production --offline --nocolor 2>&1",
        packages.checkout(),
        packages.ansible("").trim_end_matches('/')
    ));
    assert!(found.contains("Passed: 0 failure(s), 0 warning(s)"), "{found}");
}
