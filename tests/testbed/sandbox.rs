//! The sandbox of the packaged service: what a compromised server could still do, tried by a program in
//! its place, and which directives it is that stop it.

use std::{collections::BTreeMap, net::TcpListener};

use crate::{
    Test,
    bed::Bed,
    process::{DAC_READ_SEARCH, Status},
    server,
    unit::{JOURNAL_CAPABILITY, LISTEN, SERVICE, Unit},
};

pub const TESTS: &[Test] = &[
    ("the packaged service answers everything over TCP, and has nothing", answers),
    ("in its place nothing can be reached, opened, written or executed that it does not need", confined),
    ("each attempt succeeds without the directives that stand in its way", matters),
    ("the drop-in for listening listens", listens),
    ("the drop-in for the capability reads the journal without the group", capability),
    ("systemd rates the exposure as low as promised", exposure),
];

const PROBE: &str = include_str!("probe.pl");

/// What the probe prints: how each attempt ended, each of them if there were several.
type Attempts = BTreeMap<String, Vec<String>>;

/// Runs the probe in a unit like the packaged one, but for these lines of it. It tries to write to these
/// folders, or to all.
fn probe(bed: &Bed, port: u16, without: &[&str], folders: &str) -> Attempts {
    let other = ["Type=", "ExecStart=", "Restart=", "WatchdogSec=", "Wants=", "Also=", "WantedBy="];
    let is_left = |line: &&str| !other.iter().chain(without).any(|start| line.starts_with(start));
    for directive in without {
        assert!(SERVICE.lines().any(|line| line.starts_with(directive)), "{directive}");
    }
    let unit: Vec<_> = SERVICE.lines().filter(is_left).collect();
    let printed = bed.sh(&format!(
        "cat >/run/systemd/system/probe.service <<'EOF'\n{}\n[Service]\nType=oneshot\n\
            ExecStart=/usr/bin/perl /opt/probe.pl {port} /run/sek8s-status {folders}\n\
            StandardOutput=truncate:/run/probed\nEOF
        systemctl daemon-reload; systemctl start probe.service; cat /run/probed",
        unit.join("\n")
    ));
    let mut attempts = Attempts::new();
    for (name, end) in printed.lines().map(|line| line.split_once('\t').unwrap()) {
        attempts.entry(name.to_owned()).or_default().push(end.to_owned());
    }
    attempts
}

/// Things to find: GPU nodes, another device, files of others, and folders that everybody may write to.
struct Bait<'a>(&'a Bed);

/// Folders that everybody may write to, where there was none.
const OPEN: &str = "/etc/open /usr/open /var/open /run/open /srv/open /opt/open /home/open";

impl<'a> Bait<'a> {
    fn lay(bed: &'a Bed) -> Self {
        bed.sh(&format!(
            "install -m 644 /dev/stdin /opt/probe.pl <<'EOF'\n{PROBE}EOF
            mknod -m 666 /dev/nvidia0 c 195 0; mknod -m 666 /dev/nvidiactl c 195 255
            mknod -m 666 /dev/forbidden c 10 200
            install -d -m 777 {OPEN}
            echo secret >/tmp/of-others; echo secret >/home/of-others"
        ));
        Self(bed)
    }
}

impl Drop for Bait<'_> {
    fn drop(&mut self) {
        self.0.sh(&format!(
            "rm -rf /opt/probe.pl /dev/nvidia0 /dev/nvidiactl /dev/forbidden {OPEN} /tmp/of-others \\
                /home/of-others /run/systemd/system/probe.service /run/probed"
        ));
    }
}

fn answers(bed: &Bed) {
    let unit = Unit::install(bed);
    bed.sh("systemctl start sek8s-status.socket");
    server::assert_same_documents(bed, |path| unit.get(path));
    assert!(unit.get("/services").unwrap().contains("\"id\":\"infiniband-config\""));
    assert!(unit.get("/health").unwrap().ends_with("{\"status\":\"ok\"}\n"));
    for service in
        ["admission-controller", "system-manager", "attestation-service", "k3s", "nvidia-persistenced"]
    {
        let logs = unit.get(&format!("/services/{service}/logs?lines=3&entries=true")).unwrap();
        assert!(logs.contains("\"returned_lines\":3"), "{logs}");
    }
    assert!(unit.get("/gpu/nvidia-smi?detail=true").unwrap().contains("placeholder: nvidia-smi -q"));
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        // systemd sets the user's own group as one more.
        thread.is(bed, "chutes", &["chutes", "systemd-journal", "video"]);
        thread.has_nothing();
        assert_eq!(thread.field("Seccomp"), "2", "its system calls are filtered");
    }
}

fn confined(bed: &Bed) {
    let _unit = Unit::install(bed);
    let _bait = Bait::lay(bed);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut attempts = probe(bed, listener.local_addr().unwrap().port(), &[], "");
    // No driver is behind these nodes, and that is what the kernel says once it has let somebody in.
    for node in ["device nvidia0", "device nvidiactl"] {
        assert_eq!(attempts.remove(node).unwrap(), ["ENXIO"], "{node}");
    }
    assert_eq!(attempts.remove("device null").unwrap(), ["done"]);
    assert_eq!(attempts.remove("writes").unwrap(), ["/run/sek8s-status"]);
    assert_eq!(attempts.len(), 17, "{attempts:?}");
    for (attempt, ends) in attempts {
        let is_refusal = |end: &String| ["EPERM", "EACCES", "ENOENT", "EAFNOSUPPORT"].contains(&end.as_str());
        assert!(ends.iter().all(is_refusal), "{attempt}: {ends:?}");
    }
}

