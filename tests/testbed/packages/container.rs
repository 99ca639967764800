//! The container image, as its page says, with bubblewrap in the engine's place.

use super::{
    Packages,
    served::{answers_with_what_is_so, curl},
};
use crate::{PackageTest, bed::Bed, process::Status};

pub const TESTS: &[PackageTest] = &[
    (
        "package image: the page's lines answer everything, without a privilege, on a read-only root",
        documented,
    ),
    ("package image: what each mount and setting is for", without),
    ("package image: with programs of its own it needs none of the host's", own_programs),
    ("package image: root finds nobody to become, and does not start", root),
];

const PAGE: &str = include_str!("../../../docs/container.md");

/// The lines of the page, as the shell gets them: loading, running, asking.
fn lines() -> [String; 3] {
    let block = PAGE.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let lines: Vec<_> = block.replace("\\\n", "").lines().map(str::to_owned).collect();
    lines.try_into().unwrap()
}

/// A machine that has the stand-in, and the image loaded.
struct Engine<'a>(&'a Bed);

impl<'a> Engine<'a> {
    fn load(bed: &'a Bed, packages: &Packages) -> Self {
        let [load, _, _] = lines();
        bed.sh(&format!(
            "install -m 755 {}/tests/testbed/packages/podman /usr/local/bin/podman; cd {}; {load}",
            packages.checkout(),
            packages.dist()
        ));
        // The one in the testbed is a script; the real one needs no shell.
        bed.sh("perl -0pi -e 's,^#!/bin/bash,#!/usr/bin/bash,' /usr/bin/nvidia-smi");
        Self(bed)
    }

    /// Runs the page's line with this changed in it, until it listens.
    #[track_caller]
    fn run(&self, change: impl Fn(&str) -> String) {
        self.start(change);
        self.0.wait_until("curl -sf http://127.0.0.1:8080/health");
    }

    #[track_caller]
    fn start(&self, change: impl Fn(&str) -> String) {
        let [_, run, _] = lines();
        // What the nvidia-smi of the testbed shows lies in files.
        let run = run.replace(
            "--volume /usr:",
            "--volume /run/fake-nvidia-smi:/run/fake-nvidia-smi:ro --volume /usr:",
        );
        let changed = change(&run);
        self.0.sh(&changed);
    }

    fn stop(&self) {
        self.0.sh("podman stop");
        self.0.wait_until("! pgrep -x sek8s-status");
    }

    /// What it wrote.
    fn log(&self) -> String {
        self.0.sh("cat /run/sek8s-status.log")
    }
}

fn documented(bed: &Bed, packages: &Packages) {
    let engine = Engine::load(bed, packages);
    engine.run(str::to_owned);
    let [_, _, ask] = lines();
    assert!(bed.sh(&ask).starts_with("{\"status\":\"ok\""));
    answers_with_what_is_so(bed);
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        thread.has_nothing();
        thread.is(bed, "nobody", &["systemd-journal"]);
    }
    let mounts = bed.sh("cat /proc/$(pgrep -x sek8s-status)/mountinfo");
    for mount in mounts.lines() {
        let fields: Vec<_> = mount.split(' ').collect();
        let is_writable = fields[5].split(',').any(|right| right == "rw");
        let is_engines = ["/tmp", "/proc", "/dev"].iter().any(|own| fields[4].starts_with(own));
        assert!(!is_writable || is_engines, "{mount}");
    }
    // The network is the machine's here; in one of its own it would be reached by this alone.
    assert!(engine.log().contains("listening on http://0.0.0.0:8080\n"), "{}", engine.log());
    engine.stop();
    assert!(engine.log().ends_with("stopped\n"), "{}", engine.log());
}

fn without(bed: &Bed, packages: &Packages) {
    let engine = Engine::load(bed, packages);
    let volume = |path: &str| {
        let volume = format!("--volume {path}:{path}:ro");
        move |run: &str| {
            assert!(run.contains(&volume), "{volume}");
            run.replace(&volume, "")
        }
    };
    let (state, log) = ("/services/k3s/status", "/services/k3s/logs?lines=1");
    let error = |path: &str, status: u16, code: &str| {
        let (answered, body) = curl(bed, "", path);
        assert_eq!(answered, status, "{body}");
        assert!(body.contains(&format!("\"error\":\"{code}\"")), "{body}");
        engine.stop();
    };
    for path in ["/usr", "/lib64"] {
        engine.run(volume(path));
        error(state, 503, "missing_binary");
    }
    engine.run(volume("/lib"));
    // The library that journalctl and systemctl share is not found.
    assert_ne!(curl(bed, "", state).0, 200);
    engine.stop();
    for path in ["/run/systemd/system", "/run/dbus/system_bus_socket"] {
        engine.run(volume(path));
        error(state, 502, "command_failed");
    }
    for path in ["/etc/machine-id", "/var/log/journal"] {
        engine.run(volume(path));
        error(log, 502, "no_journal");
    }
    engine.run(|run| run.replace("--group-add \"$(getent group systemd-journal | cut -d: -f3)\"", ""));
    error(log, 502, "journal_permission");
    engine.run(|run| run.replace("--user 65534:65534", "--user 65532:65532"));
    error(state, 502, "command_failed");
    engine.run(|run| run.replace("--read-only", "--read-only --env LOG_TAIL_MAX=100"));
    assert!(curl(bed, "", "/services/k3s/logs?lines=200").1.contains("\"returned_lines\":100"));
    engine.stop();
    engine.start(|run| run.replace("--tmpfs /tmp", ""));
    bed.wait_until("[ -s /run/sek8s-status.log ] && ! pgrep -x sek8s-status");
    assert!(engine.log().contains("cannot create the private socket in `/tmp`"), "{}", engine.log());
}

fn own_programs(bed: &Bed, packages: &Packages) {
    let engine = Engine::load(bed, packages);
    bed.sh("cd /run/images/root; mkdir -p usr/bin usr/lib/x86_64-linux-gnu usr/lib64
        ln -s usr/lib lib; ln -s usr/lib64 lib64
        cp /usr/bin/systemctl /usr/bin/journalctl usr/bin/
        ldd /usr/bin/systemctl /usr/bin/journalctl | grep -o '/[^ ]*\\.so[^ ]*' | sort -u |
            while read -r library; do cp --parents --dereference $library .; done");
    engine.run(|run| {
        let volumes = ["/usr", "/lib", "/lib64"].map(|path| format!("--volume {path}:{path}:ro"));
        volumes.iter().fold(run.to_owned(), |run, volume| run.replace(volume, ""))
    });
    for path in ["/services/k3s/status", "/services/k3s/logs?lines=1"] {
        let (status, body) = curl(bed, "", path);
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(curl(bed, "", "/gpu/nvidia-smi").0, 503);
}

fn root(bed: &Bed, packages: &Packages) {
    let engine = Engine::load(bed, packages);
    engine.start(|run| run.replace("--user 65534:65534", "--user 0:0").replace("--cap-drop all", ""));
    bed.wait_until("[ -s /run/sek8s-status.log ] && ! pgrep -x sek8s-status");
    assert!(engine.log().contains("/etc/passwd"), "{}", engine.log());
}
