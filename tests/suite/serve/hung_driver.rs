//! A driver that hangs in the kernel.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::serve;
use crate::{
    eight_gpus::{bad_third, eight, rows},
    server::Server,
    stub::Stub,
    test::{eventually, signal},
};

/// A process in a frozen cgroup does not die of SIGKILL before it is thawed, like one that hangs in the
/// kernel (D state). Only the first version of the freezer holds it so.
struct Frozen(PathBuf);

impl Frozen {
    fn new(pid: u32) -> Option<Self> {
        let group = PathBuf::from(format!("/sys/fs/cgroup/freezer/sek8s-status-{pid}"));
        fs::create_dir(&group).ok()?;
        let frozen = Self(group);
        fs::write(frozen.0.join("cgroup.procs"), pid.to_string()).ok()?;
        fs::write(frozen.0.join("freezer.state"), "FROZEN").ok()?;
        Some(frozen)
    }

    fn thaw(&self) {
        fs::write(self.0.join("freezer.state"), "THAWED").unwrap();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = fs::write(self.0.join("freezer.state"), "THAWED");
        eventually("the group is empty", || fs::remove_dir(&self.0).is_ok());
    }
}

#[test]
fn a_driver_that_hangs_is_left_alone_until_it_comes_back() {
    let server = Server::start(serve("--timeout 500ms").nvidia_smi(&Stub::acts("exec sleep 1000")));
    let mut first = server.connect();
    first.request("GET", "/gpu/nvidia-smi");
    eventually("it is asked", || server.programs().pids().len() == 1);
    let pid = server.programs().pids()[0];
    let Some(frozen) = Frozen::new(pid) else {
        signal(pid, "KILL");
        eprintln!("left out: a hanging driver needs root and the first version of the freezer cgroup");
        return;
    };
    assert_eq!(first.answer().error().1["error"], "timeout");
    eventually("it does not end on SIGKILL", || {
        server.get("/gpu/nvidia-smi").error().1["error"] == "driver_hung"
    });
    let (status, detail) = server.get("/gpu/nvidia-smi?gpu=0").error();
    assert_eq!((status, &detail["command"]), (504, &json!("nvidia-smi")));
    assert!(detail["since"].as_str().unwrap().ends_with('Z'));
    let overview = server.get("/overview");
    assert_eq!(overview.status, 200);
    let overview = overview.json();
    assert_eq!(
        (&overview["status"], &overview["reasons"][0]["code"]),
        (&json!("degraded"), &json!("driver_hung"))
    );
    assert_eq!(overview["services"][0]["healthy"], true);
    assert_eq!(server.programs().asked().iter().filter(|command| command[0] == "nvidia-smi").count(), 1);
    server.programs().install("nvidia-smi", &Stub::gpus());
    frozen.thaw();
    eventually("it is asked afresh", || server.get("/gpu/nvidia-smi").status == 200);
}

#[test]
fn a_gpu_that_survives_sigkill_makes_the_rest_unknown() {
    let well = eight(&rows(&[]));
    let server = Server::start(serve("--timeout 10s --gpu-health-age 0 --max-age 0").nvidia_smi(&well));
    assert_eq!(server.get("/overview").json()["status"], "ok");
    // From now on it is known how many GPUs there are.
    server.programs().install("nvidia-smi", &bad_third("exec sleep 1000"));
    let mut connection = server.connect();
    connection.request("GET", "/overview");
    let asked = || {
        let asked = std::fs::read_to_string(server.programs().file("nvidia-smi", "asked")).unwrap();
        asked.lines().find(|line| line.ends_with("\t-i\t3")).map(str::to_owned)
    };
    eventually("GPU 3 is asked about by itself", || asked().is_some());
    let pid = asked().unwrap().split('\t').next().unwrap().parse().unwrap();
    let Some(frozen) = Frozen::new(pid) else {
        eprintln!("left out: a hanging driver needs root and the first version of the freezer cgroup");
        return;
    };
    let overview = connection.answer().json();
    let health: Vec<_> = overview["gpu"]["gpus"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gpu| gpu["health"].as_str().unwrap())
        .collect();
    assert_eq!(health[..4], ["ok", "ok", "ok", "fault"]);
    assert!(health[4..].iter().all(|health| *health == "unknown"), "{health:?}");
    assert_eq!(overview["gpu"]["error"]["error"], "driver_hung");
    let codes: Vec<_> =
        overview["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert!(codes.contains(&&json!("driver_hung")) && codes.contains(&&json!("gpu_unreadable")), "{codes:?}");
    frozen.thaw();
}
