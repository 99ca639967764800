//! nvidia-smi beside a real systemd.

use std::time::{Duration, Instant};

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[
    ("an nvidia-smi that hangs costs the overview its timeout and no more", hangs),
    ("a driver that is not loaded is the reason", not_loaded),
    ("a GPU that is lost degrades although nvidia-smi exits with 0", broken),
];

fn hangs(bed: &Bed) {
    bed.sh("echo 1000 >/run/fake-nvidia-smi/delay");
    let begin = Instant::now();
    let overview = bed.run("overview --json --timeout 1s").status(1).json();
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(overview["status"], "degraded");
    assert_eq!((&overview["gpu"]["status"], &overview["gpu"]["exit_code"]), (&"error".into(), &().into()));
    assert_eq!(overview["gpu"]["error"]["error"], "timeout");
    assert_eq!((&overview["reasons"][0]["subject"], &overview["reasons"][1]), (&"gpu".into(), &().into()));
    let services = overview["services"].as_array().unwrap();
    assert_eq!(services.iter().filter(|service| service["healthy"] == true).count(), 7);
    bed.wait_until("! pgrep -x nvidia-smi");
}

fn not_loaded(bed: &Bed) {
    bed.sh("echo 9 >/run/fake-nvidia-smi/exit");
    let overview = bed.run("overview --json").status(1).json();
    assert_eq!(overview["reasons"][0]["code"], "driver_not_loaded");
    assert_eq!(overview["gpu"]["reason"], "driver_not_loaded");
    assert_eq!(overview["gpu"]["exit_code"], 9);
}

fn broken(bed: &Bed) {
    let table = "/run/fake-nvidia-smi/table";
    bed.sh(&format!(
        r"cp {table} {table}.well; sed -i '/N\/A   41C/s/1MiB .  81559MiB/GPU is lost       /' {table}"
    ));
    let overview = bed.run("overview --json").status(1).json();
    bed.sh(&format!("mv {table}.well {table}"));
    assert_eq!(overview["gpu"]["exit_code"], 0);
    let reason = &overview["reasons"][0];
    assert_eq!(
        (&reason["subject"], &reason["code"], &reason["gpu"]),
        (&"gpu".into(), &"gpu_lost".into(), &0.into())
    );
}
