//! The second signal: whatever was started and however it holds on, it ends at once.

use std::{
    fs,
    io::Read,
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use crate::{
    connection::Connection,
    server::Server,
    stub::{Stub, folder},
    test::{Programs, Test, eventually, nobody_is_left, signal},
};

/// Ten times what is promised of a second signal. All timeouts here are longer.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Ignores every polite signal.
fn stubborn() -> Stub {
    Stub::acts("trap '' TERM INT HUP; while :; do sleep 1000; done")
}

/// Has a child that holds the pipes, and ignores polite signals as well.
fn stubborn_family() -> Stub {
    Stub::acts(
        r#"trap '' TERM INT HUP
        sh -c 'echo $$ >>"$0/children"; while :; do sleep 1000; done' "$d" &
        while :; do wait; done"#,
    )
}

/// All that was started, and the children that said who they are.
#[track_caller]
fn started(programs: &Programs) -> Vec<u32> {
    let mut pids = programs.pids();
    for program in ["systemctl", "journalctl", "nvidia-smi"] {
        let children = fs::read_to_string(programs.file(program, "children")).unwrap_or_default();
        pids.extend(children.lines().map(|pid| pid.parse::<u32>().unwrap()));
    }
    pids
}

fn serve() -> Test {
    Test::new("serve --listen 127.0.0.1:0 --timeout 60s")
}

#[track_caller]
fn ask(server: &Server, path: &str) -> Connection {
    let mut connection = server.connect();
    connection.request("GET", path);
    connection
}

#[test]
fn a_second_signal_ends_the_server_and_programs_that_ignore_signals() {
    for (first, second, code) in
        [("TERM", "TERM", 143), ("INT", "INT", 130), ("TERM", "INT", 130), ("INT", "TERM", 143)]
    {
        for stub in [stubborn(), stubborn_family()] {
            let count = if stub.script().contains("/children") { 8 } else { 4 };
            let server = Server::start(serve().systemctl(&stub).journalctl(&stub).nvidia_smi(&stub));
            let mut asking: Vec<_> =
                ["/gpu/nvidia-smi", "/services/k3s/status", "/services/k3s/logs", "/overview"]
                    .iter()
                    .map(|path| ask(&server, path))
                    .collect();
            // One nvidia-smi, two systemctl, one journalctl, and a child of each.
            eventually("the programs were started", || started(server.programs()).len() == count);
            server.signal(first);
            eventually("it is stopping", || {
                server.said().contains("stopping: finishing requests in progress")
            });
            assert!(asking.iter_mut().all(Connection::is_quiet), "they are still waited for");
            let pids = started(server.programs());
            let begin = Instant::now();
            server.signal(second);
            let ended = server.wait();
            assert_eq!(ended.code, Some(code), "{first} {second}");
            assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
            nobody_is_left(&pids);
        }
    }
}

#[test]
fn a_second_signal_ends_programs_that_are_being_ended_already() {
    // Past their deadline, within their grace.
    let stub = stubborn_family();
    let server = Server::start(
        Test::new("serve --listen 127.0.0.1:0 --timeout 100ms").systemctl(&stub).nvidia_smi(&stub),
    );
    for path in ["/gpu/nvidia-smi", "/services/k3s/status"] {
        assert_eq!(ask(&server, path).answer().status, 504);
    }
    let pids = started(server.programs());
    server.signal("TERM");
    server.signal("INT");
    assert!(matches!(server.wait().code, Some(0 | 130 | 143)));
    nobody_is_left(&pids);
}

#[test]
fn a_second_signal_leaves_no_socket_file() {
    let folder = folder();
    let path = folder.path().join("http.sock");
    let test = Test::new("serve --timeout 60s --uds").argument(path.to_str().unwrap());
    let server = Server::start(test.nvidia_smi(&stubborn()));
    let _asking = ask(&server, "/gpu/nvidia-smi");
    eventually("it was started", || !server.programs().pids().is_empty());
    server.signal("TERM");
    eventually("it is stopping", || server.said().contains("stopping: "));
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(143));
    assert!(!Path::new(&path).exists());
}

#[test]
fn one_signal_still_waits_for_what_is_in_flight() {
    let waits = Stub::acts(r#"until [ -e "$d/go" ]; do sleep 0.02; done; echo here"#);
    let server = Server::start(serve().nvidia_smi(&waits));
    let mut asking = ask(&server, "/gpu/nvidia-smi");
    eventually("it was started", || !server.programs().pids().is_empty());
    server.signal("TERM");
    eventually("it is stopping", || server.said().contains("stopping: "));
    assert!(asking.is_quiet());
    fs::write(server.programs().file("nvidia-smi", "go"), "").unwrap();
    assert_eq!(asking.answer().status, 200);
    assert_eq!(server.wait().code, Some(0));
}

/// Ends after a second signal, with the code of either: two that wait at once are delivered in any order.
#[track_caller]
fn ends(mut child: Child, second: &str) {
    let begin = Instant::now();
    signal(child.id(), second);
    eventually("it has ended", || child.try_wait().unwrap().is_some());
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    assert!(matches!(child.wait().unwrap().code(), Some(130 | 143)));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn a_second_signal_ends_a_subcommand_and_programs_that_ignore_signals() {
    for arguments in ["gpu", "overview", "status", "logs k3s", "logs k3s -f", "overview --watch 1h"] {
        let stub = stubborn_family();
        let (mut child, programs) = Test::new(&format!("{arguments} --timeout 60s"))
            .systemctl(&stub)
            .journalctl(&stub)
            .nvidia_smi(&stub)
            .start();
        let count = if arguments.starts_with("overview") { 4 } else { 2 };
        eventually("the programs were started", || started(&programs).len() == count);
        let pids = started(&programs);
        signal(child.id(), "INT");
        // It may have been quick enough not to need another.
        if child.try_wait().unwrap().is_none() {
            ends(child, "INT");
        }
        nobody_is_left(&pids);
    }
}

#[test]
fn a_second_signal_ends_a_subcommand_whose_output_nobody_takes() {
    let (mut child, _programs) = Test::new("gpu --raw --max-output 1000000")
        .nvidia_smi(&Stub::acts("head -c 500000 /dev/zero"))
        .start();
    // It has begun to write, and has more to write than a pipe holds.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    signal(child.id(), "INT");
    ends(child, "TERM");
}