/// Without these lines, this attempt succeeds: `writes` where it says a folder too.
const MATTERS: &[(&[&str], &str, &str)] = &[
    (&["RestrictAddressFamilies="], "socket inet", "done"),
    (&["RestrictAddressFamilies="], "socket inet6", "done"),
    (&["RestrictAddressFamilies="], "socket netlink", "done"),
    (&["RestrictAddressFamilies="], "socket vsock", "done"),
    (&["RestrictAddressFamilies=", "PrivateNetwork=", "IPAddressDeny="], "connect to the machine", "done"),
    (&["DevicePolicy=", "DeviceAllow=", "ProtectClock="], "device forbidden", "done"),
    (&["PrivateTmp="], "read /tmp/of-others", "done"),
    (&["ProtectHome="], "read /home/of-others", "done"),
    (&["ProtectProc="], "read /proc/1/status", "done"),
    (&["NoExecPaths="], "run what it wrote", "done"),
    (&["MemoryDenyWriteExecute="], "memory to write and execute", "done"),
    (&["SystemCallFilter="], "trace", "done"),
    (&["LockPersonality="], "personality", "done"),
    (&["RestrictNamespaces="], "namespace", "done"),
    (&["SystemCallFilter="], "priority", "done"),
    (&["RestrictSUIDSGID="], "setuid file", "done"),
    (&["SystemCallFilter="], "owner of a file", "done"),
    (&["ProtectSystem="], "writes", "/usr/open"),
    (&["ProtectSystem="], "writes", "/etc/open"),
    (&["ReadOnlyPaths="], "writes", "/run/open"),
    (&["ReadOnlyPaths="], "writes", "/tmp"),
    (&["ReadOnlyPaths="], "writes", "/var/tmp"),
    (&["ReadOnlyPaths="], "writes", "/dev/shm"),
    (&["ReadOnlyPaths="], "writes", "/dev/mqueue"),
];

/// Where more than one line is in the way of an attempt, each of them is, alone.
const EACH: &[(&[&str], &str, &str)] = &[
    (&["RestrictAddressFamilies=", "IPAddressDeny="], "connect to the machine", "ECONNREFUSED"),
    (&["RestrictAddressFamilies=", "PrivateNetwork="], "connect to the machine", "EINTR"),
    (&["DeviceAllow="], "device nvidia0", "EPERM"),
];

fn matters(bed: &Bed) {
    let _unit = Unit::install(bed);
    let _bait = Bait::lay(bed);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // That every other folder is closed is the test before this.
    let written = MATTERS.iter().filter(|(_, attempt, _)| *attempt == "writes").map(|(_, _, folder)| *folder);
    let folders = written.collect::<Vec<_>>().join(" ");
    let mut probed: BTreeMap<&[&str], Attempts> = BTreeMap::new();
    for (without, attempt, expected) in MATTERS.iter().chain(EACH) {
        let attempts = probed.entry(without).or_insert_with(|| probe(bed, port, without, &folders));
        let ends = &attempts[*attempt];
        assert!(ends.iter().any(|end| end == expected), "without {without:?}: {attempt}: {ends:?}");
    }
}

fn listens(bed: &Bed) {
    let unit = Unit::install(bed);
    unit.drop_in("listen", LISTEN);
    unit.drop_in("port", &format!("[Service]\nEnvironment=PORT={} BIND_ADDRESS=127.0.0.1", unit.port));
    bed.sh("systemctl mask -q --now sek8s-status.socket; systemctl start sek8s-status.service");
    server::assert_same_documents(bed, |path| unit.get(path));
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        thread.has_nothing();
    }
    let said = bed.sh("journalctl -u sek8s-status.service -o cat --no-pager");
    assert!(said.contains(&format!("listening on http://127.0.0.1:{}\n", unit.port)), "{said}");
}

fn capability(bed: &Bed) {
    let unit = Unit::install(bed);
    unit.drop_in("journal-capability", JOURNAL_CAPABILITY);
    bed.sh("gpasswd -d chutes systemd-journal; systemctl start sek8s-status.socket");
    server::assert_same_documents(bed, |path| unit.get(path));
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        thread.is(bed, "chutes", &["chutes", "video"]);
        assert_eq!(thread.capabilities(), [DAC_READ_SEARCH, 0, 0, 0]);
    }
}

fn exposure(bed: &Bed) {
    let unit = Unit::install(bed);
    let rated = || -> f64 {
        let table = bed.sh("systemd-analyze security --offline=true --no-pager sek8s-status.service");
        let verdict = table.lines().last().unwrap();
        let number = verdict.split_ascii_whitespace().find_map(|word| word.parse().ok());
        println!("{verdict}");
        number.expect(verdict)
    };
    assert!(rated() <= 0.6);
    unit.drop_in("listen", LISTEN);
    assert!(rated() <= 1.3);
}
