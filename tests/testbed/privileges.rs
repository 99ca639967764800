//! What is left of root, and of a capability.

use serde_json::{Value, json};

use crate::{
    Test,
    bed::Bed,
    process::{DAC_READ_SEARCH, Status},
    running::Running,
    server,
};

pub const TESTS: &[Test] = &[
    ("started as root, every thread and every program is a user with two groups and nothing else", root),
    ("a socket file that root makes belongs to whom root becomes", socket_file),
    ("root becomes chutes, else nobody, and is told what --run-as would miss", accounts),
    ("what root cannot give up stops the start", stuck),
    ("capabilities that a change of user would leave are dropped all the same", no_setuid_fixup),
    ("a granted capability is out of effect, and only journalctl is lent it", lent),
    ("a program that others could have put there is lent nothing", planted),
    ("with a file capability, settings that name files are refused", secure),
    ("privileges says what is there, and what would grant the rest", table),
];

/// Programs that leave behind what they may do, and are the real ones then.
const RECORDING: &str = "/opt/recording";

fn record(bed: &Bed) {
    bed.sh(&format!(
        "mkdir -p {RECORDING}; install -d -m 777 /run/recorded
        for program in systemctl journalctl nvidia-smi; do
            printf '#!/bin/sh\\ncat /proc/$$/status >>/run/recorded/%s\\nexec /usr/bin/%s \"$@\"\\n' \\
                $program $program >{RECORDING}/$program
            chmod 755 {RECORDING}/$program
        done"
    ));
}

fn recorded(bed: &Bed, program: &str) -> Vec<Status> {
    Status::read(&bed.sh(&format!("cat /run/recorded/{program}; rm /run/recorded/{program}")))
}

/// `setpriv` with the capability and without groups.
const CAPABLE: &str = "setpriv --reuid nobody --regid nogroup --clear-groups \
    --inh-caps +dac_read_search --ambient-caps +dac_read_search --";

fn address_of(server: &Running) -> String {
    loop {
        let said = server.stderr_line().expect("it listens");
        if let Some(address) = said.strip_prefix("sek8s-status: listening on http://") {
            return address.to_owned();
        }
    }
}

fn root(bed: &Bed) {
    bed.sh("useradd --system --groups adm chutes");
    let server = bed.start_as("root", "serve --listen 127.0.0.1:0");
    let address = address_of(&server);
    server::assert_same_documents(bed, |path| crate::http::over_tcp(&address, path));

    bed.sh("echo 1000 >/run/fake-nvidia-smi/delay");
    std::thread::scope(|scope| {
        scope.spawn(|| crate::http::over_tcp(&address, "/gpu/nvidia-smi?detail=true"));
        bed.wait_until("pgrep -x nvidia-smi");
        let threads = Status::of(bed, "pgrep -x 'sek8s-status|nvidia-smi'");
        assert!(threads.len() > 2, "{}", threads.len());
        assert!(threads.iter().any(|thread| thread.field("Name") == "nvidia-smi"));
        for thread in &threads {
            thread.is(bed, "chutes", &["systemd-journal", "video"]);
            thread.has_nothing();
        }
        bed.sh("pkill -x nvidia-smi");
    });
    bed.sh("pkill -TERM -x sek8s-status");
    server.ends_with(0);
}

fn socket_file(bed: &Bed) {
    bed.sh("useradd --system chutes; install -d -m 755 /run/of-root; install -d -o chutes /run/of-chutes");
    let serves = |folder: &str| {
        let server = bed.start_as("root", &format!("serve --uds /run/{folder}/http --uds-mode 0600"));
        let said = server.stderr_line().unwrap();
        assert!(said.ends_with(&format!("listening on unix:/run/{folder}/http")), "{said}");
        assert_eq!(bed.sh(&format!("stat -c '%U %G %a' /run/{folder}/http")), "chutes chutes 600\n");
        let health = crate::http::over_unix(&bed.reach(&format!("/run/{folder}/http")), "/health").unwrap();
        assert!(health.ends_with("{\"status\":\"ok\"}\n"), "{health}");
        bed.sh("pkill -TERM -x sek8s-status");
        let last: Vec<_> = std::iter::from_fn(|| server.stderr_line()).collect();
        server.ends_with(0);
        last.join("\n")
    };
    let said = serves("of-root");
    assert!(said.contains("could not remove /run/of-root/http: "), "{said}");
    serves("of-root");
    let said = serves("of-chutes");
    assert!(!said.contains("could not remove"), "{said}");
    bed.sh("[ ! -e /run/of-chutes/http ]; rm -r /run/of-root /run/of-chutes");
}

