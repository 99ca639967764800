//! Connections that are idle, slow or too many.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Over, descriptors, health_is_answered, serve_over, status, turn};
use crate::{
    connection::Connection,
    serve::go,
    server::Server,
    stub::{Stub, entry},
    test::eventually,
};

fn two_thousand_idle_connections_keep_nobody_out_and_leave_nothing(over: Over) {
    let _turn = turn();
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

#[test]
fn two_thousand_idle_connections_keep_nobody_out_and_leave_nothing_over_tcp() {
    two_thousand_idle_connections_keep_nobody_out_and_leave_nothing(Over::Tcp);
}

#[test]
fn two_thousand_idle_connections_keep_nobody_out_and_leave_nothing_over_tls() {
    two_thousand_idle_connections_keep_nobody_out_and_leave_nothing(Over::Tls);
}

fn slow_heads_and_slow_readers_keep_nobody_out(over: Over) {
    let _turn = turn();
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

#[test]
fn slow_heads_and_slow_readers_keep_nobody_out_over_tcp() {
    slow_heads_and_slow_readers_keep_nobody_out(Over::Tcp);
}

#[test]
fn slow_heads_and_slow_readers_keep_nobody_out_over_tls() {
    slow_heads_and_slow_readers_keep_nobody_out(Over::Tls);
}

fn few_descriptors_are_enough_for_ever(over: Over) {
    let _turn = turn();
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

#[test]
fn few_descriptors_are_enough_for_ever_over_tcp() {
    few_descriptors_are_enough_for_ever(Over::Tcp);
}

#[test]
fn few_descriptors_are_enough_for_ever_over_tls() {
    few_descriptors_are_enough_for_ever(Over::Tls);
}

fn the_longest_idle_makes_room_and_who_waits_for_a_command_does_not(over: Over) {
    let _turn = turn();
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
    go(server.programs(), "journalctl");
    for connection in &mut waiting {
        assert_eq!(connection.answer().status, 200);
    }
}

#[test]
fn the_longest_idle_makes_room_and_who_waits_for_a_command_does_not_over_tcp() {
    the_longest_idle_makes_room_and_who_waits_for_a_command_does_not(Over::Tcp);
}

#[test]
fn the_longest_idle_makes_room_and_who_waits_for_a_command_does_not_over_tls() {
    the_longest_idle_makes_room_and_who_waits_for_a_command_does_not(Over::Tls);
}

fn half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly(over: Over) {
    let _turn = turn();
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
fn half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly_over_tcp() {
    half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly(Over::Tcp);
}

#[test]
fn half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly_over_tls() {
    half_a_request_is_told_that_its_time_is_up_and_nothing_at_all_is_closed_quietly(Over::Tls);
}
