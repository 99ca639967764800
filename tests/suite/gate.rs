//! Strangers that pull at the server, bounded in count and time.

use std::{
    fs,
    io::Read,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    pki::Pki,
    server::{Connection, Server},
    stub::{Stub, entry, folder},
    test::{Test, eventually, nobody_is_left, signal},
};

fn serve(flags: &str) -> Test {
    Test::new(&format!("serve --listen 127.0.0.1:0 {flags}"))
}

/// What a stranger's bytes go through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Tcp,
    Tls,
}

pub fn serve_over(over: Over, flags: &str) -> Test {
    let test = serve(flags);
    if over == Over::Tcp {
        return test;
    }
    let folder = test.programs().path().to_owned();
    Pki::new(&folder, "ca").server("server");
    let path = |name: &str| folder.join(name).display().to_string();
    test.environment("TLS_CERT_PATH", &path("server.pem")).environment("TLS_KEY_PATH", &path("server.key"))
}

/// One crowd of strangers at a time: what each asserts is meant for a machine that is not under attack
/// twice.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Strangers are no less strange over TLS.
macro_rules! over_both {
    ($($name:ident),+ $(,)?) => {
        mod over_tcp { $(#[test] fn $name() { let _turn = super::turn(); super::$name(super::Over::Tcp); })+ }
        mod over_tls { $(#[test] fn $name() { let _turn = super::turn(); super::$name(super::Over::Tls); })+ }
    };
}

over_both! {
    two_thousand_idle_connections_keep_nobody_out_and_leave_nothing,
    slow_heads_and_slow_readers_keep_nobody_out,
    a_head_without_end_is_refused_and_never_in_memory,
    limits_of_the_head_have_their_own_answers,
    who_is_refused_may_finish_what_he_says_and_read_why,
    smuggled_bytes_are_never_a_request,
    many_pipelined_requests_are_answered_in_order,
    random_bytes_end_nothing,
    few_descriptors_are_enough_for_ever,
    the_longest_idle_makes_room_and_who_waits_for_a_command_does_not,
    half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly,
}

/// Answers once the test says so.
fn waits() -> Stub {
    Stub::acts(r#"until [ -e "$d/go" ]; do sleep 0.02; done; echo late"#)
}

fn go(server: &Server, program: &str) {
    fs::write(server.programs().file(program, "go"), "").unwrap();
}

/// A number of a process's status, such as VmRSS in KiB.
pub fn status(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// New clients get their `/health`, nine in ten of them at least, each in ten times the goal.
#[track_caller]
fn health_is_answered(server: &Server) {
    let mut times: Vec<Duration> = (0..50)
        .filter_map(|_| {
            let begin = Instant::now();
            let mut connection = server.try_connect().ok()?;
            connection.try_send(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ok()?;
            connection
                .try_read()
                .filter(|answer| answer.starts_with(b"HTTP/1.1 200"))
                .map(|_| begin.elapsed())
        })
        .collect();
    times.sort();
    assert!(times.len() >= 45, "{} of 50", times.len());
    assert!(times[times.len() - 1] < Duration::from_millis(2500), "{times:?}");
    println!("/health under attack: {} of 50, slowest {:?}", times.len(), times[times.len() - 1]);
}

fn two_thousand_idle_connections_keep_nobody_out_and_leave_nothing(over: Over) {
    let mut server = Server::start(serve_over(over, ""));
    health_is_answered(&server);
    let (memory, threads, open) =
        (status(&server, "VmRSS"), status(&server, "Threads"), descriptors(&server));
    let mut idle = Vec::new();
    for round in 0..2000 {
        // As many as this process may hold; the server has closed the older ones long since.
        if idle.len() > 500 {
            idle.remove(0);
        }
        idle.push(server.connect());
        if round % 500 == 0 {
            health_is_answered(&server);
        }
    }
    health_is_answered(&server);
    let grown = status(&server, "VmRSS").saturating_sub(memory);
    assert!(grown < 40 * 1024, "{grown} KiB");
    // Those that are served, and those that wait for a place.
    assert!(descriptors(&server) < open + 70 + 256);
    drop(idle);
    eventually("threads and descriptors are as before", || {
        status(&server, "Threads") <= threads + 2 && descriptors(&server) <= open + 2
    });
    assert!(server.is_running());
}

fn slow_heads_and_slow_readers_keep_nobody_out(over: Over) {
    let long: String = (0..40).rev().map(|number| entry(number, 6, &"x".repeat(350))).collect();
    let mut server = Server::start(serve_over(over, "--max-age 1m").journalctl(&Stub::prints(long)));
    let mut slow: Vec<Connection> = (0..300)
        .map(|number| {
            let mut connection = server.connect();
            let _ = connection.try_send(&b"GET /health HTTP/1.1\r\nHost: a"[..10 + number % 20]);
            connection
        })
        .collect();
    health_is_answered(&server);
    slow.clear();
    let request = b"GET /services/k3s/logs HTTP/1.1\r\nHost: a\r\n\r\n".repeat(500);
    for _ in 0..100 {
        let mut connection = server.connect();
        let _ = connection.try_send(&request);
        slow.push(connection);
    }
    health_is_answered(&server);
    assert!(server.is_running());
}

fn a_head_without_end_is_refused_and_never_in_memory(over: Over) {
    let mut server = Server::start(serve_over(over, ""));
    health_is_answered(&server);
    let memory = status(&server, "VmRSS");
    let mut connection = server.connect();
    connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX: ");
    let piece = vec![b'x'; 100_000];
    let sent = (0..3000).take_while(|_| connection.offer(&piece).is_ok()).count();
    assert!(sent < 3000, "it was closed before 300 MB");
    let grown = status(&server, "VmRSS").saturating_sub(memory);
    assert!(grown < 40 * 1024, "{grown} KiB");
    assert!(server.is_running());
}

fn limits_of_the_head_have_their_own_answers(over: Over) {
    fn case(server: &Server, head: &str, status: u16, code: &str) {
        let mut connection = server.connect();
        connection.send(head.as_bytes());
        let (found, detail) = connection.answer().error();
        assert_eq!((found, &detail["error"]), (status, &json!(code)));
        connection.is_closed();
    }
    let server = Server::start(serve_over(over, ""));
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(5000));
    case(&server, &target, 414, "uri_too_long");
    let headers = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100));
    case(&server, &headers, 431, "headers_too_large");
    let header = format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    case(&server, &header, 431, "headers_too_large");
    case(
        &server,
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
        413,
        "too_large",
    );
}

fn who_is_refused_may_finish_what_he_says_and_read_why(over: Over) {
    let server = Server::start(serve_over(over, ""));
    let mut connection = server.connect();
    connection.send(format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}", "y".repeat(20_000)).as_bytes());
    assert_eq!(connection.answer().status, 431);
    // A connection that is closed with bytes unread is reset, and with it what was said on it.
    for _ in 0..200 {
        connection.offer(&[b'y'; 1000]).unwrap();
    }
}

fn smuggled_bytes_are_never_a_request(over: Over) {
    let server = Server::start(serve_over(over, "--log-level debug"));
    let smuggled = "GET /services HTTP/1.1\r\nHost: smuggled\r\n\r\n";
    for framing in [
        "Content-Length: 43\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: abc\r\n",
        "Content-Length: 0\r\nContent-Length: 43\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 43\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: y\r\n folded: z\r\n",
        "X: y\nZ: w\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(format!("GET /health HTTP/1.1\r\nHost: a\r\n{framing}\r\n{smuggled}").as_bytes());
        let answers = String::from_utf8(connection.finish()).unwrap();
        assert!(answers.starts_with("HTTP/1.1 400 "), "{framing}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{framing}: {answers}");
    }
    assert!(!server.said().contains("/services"), "{}", server.said());
}

fn many_pipelined_requests_are_answered_in_order(over: Over) {
    let server = Server::start(serve_over(over, ""));
    let mut connection = server.connect();
    let pairs = if over == Over::Tls { 30 } else { 3000 };
    let pair = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    // One end of TLS cannot be in two threads, and what fits into the buffers needs only one.
    let sending = if over == Over::Tls {
        connection.send(&pair.repeat(pairs));
        None
    } else {
        let mut sender = connection.try_clone();
        Some(std::thread::spawn(move || sender.send(&pair.repeat(pairs))))
    };
    for _ in 0..pairs {
        assert_eq!(connection.answer().status, 200);
        assert_eq!(connection.answer().status, 404);
    }
    if let Some(sending) = sending {
        sending.join().unwrap();
    }
}

fn random_bytes_end_nothing(over: Over) {
    let mut server = Server::start(serve_over(over, ""));
    health_is_answered(&server);
    let open = descriptors(&server);
    std::thread::scope(|scope| {
        for seed in 1..=8_u64 {
            let server = &server;
            scope.spawn(move || {
                let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                for _ in 0..2500 {
                    let Ok(mut connection) = server.try_connect_bare() else { continue };
                    let bytes: Vec<u8> = (0..64 + state % 200)
                        .map(|_| {
                            state ^= state << 13;
                            state ^= state >> 7;
                            state ^= state << 17;
                            state.to_le_bytes()[0]
                        })
                        .collect();
                    let _ = connection.try_send(&bytes);
                }
            });
        }
    });
    health_is_answered(&server);
    eventually("descriptors are as before", || descriptors(&server) <= open + 2);
    assert!(server.is_running());
}

fn few_descriptors_are_enough_for_ever(over: Over) {
    let server = Server::start_as(serve_over(over, ""), |binary| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", binary]);
        shell
    });
    let held: Vec<Connection> = (0..300).filter_map(|_| server.try_connect().ok()).collect();
    health_is_answered(&server);
    drop(held);
    health_is_answered(&server);
    assert_eq!(server.get("/overview").status, 200);
}

fn the_longest_idle_makes_room_and_who_waits_for_a_command_does_not(over: Over) {
    let server = Server::start(
        serve_over(over, "--max-connections 4")
            .journalctl(&Stub::acts(r#"until [ -e "$d/go" ]; do sleep 0.02; done"#)),
    );
    let mut idle: Vec<Connection> = (0..4).map(|_| server.connect()).collect();
    for connection in &mut idle {
        connection.request("GET", "/health");
        assert_eq!(connection.answer().status, 200);
    }
    assert_eq!(server.get("/health").status, 200);
    idle.remove(0).is_closed();
    drop(idle);
    let mut waiting: Vec<Connection> = ["k3s", "system-manager", "attestation-service", "infiniband-config"]
        .into_iter()
        .map(|id| {
            let mut connection = server.connect();
            connection.request("GET", &format!("/services/{id}/logs"));
            connection
        })
        .collect();
    eventually("all four are asked", || server.programs().asked().len() == 4);
    eventually("the fifth is turned away", || {
        let mut fifth = server.connect();
        if over == Over::Tls {
            // Nothing can be said before TLS is agreed on.
            return fifth.try_send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").is_err();
        }
        let _ = fifth.try_send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = String::from_utf8(fifth.finish()).unwrap();
        answer.starts_with("HTTP/1.1 503 ")
            && answer.contains("\"busy\"")
            && answer.contains("Retry-After: 1\r\n")
    });
    go(&server, "journalctl");
    for connection in &mut waiting {
        assert_eq!(connection.answer().status, 200);
    }
}

fn half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly(over: Over) {
    let server = Server::start(serve_over(over, ""));
    let begin = Instant::now();
    let mut silent = server.connect();
    let (mut half, mut line) = (server.connect(), server.connect());
    half.send(b"GET /health");
    line.send(b"GET /health HTTP/1.1\r\nHost");
    let read = |connection: &mut Connection, least: u64| {
        let (status, detail) = connection.answer().error();
        assert_eq!((status, &detail["error"]), (408, &json!("request_timeout")));
        assert!(begin.elapsed() >= Duration::from_secs(least), "{:?}", begin.elapsed());
        connection.is_closed();
    };
    silent.is_closed();
    assert!(begin.elapsed() >= Duration::from_secs(4), "{:?}", begin.elapsed());
    read(&mut half, 9);
    read(&mut line, 9);
    for what in [" - - - 408 ", " - GET /health 408 "] {
        eventually("it is said what had come", || server.said().contains(what));
    }
}

#[test]
fn a_crowd_that_asks_the_same_starts_two_processes() {
    let waits_then = |stub: Stub, script: &str| {
        Stub::acts(&format!("until [ -e \"$d/go\" ]; do sleep 0.02; done\n{script}")).files_of(&stub)
    };
    let units = Stub::units();
    let gpus = Stub::gpus();
    let systemctl = waits_then(units.clone(), units.script());
    let nvidia_smi = waits_then(gpus.clone(), gpus.script());
    let server = Server::start(
        serve("--max-connections 256 --timeout 60s").systemctl(&systemctl).nvidia_smi(&nvidia_smi),
    );
    let mut crowd: Vec<Connection> = (0..200)
        .map(|_| {
            let mut connection = server.connect();
            connection.request("GET", "/health");
            assert_eq!(connection.answer().status, 200);
            connection.request("GET", "/overview");
            connection
        })
        .collect();
    eventually("both are asked", || server.programs().asked().len() == 2);
    // All have asked by now: behind each, on a connection of its own, one more health is answered.
    assert_eq!(server.get("/health").status, 200);
    go(&server, "systemctl");
    go(&server, "nvidia-smi");
    for connection in &mut crowd {
        assert_eq!(connection.answer().json()["status"], "ok");
    }
    let started = server.programs().asked().len();
    println!("200 overviews started {started} processes");
    assert!(started <= 4, "{started}");
}

#[test]
fn a_fresh_answer_is_given_out_again_and_says_its_age() {
    let server = Server::start(serve("--max-age 1m"));
    for path in ["/services/k3s/status", "/services/k3s/logs", "/gpu/nvidia-smi?gpu=0", "/overview"] {
        assert_eq!(server.get(path).json()["age_ms"], 0, "{path}");
        let asked = server.programs().asked().len();
        eventually("it has an age", || server.get(path).json()["age_ms"].as_u64().unwrap() > 0);
        assert_eq!(server.programs().asked().len(), asked, "{path}");
    }
    // The overview's halves are shared with who asks for one alone.
    let asked = server.programs().asked().len();
    server.get("/gpu/nvidia-smi");
    assert_eq!(server.programs().asked().len(), asked);
}

#[test]
fn a_run_that_times_out_is_one_for_all_who_wait_and_busy_while_it_is_ended() {
    let stubborn = Stub::acts("trap '' TERM; while :; do sleep 1000 & wait; done");
    let server = Server::start(serve("--timeout 500ms").nvidia_smi(&stubborn));
    let mut waiting: Vec<Connection> = (0..50)
        .map(|_| {
            let mut connection = server.connect();
            connection.request("GET", "/gpu/nvidia-smi");
            connection
        })
        .collect();
    for connection in &mut waiting {
        assert_eq!(connection.answer().error().1["error"], "timeout");
    }
    assert_eq!(server.programs().asked().len(), 1);
    let (status, detail) = server.get("/gpu/nvidia-smi").error();
    assert_eq!((status, &detail["error"]), (503, &json!("busy")));
    nobody_is_left(&server.programs().pids());
    server.programs().install("nvidia-smi", &Stub::gpus());
    eventually("it is asked afresh", || server.get("/gpu/nvidia-smi").status == 200);
}

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
fn a_signal_ends_it_after_twenty_answers() {
    let server = Server::start(serve("--timeout 20s").nvidia_smi(&waits()).journalctl(&waits()));
    let mut waiting: Vec<Connection> = (0..20)
        .map(|number| {
            let mut connection = server.connect();
            let path = if number % 2 == 0 { "/gpu/nvidia-smi" } else { "/overview" };
            connection.request("GET", path);
            connection
        })
        .collect();
    eventually("the programs are asked", || server.programs().asked().len() >= 2);
    assert_eq!(server.get("/health").status, 200);
    server.signal("TERM");
    eventually("it accepts no more", || server.try_connect().is_err());
    go(&server, "nvidia-smi");
    for connection in &mut waiting {
        let answer = connection.answer();
        assert_eq!((answer.status, answer.header("Connection")), (200, Some("close")));
    }
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn the_other_protocol_of_the_internet_is_served_too() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("left out: there is no IPv6 here");
        return;
    }
    let server = Server::start(Test::new("serve --listen [::1]:0"));
    assert!(server.name().starts_with("http://[::1]:"));
    assert_eq!(server.get("/overview").status, 200);
}

#[test]
fn thirty_restarts_on_one_port_find_it_free() {
    let port = Server::start(serve("")).name().rsplit_once(':').unwrap().1.to_owned();
    for _ in 0..30 {
        let server = Server::start(Test::new(&format!("serve --listen 127.0.0.1:{port}")));
        assert_eq!(server.get("/health").status, 200);
        server.signal("TERM");
        assert_eq!(server.wait().code, Some(0));
    }
}

#[test]
fn the_access_log_has_one_line_a_request_and_no_path_of_a_client() {
    let server = Server::start(serve("--log-level debug"));
    server.get("/services/k3s/status?x=y");
    server.ask("BREW", "/overview%1b[31m");
    server.get("/health");
    let mut odd = server.connect();
    odd.send(b"GET /\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n");
    odd.finish();
    let line = |part: &str| server.said().lines().find(|line| line.contains(part)).map(str::to_owned);
    eventually("all lines are there", || line(" - GET - 400 ").is_some());
    let status = line("/services/{id}/status").unwrap();
    assert!(status.contains(" 127.0.0.1:") && status.contains(" GET /services/{id}/status 200 "), "{status}");
    assert!(status.ends_with(" bytes run"), "{status}");
    assert!(line(" other - 404 ").is_some(), "{}", server.said());
    assert!(line(" GET /health 200 ").is_some());
    assert!(!server.said().contains('\u{1b}') && !server.said().contains("31m"));

    let quiet = Server::start(serve(""));
    quiet.get("/health");
    quiet.get("/nothing");
    eventually("errors are said", || quiet.said().contains(" 404 "));
    assert!(!quiet.said().contains(" 200 "));
}

#[test]
fn sockets_that_are_passed_come_first_and_both_kinds_are_served() {
    let Ok(activate) = Command::new("systemd-socket-activate").arg("--version").output() else {
        eprintln!("left out: there is no systemd-socket-activate here");
        return;
    };
    assert!(activate.status.success());
    let folder = folder();
    let socket = folder.path().join("passed.sock");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = Command::new("systemd-socket-activate")
        .args(["--listen", &free.to_string(), "--listen", socket.to_str().unwrap(), "--fdname=web:local"])
        .args([crate::test::BINARY, "serve", "--demo", "--uds", "/tmp/never-used.sock"])
        .stderr(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it listens", || socket.exists());
    for name in [format!("http://{free}"), format!("unix:{}", socket.display())] {
        let mut connection = crate::server::connect(&name).unwrap();
        connection.request("GET", "/overview");
        assert_eq!(connection.answer().json()["demo"], true);
    }
    signal(child.id(), "TERM");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(said.contains("(socket web)") && said.contains("(socket local)"), "{said}");
    assert!(!said.contains("listening on unix:/tmp/never-used"), "{said}");
}