fn accounts(bed: &Bed) {
    record(bed);
    let runs_as = |arguments: &str, user: &str| {
        let ran = bed.run_as("root", &format!("logs k3s -n 1 --program-path {RECORDING} {arguments}"));
        let ran = ran.status(0);
        for status in recorded(bed, "journalctl") {
            status.is(bed, user, &["systemd-journal", "video"]);
            status.has_nothing();
        }
        ran.stderr()
    };
    assert_eq!(runs_as("", "nobody"), "");
    bed.sh("useradd --system chutes");
    assert_eq!(runs_as("", "chutes"), "");
    let warned = runs_as("--run-as daemon", "daemon");
    assert!(warned.contains("`daemon` is not in group `systemd-journal`"), "{warned}");
    assert_eq!(warned.lines().count(), 1, "{warned}");
    assert_eq!(runs_as("--run-as status", "status"), "");

    for (name, why) in [
        ("nobody-of-that-name", "no such user in /etc/passwd"),
        ("root", "it must not be root or in group root"),
    ] {
        let refused = bed.run_as("root", &format!("status --run-as {name} --program-path {RECORDING}"));
        assert_eq!(refused.status(2).stderr(), format!("sek8s-status: `run-as` is `{name}`: {why}\n"));
    }
    let refused = bed.run_as("status", "services --run-as daemon").status(2).stderr();
    assert!(refused.contains("only root can run as another user"), "{refused}");
    bed.run_as("status", "services --run-as status").status(0);
    bed.sh("[ ! -e /run/recorded/systemctl ]");
}

fn stuck(bed: &Bed) {
    record(bed);
    for (capability, what) in [
        ("setgid", "could not set the supplementary groups"),
        ("setuid", "could not set the user id"),
        ("setpcap", "could not clear the capability bounding set"),
    ] {
        let bounded = format!("setpriv --bounding-set -{capability} --inh-caps -{capability} --");
        let status = format!("status --program-path {RECORDING}");
        let refused = bed.run_behind(&bounded, &status).status(2);
        assert!(refused.stderr().starts_with(&format!("sek8s-status: {what}: ")), "{}", refused.stderr());
        assert_eq!(refused.stderr().lines().count(), 1, "{}", refused.stderr());
        assert_eq!(refused.stdout(), "");
        // It listens to nobody then, either.
        let serve = bed.run_behind(&bounded, "serve --listen 127.0.0.1:0").status(2).stderr();
        assert_eq!(serve, refused.stderr());
    }
    bed.sh("[ ! -e /run/recorded/systemctl ]");
}

fn no_setuid_fixup(bed: &Bed) {
    record(bed);
    let kept = "setpriv --securebits +no_setuid_fixup --";
    bed.run_behind(kept, &format!("logs k3s -n 1 --program-path {RECORDING}")).status(0);
    for status in recorded(bed, "journalctl") {
        status.is(bed, "nobody", &["systemd-journal", "video"]);
        status.has_nothing();
    }
}

fn lent(bed: &Bed) {
    record(bed);
    let server = bed.start_behind(CAPABLE, &format!("serve --listen 127.0.0.1:0 --program-path {RECORDING}"));
    let address = address_of(&server);
    let get = |path: &str| crate::http::over_tcp(&address, path).unwrap();
    assert!(get("/services/k3s/logs?lines=5").contains("\"returned_lines\":5"));
    assert!(get("/overview").contains("\"status\":\"ok\""));
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        assert_eq!(thread.capabilities(), [DAC_READ_SEARCH, 0, 0, 0]);
        thread.is(bed, "nobody", &[]);
    }
    for program in ["systemctl", "nvidia-smi"] {
        for status in recorded(bed, program) {
            assert_eq!(status.capabilities(), [0; 4], "{program}");
        }
    }
    for status in recorded(bed, "journalctl") {
        assert_eq!(status.capabilities(), [DAC_READ_SEARCH; 4]);
    }
    bed.sh("pkill -TERM -x sek8s-status");
    server.ends_with(0);

    // On the terminal, for as long as journalctl follows.
    let following = bed.start_behind(CAPABLE, "logs k3s -f -n 1");
    following.line().unwrap();
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        assert_eq!(thread.capabilities(), [DAC_READ_SEARCH, 0, 0, 0]);
    }
    for thread in Status::of(bed, "pgrep -x journalctl") {
        assert_eq!(thread.capabilities(), [DAC_READ_SEARCH; 4]);
    }
    bed.sh("pkill -INT -x sek8s-status");
    following.ends_with(130);

    // A subcommand that has no use for it keeps nothing, and neither does what is not in the table.
    let more = "setpriv --reuid nobody --regid nogroup --clear-groups \
        --inh-caps +dac_read_search,+kill,+net_bind_service --ambient-caps +dac_read_search,+kill,+net_bind_service --";
    let server = bed.start_behind(more, "serve --listen 127.0.0.1:0");
    address_of(&server);
    for thread in Status::of(bed, "pgrep -x sek8s-status") {
        assert_eq!(thread.capabilities(), [DAC_READ_SEARCH, 0, 0, 0]);
    }
    bed.sh("pkill -TERM -x sek8s-status");
    server.ends_with(0);
    for (last_log, kept) in [("on", DAC_READ_SEARCH), ("off", 0)] {
        let watching =
            bed.start_behind(CAPABLE, &format!("overview --watch 1h --json --last-log {last_log}"));
        watching.line().unwrap();
        for thread in Status::of(bed, "pgrep -x sek8s-status") {
            assert_eq!(thread.capabilities(), [kept, 0, 0, 0], "{last_log}");
        }
        bed.sh("pkill -INT -x sek8s-status");
        watching.ends_with(130);
    }
}

