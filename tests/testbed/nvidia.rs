//! NVIDIA's own nvidia-smi, of each driver that can be had, over a simulated library whose GPU 3 has a fault.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[
    ("NVIDIA's own nvidia-smi: each fault is found on its GPU", each_fault),
    ("NVIDIA's own nvidia-smi: a GPU that hangs or is left out hides no other", hidden),
    ("NVIDIA's own nvidia-smi: a known driver refuses nothing", refuses_nothing),
];

/// What is wrong with GPU 3, from which driver on it can be told, and what is found.
const FAULTS: [(&str, u32, &str, bool); 18] = [
    ("gpu3.state = lost", 0, "gpu_lost", true),
    ("gpu3.state = lost\ngpu3.fail_at = query", 0, "gpu_lost", true),
    ("gpu3.state = reset_required", 0, "reset_required", true),
    ("gpu3.state = reset_required\ngpu3.fail_at = query", 0, "reset_required", true),
    ("gpu3.state = unknown_error", 0, "gpu_unreadable", true),
    ("gpu3.state = unknown_error\ngpu3.fail_at = query", 0, "gpu_unreadable", true),
    ("gpu3.state = unknown_error\ngpu3.fail_at = gsp", 0, "gpu_unreadable", true),
    ("gpu3.state = irq_issue", 0, "gpu_unreadable", true),
    ("gpu3.ecc_uncorrected_volatile = 2", 0, "ecc_uncorrected", true),
    ("gpu3.remap_failure = yes", 0, "row_remap_failure", true),
    ("gpu3.fabric_state = not_started", 525, "fabric", true),
    ("gpu3.reset_required = yes", 535, "reset_required", true),
    ("gpu3.remap_pending = yes", 0, "row_remap_pending", false),
    ("gpu3.retired_pending = yes", 0, "retired_pages_pending", false),
    ("gpu3.fabric_state = in_progress", 525, "fabric_in_progress", false),
    ("gpu3.hw_thermal_slowdown = yes", 0, "hw_thermal_slowdown", false),
    ("gpu3.hw_power_brake = yes", 0, "hw_power_brake", false),
    ("gpu3.pcie_width = 8", 0, "pcie_width", false),
];

/// The folder with a binary of each driver and the library, or why there is none.
fn folder() -> Result<&'static Path, &'static str> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOLDER.get_or_init(fetched).as_deref().map_err(String::as_str)
}

