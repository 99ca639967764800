//! Strangers that pull at the server, over TCP and over TLS, bounded in count and time.

mod heads;
mod waiting;

use std::{
    fs::{self, File},
    time::{Duration, Instant},
};

use crate::{pki::Pki, serve::serve, server::Server, test::Test};

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

/// One crowd of strangers at a time: what each test asserts is meant for a machine that is not under attack twice. A file
/// holds the turn, because cargo-nextest runs each test in a process of its own.
pub fn turn() -> File {
    let turn = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/turn")).unwrap();
    turn.lock().unwrap();
    turn
}

/// A number of a process's status, such as VmRSS in KiB.
pub fn status(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

pub fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// New clients get their `/health`, nine in ten of them at least, each in ten times the goal.
#[track_caller]
pub fn health_is_answered(server: &Server) {
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
