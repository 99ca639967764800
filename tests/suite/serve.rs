//! The same answers over HTTP: real sockets, raw bytes.

mod connections;
mod documents;
mod failures;
mod gpu_health;
mod health;
mod hung_driver;
mod listening;
mod malformed;
mod metrics;
mod parameters;
mod paths;
mod settings;
mod sharing;
mod shutdown;
mod stderr;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    stub::{Stub, entry, folder},
    test::{Programs, Test},
};

/// Every path there is.
pub const PATHS: [&str; 6] =
    ["/health", "/services", "/overview", "/services/k3s/status", "/services/k3s/logs", "/gpu/nvidia-smi"];

/// A server on a free port of this machine.
pub fn serve(flags: &str) -> Test {
    Test::new(&format!("serve --listen 127.0.0.1:0 {flags}"))
}

/// The same with each request in its log.
pub fn serve_in_detail(flags: &str) -> Test {
    serve(&format!("--log-level debug {flags}"))
}

pub fn serve_on(socket: &Path) -> Test {
    Test::new("serve --uds").argument(socket.to_str().unwrap())
}

pub fn hangs() -> Stub {
    Stub::acts("exec sleep 1000")
}

/// Answers once the test says so.
pub fn waits() -> Stub {
    Stub::acts(r#"until [ -e "$d/go" ]; do sleep 0.02; done; echo 'late, but here'"#)
}

pub fn go(programs: &Programs, program: &str) {
    fs::write(programs.file(program, "go"), "").unwrap();
}

pub fn two_entries() -> Stub {
    Stub::prints(entry(2, 3, "second\n  line") + &entry(1, 6, "first"))
}

pub fn in_a_folder(name: &str) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join(name);
    (folder, path)
}

/// It does not start, and says so in this one line.
#[track_caller]
pub fn refuses(test: Test, said: &str) {
    let (mut child, _programs) = test.start();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    if line.contains("listening on") {
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(line, format!("sek8s-status: {said}\n"));
    assert_eq!(stderr.lines().count(), 0, "one line");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}