fn fetched() -> Result<PathBuf, String> {
    let named = env::var_os("SEK8S_NVIDIA").map(PathBuf::from);
    let scripts =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testbed/nvidia"));
    if !scripts.is_dir() {
        return Err("there is no folder with its scripts; SEK8S_NVIDIA names one".to_owned());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nvidia");
    let is_there = fs::read_dir(&folder).is_ok_and(|entries| entries.count() > 1);
    for (script, place) in [("get.sh", folder.clone()), ("build.sh", folder.join("library"))] {
        if is_there {
            break;
        }
        let done = Command::new("bash").arg(scripts.join(script)).arg(&place).output();
        let done = done.map_err(|error| error.to_string())?;
        if !done.status.success() {
            return Err(format!("{script} fails: {}", String::from_utf8_lossy(&done.stderr)));
        }
    }
    Ok(folder)
}

/// The drivers whose binaries there are. Installs the library.
fn drivers(bed: &Bed) -> Vec<String> {
    let folder = match folder() {
        Ok(folder) => folder,
        Err(reason) => {
            println!("left out: NVIDIA's binaries cannot be had: {reason}");
            return Vec::new();
        }
    };
    let inside = bed.reach("/opt/nvidia");
    copy(folder, &inside);
    bed.sh("chmod -R a+rX /opt/nvidia
        install /opt/nvidia/library/libnvidia-ml.so.1 /usr/lib/x86_64-linux-gnu/ && ldconfig");
    let mut drivers: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "library")
        .collect();
    drivers.sort();
    drivers
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-rT").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// An overview with this driver, where GPUs are as `conf` says.
fn overview(bed: &Bed, driver: &str, conf: &str, arguments: &str) -> Value {
    overview_by(bed, driver, &format!("/opt/nvidia/{driver}"), conf, arguments)
}

/// The same, where nvidia-smi is in this folder.
fn overview_by(bed: &Bed, driver: &str, folder: &str, conf: &str, arguments: &str) -> Value {
    fs::write(bed.reach("/etc/mock-nvml.conf"), format!("driver = {driver}\n{conf}\n")).unwrap();
    // What the driver itself would tell: its version, and its GPUs.
    let machine = format!(
        "set -e; mount -t tmpfs none /sys/module; mkdir /sys/module/nvidia; echo {driver} >/sys/module/nvidia/version
        mount -t tmpfs none /proc/driver; for gpu in 0 1 2 3 4 5 6 7; do mkdir -p /proc/driver/nvidia/gpus/$gpu; done
        exec setpriv --reuid status --regid \"$(id -g status)\" --init-groups \"$@\""
    );
    let arguments = format!("overview --json --program-path {folder}:/usr/bin:/bin {arguments}");
    bed.run_in(&machine, &arguments).json()
}

/// The code of each reason or warning of a GPU, with its index.
fn codes(overview: &Value, field: &str) -> Vec<(Value, Value)> {
    let of_gpus = overview[field].as_array().unwrap().iter().filter(|reason| reason["subject"] == "gpu");
    of_gpus.map(|reason| (reason["gpu"].clone(), reason["code"].clone())).collect()
}

fn each_fault(bed: &Bed) {
    for driver in drivers(bed) {
        let branch: u32 = driver.split('.').next().unwrap().parse().unwrap();
        let well = overview(bed, &driver, "", "");
        assert_eq!((&well["status"], &well["gpu"]["health"]), (&json!("ok"), &json!("ok")), "{driver}");
        assert_eq!(well["gpu"]["gpus"].as_array().unwrap().len(), 8);
        for (conf, since, code, is_fault) in FAULTS.into_iter().filter(|fault| fault.1 <= branch) {
            let overview = overview(bed, &driver, conf, "");
            let case = format!("{driver} {conf} ({since}): {}", overview["reasons"]);
            let expected = vec![(json!(3), json!(code))];
            let (found, others) = if is_fault { ("reasons", "warnings") } else { ("warnings", "reasons") };
            assert_eq!(codes(&overview, found), expected, "{case}");
            assert_eq!(codes(&overview, others), [], "{case}");
            let health: Vec<&Value> =
                overview["gpu"]["gpus"].as_array().unwrap().iter().map(|gpu| &gpu["health"]).collect();
            assert_eq!(health.iter().filter(|health| **health == "ok").count(), 7, "{case}");
            assert_eq!(health[3], if is_fault { "fault" } else { "warning" }, "{case}");
        }
    }
}

fn hidden(bed: &Bed) {
    for driver in drivers(bed) {
        let missing = overview(bed, &driver, "gpu3.state = insufficient_permissions", "");
        assert_eq!(codes(&missing, "reasons"), [(json!(null), json!("gpus_missing"))], "{driver}");
        for hang in ["gpu3.state = hang", "gpu3.state = hang\ngpu3.fail_at = query"] {
            let overview = overview(bed, &driver, hang, "--timeout 4s");
            assert_eq!(codes(&overview, "reasons"), [(json!(3), json!("gpu_unreadable"))], "{driver} {hang}");
            let gpus = overview["gpu"]["gpus"].as_array().unwrap();
            let well = gpus.iter().filter(|gpu| gpu["health"] == "ok").count();
            assert_eq!((gpus.len(), well), (8, 7), "{driver} {hang}");
        }
    }
    bed.wait_until("! pgrep -x nvidia-smi");
}

fn refuses_nothing(bed: &Bed) {
    for driver in drivers(bed) {
        bed.sh(&format!(
            "mkdir -p /run/counted; chmod 777 /run/counted; rm -f /run/counted/log
            printf '#!/bin/sh\\necho \"$1\" >>/run/counted/log\\nexec /opt/nvidia/{driver}/nvidia-smi \"$@\"\\n' >/run/counted/nvidia-smi
            chmod 755 /run/counted/nvidia-smi"
        ));
        let overview = overview_by(bed, &driver, "/run/counted", "", "");
        assert_eq!(overview["status"], "ok", "{driver}: {overview}");
        let asked = bed.sh("cut -d= -f1 /run/counted/log | sort");
        assert_eq!(asked, "\n--query-gpu\n--query-remapped-rows\n", "{driver}");
    }
}
