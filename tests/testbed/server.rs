//! The server on a real systemd.

use std::io;

use serde_json::Value;

use crate::{Test, bed::Bed, http};

pub const TESTS: &[Test] = &[
    ("the server gives the documents of the command line, and ends on SIGTERM", over_tcp),
    ("so it does on a Unix socket, which it takes away at its end", over_unix),
];

const SOCKET: &str = "/run/testbed-socket/http";

fn over_tcp(bed: &Bed) {
    let server = bed.start("serve --listen 127.0.0.1:0");
    let said = server.stderr_line().unwrap();
    let address = said.strip_prefix("sek8s-status: listening on http://").expect(&said);
    assert_same_documents(bed, |path| http::over_tcp(address, path));
    bed.sh("pkill -TERM -x sek8s-status");
    server.ends_with(0);
}

fn over_unix(bed: &Bed) {
    bed.sh("install -d -o status /run/testbed-socket");
    let server = bed.start(&format!("serve --uds {SOCKET}"));
    let said = server.stderr_line().unwrap();
    assert!(said.contains(SOCKET), "{said}");
    let socket = bed.reach(SOCKET);
    assert_same_documents(bed, |path| http::over_unix(&socket, path));
    bed.sh("pkill -TERM -x sek8s-status");
    server.ends_with(0);
    bed.sh(&format!("[ ! -e {SOCKET} ]"));
}

/// The server behind `ask` gives the documents that the command line prints.
pub fn assert_same_documents(bed: &Bed, ask: impl Fn(&str) -> io::Result<String>) {
    let get = |path: &str| {
        let answer = ask(path).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        body.to_owned()
    };
    assert_eq!(get("/services/k3s/status"), bed.run("status k3s --json").status(0).stdout());
    assert_eq!(get("/services/k3s/logs?lines=5"), bed.run("logs k3s -n 5 --json").status(0).stdout());
    assert_eq!(get("/gpu/nvidia-smi"), bed.run("gpu --json").status(0).stdout());
    let mut served: Value = serde_json::from_str(&get("/overview")).unwrap();
    let mut printed = bed.run("overview --json").status(0).json();
    for overview in [&mut served, &mut printed] {
        for varying in ["timestamp", "age_ms"] {
            assert!(!overview[varying].take().is_null(), "{varying}");
        }
    }
    assert_eq!(served, printed);
}
