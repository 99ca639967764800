//! The end: requests in progress are answered, and nothing is left.

use std::time::Duration;

use super::{go, in_a_folder, serve, serve_on, waits};
use crate::{
    connection::{Connection, connect},
    server::Server,
    stub::Stub,
    test::{Test, eventually, nobody_is_left},
};

#[test]
fn a_signal_ends_it_after_what_is_in_flight_has_been_answered() {
    for name in ["TERM", "INT"] {
        let server = Server::start(serve("").nvidia_smi(&waits()).systemctl(&waits()));
        let address = server.name().strip_prefix("http://").unwrap().to_owned();
        let (mut first, mut second) = (server.connect(), server.connect());
        first.request("GET", "/gpu/nvidia-smi");
        second.request("GET", "/services/k3s/status");
        // One that asks nothing does not hold it up.
        let _idle = server.connect();
        eventually("both are in flight", || server.programs().asked().len() == 2);
        server.signal(name);
        go(server.programs(), "nvidia-smi");
        assert_eq!(first.answer().json()["stdout"], "late, but here\n");
        assert!(second.is_quiet());
        go(server.programs(), "systemctl");
        assert_eq!(second.answer().status, 502);
        let ended = server.wait();
        assert_eq!(ended.code, Some(0), "{name}");
        nobody_is_left(&ended.pids);

        assert!(connect(&format!("http://{address}")).is_err());
        let again = Server::start(Test::new(&format!("serve --listen {address}")));
        assert_eq!(again.get("/health").status, 200);
    }
}

#[test]
fn nobody_is_let_in_while_the_last_answers_are_given() {
    let (_folder, path) = in_a_folder("http.sock");
    for test in [serve("--timeout 5s"), serve_on(&path).argument("--timeout=5s")] {
        let server = Server::start(test.nvidia_smi(&waits()));
        let mut in_flight = server.connect();
        in_flight.request("GET", "/gpu/nvidia-smi");
        eventually("it is in flight", || server.programs().asked().len() == 1);
        server.signal("TERM");
        eventually("new connections are refused", || server.try_connect().is_err());
        assert!(in_flight.is_quiet(), "the last answer is still to be given");
        go(server.programs(), "nvidia-smi");
        assert_eq!(in_flight.answer().status, 200);
        assert_eq!(server.wait().code, Some(0));
    }
}

#[test]
fn a_program_that_never_ends_does_not_hold_up_the_end() {
    let stubborn = Stub::acts("trap '' TERM; while :; do sleep 1000 & wait; done");
    let server = Server::start(serve("--timeout 500ms").nvidia_smi(&stubborn));
    let mut in_flight = server.connect();
    in_flight.request("GET", "/gpu/nvidia-smi");
    eventually("it is in flight", || server.programs().asked().len() == 1);
    server.signal("TERM");
    assert_eq!(in_flight.answer().error().1["error"], "timeout");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0));
    // Twice what is promised.
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    nobody_is_left(&ended.pids);
}

#[test]
fn a_signal_with_nothing_in_flight_ends_it_at_once() {
    let server = Server::start(serve("--timeout 60s"));
    assert_eq!(server.get("/health").status, 200);
    let mut idle = server.connect();
    idle.request("GET", "/health");
    assert_eq!(idle.answer().status, 200);
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0));
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
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
    go(server.programs(), "nvidia-smi");
    for connection in &mut waiting {
        let answer = connection.answer();
        assert_eq!((answer.status, answer.header("Connection")), (200, Some("close")));
    }
    assert_eq!(server.wait().code, Some(0));
}