fn planted(bed: &Bed) {
    record(bed);
    let asks = |what: &str| {
        let answer =
            bed.run_behind(CAPABLE, &format!("logs k3s --json --program-path {RECORDING}")).status(2).json();
        assert_eq!(answer["detail"]["error"], "journal_permission", "{what}");
        for status in recorded(bed, "journalctl") {
            assert_eq!(status.capabilities(), [0; 4], "{what}");
        }
        let privileges = bed
            .run_behind(CAPABLE, &format!("privileges --json --program-path {RECORDING}"))
            .status(1)
            .json();
        let logs = &privileges["subcommands"][2]["needs"][0];
        assert_eq!(logs["present"], false, "{what}");
        assert!(logs["found"].as_str().unwrap().contains("is writable by users other than root"), "{logs}");
    };
    bed.sh(&format!("chown nobody {RECORDING}/journalctl"));
    asks("a file of another's");
    bed.sh(&format!("chown root {RECORDING}/journalctl; chmod 775 {RECORDING}/journalctl"));
    asks("a file that a group may write");
    bed.sh(&format!("chmod 755 {RECORDING}/journalctl; chown nobody {RECORDING}"));
    asks("a folder of another's");
    bed.sh(&format!("chown root {RECORDING}; chmod 777 /opt"));
    asks("a folder above it that all may write");
    bed.sh("chmod 755 /opt");
    bed.run_behind(CAPABLE, &format!("logs k3s --json --program-path {RECORDING}")).status(0);
    bed.sh("rm -r /run/recorded");
}

fn secure(bed: &Bed) {
    let capable = "/usr/local/bin/capable";
    bed.sh(&format!(
        "install -m 755 {} {capable}; setcap cap_dac_read_search+p {capable}
        install -d -o nobody -m 755 /run/planted
        printf '#!/bin/sh\\ntouch /run/planted/ran\\ncat /etc/shadow\\n' >/run/planted/journalctl
        chmod 755 /run/planted/journalctl",
        bed.binary()
    ));
    let ask = |environment: &str, arguments: &str| {
        let as_nobody =
            format!("setpriv --reuid nobody --regid nogroup --clear-groups env {environment} {capable}");
        bed.run_instead(&as_nobody, arguments)
    };
    let answer = ask("", "logs k3s -n 3 --json").status(0).json();
    assert_eq!(answer["returned_lines"], 3);
    for (environment, arguments, named) in [
        ("", "logs k3s --program-path /run/planted", "--program-path"),
        ("PROGRAM_PATH=/run/planted", "logs k3s", "PROGRAM_PATH"),
        ("JOURNAL_PATH=/run/planted", "logs k3s", "JOURNAL_PATH"),
        ("", "privileges --journal-path /run/planted", "--journal-path"),
        ("", "serve --uds /run/planted/http", "--uds"),
        ("UDS_PATH=/run/planted/http", "serve", "UDS_PATH"),
        ("", "logs k3s --run-as daemon", "--run-as"),
        ("RUN_AS=daemon", "logs k3s", "RUN_AS"),
        ("", "serve --auth-token-file /etc/shadow", "--auth-token-file"),
        ("AUTH_TOKEN_FILE=/etc/shadow", "serve --check", "AUTH_TOKEN_FILE"),
        ("TLS_CERT_PATH=/etc/shadow", "serve", "TLS_CERT_PATH"),
        ("TLS_KEY_PATH=/etc/shadow", "serve", "TLS_KEY_PATH"),
        ("CLIENT_CA_PATH=/etc/shadow", "serve", "CLIENT_CA_PATH"),
    ] {
        let refused = ask(environment, arguments).status(2);
        assert_eq!(refused.stdout(), "");
        assert!(refused.stderr().contains(named), "{}", refused.stderr());
        let why = ": not allowed: this binary is setuid or has file capabilities\n";
        assert!(refused.stderr().ends_with(why), "{}", refused.stderr());
        assert_eq!(refused.stderr().lines().count(), 1, "{}", refused.stderr());
    }
    bed.sh(&format!("[ ! -e /run/planted/ran ]; rm -r /run/planted {capable}"));
}

