//! What the server says on stderr, and a stderr that is closed.

use std::process::{Command, Stdio};

use super::{in_a_folder, serve, serve_on};
use crate::{
    connection::connect,
    server::Server,
    stub::Stub,
    test::{BINARY, Programs, Test, eventually},
};

#[test]
fn the_start_warns_of_a_listener_beyond_this_machine_and_of_nothing_else() {
    let server = Server::start(Test::new("serve --listen 0.0.0.0:0"));
    let said = server.said();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("is reachable from other machines: no TLS and no authentication"), "{said}");

    let server = Server::start(serve(""));
    assert_eq!(server.said(), format!("sek8s-status: listening on {}\n", server.name()));
    let (_folder, path) = in_a_folder("http.sock");
    let server = Server::start(serve_on(&path));
    assert_eq!(server.said().lines().count(), 1);
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0));
    assert!(ended.said.ends_with("\nsek8s-status: stopped\n"), "{}", ended.said);
}

#[test]
fn a_stderr_that_nobody_reads_ends_nothing() {
    let failing = Stub::acts("echo oh no >&2; exit 1");
    let mut server = Server::start_unheard(serve("").systemctl(&failing));
    for _ in 0..3 {
        assert_eq!(server.get("/services/k3s/status").status, 502);
        assert_eq!(server.get("/health").status, 200);
    }
    assert!(server.is_running());
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn a_stderr_that_was_closed_before_the_start_ends_nothing() {
    let programs = Programs::healthy();
    programs.install("systemctl", &Stub::acts("echo oh no >&2; exit 1"));
    let (_folder, path) = in_a_folder("http.sock");
    let mut child = Command::new("sh")
        .args(["-c", r#"exec "$@" 2>&-"#, "sh", BINARY, "serve", "--uds"])
        .arg(&path)
        .env_clear()
        .env("PROGRAM_PATH", programs.path())
        .env("JOURNAL_PATH", programs.journal())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let name = format!("unix:{}", path.display());
    eventually("it listens", || connect(&name).is_ok());
    let mut connection = connect(&name).unwrap();
    for (path, status) in [("/services/k3s/status", 502), ("/health", 200), ("/services/k3s/status", 502)] {
        connection.request("GET", path);
        assert_eq!(connection.answer().status, status);
    }
    assert!(child.try_wait().unwrap().is_none());
    crate::test::signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
