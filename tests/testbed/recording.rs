//! A recording of a real systemd gives the same documents elsewhere.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[("what was recorded here gives the same documents elsewhere", same_documents)];

/// Without what differs from one moment to the next.
fn timeless(bytes: &[u8]) -> Value {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    for volatile in ["timestamp", "age_ms"] {
        document.as_object_mut().unwrap().remove(volatile);
    }
    document
}

fn same_documents(bed: &Bed) {
    bed.does("fail attestation-service");
    bed.run("record /tmp/machine.jsonl").status(0);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("machine.jsonl");
    fs::write(&file, bed.sh("cat /tmp/machine.jsonl; rm /tmp/machine.jsonl")).unwrap();
    let services = [
        "status",
        "status k3s",
        "logs k3s",
        "logs attestation-service --entries",
        "logs admission-controller",
    ];
    let others = ["overview", "gpu", "gpu --detail", "gpu --parsed", "services"];
    for question in services.into_iter().chain(others) {
        let there = bed.run(&format!("{question} --json"));
        let here = Command::new(env!("CARGO_BIN_EXE_sek8s-status"))
            .args(question.split(' '))
            .args(["--json", "--replay"])
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(timeless(&here.stdout), timeless(&there.0.stdout), "{question}");
    }
}
