//! Several requests on one connection, and its end.

use super::serve;
use crate::{connection::Connection, server::Server};

#[test]
fn a_connection_carries_many_requests_and_answers_come_in_their_order() {
    let server = Server::start(serve(""));
    let mut connection = server.connect();
    for (method, path, status) in [
        ("GET", "/health", 200),
        ("GET", "/overview", 200),
        ("HEAD", "/overview", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/health", 405),
        ("GET", "/services/k3s/logs?lines=x", 422),
        ("HEAD", "/services/sshd/status", 404),
        ("GET", "/services", 200),
    ] {
        connection.request(method, path);
        let answer = if method == "HEAD" { connection.answer_to_head() } else { connection.answer() };
        assert_eq!((answer.status, answer.header("Connection")), (status, None), "{method} {path}");
    }
    // The second is ready long before the first.
    connection.send(
        b"GET /gpu/nvidia-smi HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /services HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(connection.answer().json()["gpu"], "all");
    assert_eq!(connection.answer().json()["status"], "ok");
    assert_eq!(connection.answer().json()["services"][3]["id"], "k3s");
    assert!(connection.is_quiet());
}

#[test]
fn a_connection_is_closed_when_the_client_says_so_and_after_http_1_0() {
    let server = Server::start(serve(""));
    for (request, connection_header) in [
        ("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", Some("close")),
        ("GET /health HTTP/1.1\r\nHost: a\r\nconnection: Keep-Alive, CLOSE\r\n\r\n", Some("close")),
        ("GET /health HTTP/1.0\r\n\r\n", Some("close")),
        ("GET /health HTTP/1.0\r\nHost: a\r\n\r\n", Some("close")),
    ] {
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let answer = connection.answer();
        assert_eq!((answer.status, answer.header("Connection")), (200, connection_header), "{request:?}");
        connection.is_closed();
    }
    let mut connection = server.connect();
    for _ in 0..2 {
        connection.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(connection.answer().header("Connection"), Some("keep-alive"));
    }
}

#[test]
fn an_answer_that_announces_the_end_of_the_connection_ends_it() {
    let server = Server::start(serve(""));
    let mut connection = server.connect();
    connection.request("GET", "/gpu/nvidia-smi?gpu=01");
    let answer = connection.answer();
    assert_eq!(answer.error().1["error"], "bad_gpu");
    if answer.header("Connection") == Some("close") {
        connection.is_closed();
    } else {
        connection.request("GET", "/health");
        assert_eq!(connection.answer().status, 200);
    }
}

#[test]
fn connections_that_come_at_once_and_stay_open_are_all_answered() {
    let server = Server::start(serve(""));
    let mut connections: Vec<Connection> = (0..60).map(|_| server.connect()).collect();
    for _ in 0..2 {
        for connection in &mut connections {
            connection.request("GET", "/health");
        }
        for connection in &mut connections {
            assert_eq!(connection.answer().status, 200);
        }
    }
}