fn table(bed: &Bed) {
    let needs = |document: &Value, number: usize| -> Vec<(String, Value)> {
        let subcommand = &document["subcommands"][number];
        let needs = subcommand["needs"].as_array().unwrap().iter();
        needs.map(|need| (need["need"].as_str().unwrap().to_owned(), need["present"].clone())).collect()
    };
    let (bus, journal, gpus) = ("system_bus".to_owned(), "journal".to_owned(), "gpu_devices".to_owned());
    let all = bed.run("privileges --json").status(0).json();
    assert_eq!(needs(&all, 0), [], "services");
    assert_eq!(needs(&all, 1), [(bus.clone(), json!(true))], "status");
    assert_eq!(needs(&all, 2), [(journal.clone(), json!(true))], "logs");
    assert_eq!(needs(&all, 3), [(gpus.clone(), json!(null))], "gpu");
    assert_eq!(all["user"], "status");
    assert_eq!(all["started_as_root"], false);
    assert_eq!(all["no_new_privileges"], true);

    let root = bed.run_as("root", "privileges --json").status(0).json();
    assert_eq!((&root["user"], &root["started_as_root"]), (&json!("nobody"), &json!(true)));
    let mut groups: Vec<_> =
        root["groups"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["nogroup", "systemd-journal", "video"]);

    // Each thing that is missing, with what grants it: and then it is there.
    bed.sh(
        "mknod -m 600 /dev/nvidiactl c 195 255; mknod -m 660 /dev/nvidia0 c 195 0; chgrp video /dev/nvidia0",
    );
    bed.sh("useradd --system lonely; chmod 700 /run/dbus");
    let ask = |status: i32| bed.run_as("lonely", "privileges --json --color never").status(status).json();
    let nothing = ask(1);
    assert_eq!(
        needs(&nothing, 5),
        [(bus, json!(false)), (journal, json!(false)), (gpus, json!(false))],
        "serve"
    );
    let shown = bed.run_as("lonely", "privileges").status(1).stdout();
    for grant in [
        "usermod -aG systemd-journal lonely",
        "AmbientCapabilities=CAP_DAC_READ_SEARCH in the unit, with PrivateUsers=no",
        &format!("setcap cap_dac_read_search+p {}", bed.binary()),
        "usermod -aG video lonely",
    ] {
        assert!(shown.contains(&format!("  {grant}\n")), "{grant}: {shown}");
    }
    bed.sh("usermod -aG systemd-journal lonely; usermod -aG video lonely; chmod 755 /run/dbus; rm /dev/nvidiactl");
    assert_eq!(needs(&ask(0), 3), [("gpu_devices".to_owned(), json!(true))]);
    bed.sh("rm /dev/nvidia0; userdel lonely");

    let low = |behind: &str| {
        let ran =
            bed.run_behind(&format!("env BIND_ADDRESS=127.0.0.1 PORT=80 {behind}"), "privileges --json");
        let document: Value = serde_json::from_str(&ran.stdout()).unwrap();
        document["subcommands"][5]["needs"][3].clone()
    };
    let start = bed.sh("cat /proc/sys/net/ipv4/ip_unprivileged_port_start");
    assert_eq!(start.trim(), "1024", "this machine lets everybody listen on low ports");
    let missing = low("setpriv --reuid status --regid status --init-groups --");
    assert_eq!((&missing["need"], &missing["present"]), (&json!("low_port"), &json!(false)));
    assert_eq!(missing["grant"].as_array().unwrap().len(), 3, "{missing}");
    let granted = "setpriv --reuid status --regid status --init-groups --inh-caps +net_bind_service \
        --ambient-caps +net_bind_service --";
    assert_eq!(low(granted)["present"], true);
    assert_eq!(low("")["present"], true, "root");
    // And it is so.
    let serve = |behind: &str| bed.start_behind(behind, "serve --listen 127.0.0.1:80");
    for behind in [granted, "env"] {
        let server = serve(behind);
        assert_eq!(address_of(&server), "127.0.0.1:80");
        bed.sh("pkill -TERM -x sek8s-status");
        server.ends_with(0);
    }
    serve("setpriv --reuid status --regid status --init-groups --").ends_with(2);
}
