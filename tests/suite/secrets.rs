//! Secrets that a program prints or logs are nowhere in what leaves this machine.

use std::fs;

use crate::{
    server::Server,
    stub::{Stub, entry, folder},
    test::Test,
};

/// One secret of each kind: the text around it, and the part of it that must not be seen. None is or was in use.
fn canaries() -> Vec<(String, String)> {
    let text = |before: &str, secret: &str| (format!("{before}{secret}"), secret.to_owned());
    vec![
        text("using ", &format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.{}", "Ab1_".repeat(8))),
        text("Authorization: Bearer ", "canary-0123456789"),
        text("proxy says Basic ", "Y2FuYXJ5OmNhbmFyeXBhc3M="),
        ("postgres://app:canarypass@db/x".to_owned(), "canarypass".to_owned()),
        text("join ", &format!("K10{}::server:canarytoken", "0a".repeat(32))),
        text("token ", "canary.0123456789abcdef"),
        text("", &format!("AGE-SECRET-KEY-1{}", "CANARY7".repeat(8))),
        text("with ", "AKIACANARYCANARY2222"),
        text("pulling with hf_", &"Canary7".repeat(5)),
        text("cloning with ghp_", &"Canary".repeat(6)),
        text("cloning with glpat-", &"Canary-7".repeat(3)),
        text("calling with sk-ant-api03-", &"Canary_7".repeat(6)),
        text("calling with sk-proj-", &"Canary7".repeat(6)),
        text("mnemonic: ", "canary winner thank year wave sausage worth useful legal winner thank yellow"),
        text("DB_PASSWORD=", "canaryword"),
        text("\"api_key\": \"", "canaryvalue"),
        (
            "-----BEGIN PRIVATE KEY-----\nCANARYQIBADANBgkqhkiG9w0\nCANARYQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----".to_owned(),
            "CANARYQIBADANBgkqhkiG9w0".to_owned(),
        ),
    ]
}

/// Every unit has logged every canary, has failed, and every program prints them all.
fn leaking(test: Test) -> Test {
    let canaries = canaries();
    let entries: String =
        canaries.iter().enumerate().rev().map(|(number, (text, _))| entry(number as u64, 3, text)).collect();
    let lines: String = canaries.iter().map(|(text, _)| format!("{text}\n")).collect();
    let speaks = |stub: Stub| stub.file("canaries", &lines).then(r#"cat "$d/canaries" >&2"#);
    let gpus = Stub::gpus();
    let smi = Stub::acts(&format!("cat \"$d/canaries\"\n{}", gpus.script())).files_of(&gpus);
    let failed = [("ActiveState", "failed"), ("SubState", "failed"), ("Result", "exit-code")];
    test.systemctl(&speaks(Stub::units().unit("k3s.service", &failed)))
        .journalctl(&speaks(Stub::prints(entries)))
        .nvidia_smi(&speaks(smi))
        .argument("--max-output")
        .argument("100000")
}

#[track_caller]
fn has_none(text: &str, what: &str) {
    for (_, secret) in canaries() {
        assert!(!text.contains(&secret), "{what} has {secret}:\n{text}");
    }
}

#[test]
fn no_secret_is_printed() {
    for arguments in [
        "logs k3s",
        "logs k3s --json --entries",
        "logs k3s --follow",
        "logs k3s --follow --json",
        "status k3s",
        "status",
        "gpu",
        "gpu --raw",
        "gpu --json --parsed",
        "gpu --detail --json",
        "overview",
        "overview --json",
        "privileges",
    ] {
        let ran = leaking(Test::new(arguments)).any_stdout().stderr_holds("").status_of_any();
        has_none(&ran.stdout(), arguments);
        has_none(&String::from_utf8_lossy(&ran.output.stderr), arguments);
        let is_shown = ran.stdout().contains("[redacted:");
        assert_eq!(is_shown, !matches!(arguments, "status" | "privileges"), "{arguments}: {}", ran.stdout());
    }
}

#[test]
fn no_secret_is_served_or_logged_by_the_server() {
    let server = Server::start(leaking(Test::new("serve --listen 127.0.0.1:0 --log-level debug")));
    for path in [
        "/overview",
        "/services/k3s/logs?entries=true",
        "/services/k3s/status",
        "/gpu/nvidia-smi?detail=true&parsed=true",
        "/gpu/nvidia-smi",
    ] {
        let answer = server.get(path);
        has_none(&String::from_utf8_lossy(&answer.body), path);
    }
    has_none(&server.said(), "the log");
}

#[test]
fn no_secret_is_recorded() {
    let folder = folder();
    for flags in ["", "--anonymous"] {
        let file = folder.path().join(format!("recording{flags}"));
        let record = leaking(Test::new(&format!("record {flags}")).argument(file.to_str().unwrap()));
        record.any_stdout().stderr_holds("").status(0);
        let text = fs::read_to_string(&file).unwrap();
        has_none(&text, "the recording");
        // The units' properties have no text of programs, but their stderr has: twelve runs and seven journals.
        assert!(text.matches("[redacted:jwt]").count() >= 19, "{text}");
    }
}

#[test]
fn what_was_redacted_is_counted() {
    let count = canaries().len();
    let logs = leaking(Test::new("logs k3s --json")).any_stdout().stderr_holds("").status(0).json();
    assert_eq!(logs["redacted"], count);
    let gpu = leaking(Test::new("gpu --json")).any_stdout().stderr_holds("").status(0).json();
    assert_eq!(
        gpu["redacted"],
        2 * (count + 2),
        "on stdout and on stderr; the key has three lines that are replaced"
    );
    let overview = leaking(Test::new("overview --json")).any_stdout().stderr_holds("").status_of_any().json();
    assert_eq!(overview["redacted"], 2 * (count + 2) + 1);
    let plain = leaking(Test::new("logs k3s --json --redact off")).any_stdout().stderr_holds("").status(0);
    assert_eq!(plain.json()["redacted"], 0);
    for (text, secret) in canaries() {
        let text = text.replace('\n', "\\n").replace('"', "\\\"");
        assert!(plain.stdout().contains(&text) && plain.stdout().contains(secret.trim()), "{text}");
    }
}

#[test]
fn a_secret_at_the_limit_or_over_several_entries_is_not_shown() {
    for length in 900..1100 {
        let text = format!("{}password={}", "x".repeat(length), "canary".repeat(20));
        let logs = Test::new("logs k3s --max-output 1024").journalctl(&Stub::prints(entry(1, 6, &text)));
        let shown = logs.any_stdout().stderr_holds("").status(0).stdout();
        assert!(!shown.contains("canary"), "{length}: {shown}");
    }
    for length in [990, 1000, 1010, 1020] {
        let smi = Stub::prints(format!("{} password={}\n", "x".repeat(length), "canary".repeat(20)));
        let shown = Test::new("gpu --raw --max-output 1024").nvidia_smi(&smi).any_stdout().status(0).stdout();
        assert!(!shown.contains("canary"), "{length}: {shown}");
    }
    let key = [
        "-----END EC PRIVATE KEY-----",
        "Y2FuYXJ5",
        "CANARYQIBADANBgkqhkiG9w0",
        "-----BEGIN EC PRIVATE KEY-----",
    ];
    let newest_first: String = (0..).zip(key).map(|(age, line)| entry(10 - age, 3, line)).collect();
    let failed = [("ActiveState", "failed"), ("SubState", "failed"), ("Result", "exit-code")];
    for (arguments, lines) in
        [("logs k3s", 4), ("logs k3s -n 3", 3), ("logs k3s --json", 4), ("overview --json", 4)]
    {
        let entries: String = newest_first.lines().take(lines).map(|line| format!("{line}\n")).collect();
        let test = Test::new(arguments)
            .systemctl(&Stub::units().unit("k3s.service", &failed))
            .journalctl(&Stub::prints(entries));
        let shown = test.any_stdout().status_of_any().stdout();
        assert!(!shown.contains("CANARY") && !shown.contains("Y2Fu"), "{arguments}: {shown}");
        assert!(shown.contains("[redacted:private-key]"), "{arguments}: {shown}");
    }
}
