//! `/health` and `/services` wait for nothing.

use serde_json::json;

use super::{hangs, serve};
use crate::{
    connection::Connection,
    server::Server,
    test::{eventually, nobody_is_left},
};

#[test]
fn health_and_services_answer_while_everything_waits_for_programs() {
    let server = Server::start(serve("--timeout 2s").nvidia_smi(&hangs()));
    // More than there are threads to wait for them.
    let mut waiting: Vec<Connection> = (0..20)
        .map(|gpu| {
            let mut connection = server.connect();
            connection.request("GET", "/health");
            assert_eq!(connection.answer().status, 200);
            connection.request("GET", &format!("/gpu/nvidia-smi?gpu={gpu}"));
            connection
        })
        .collect();
    eventually("one is asked, and the others wait for it", || !server.programs().asked().is_empty());
    for path in ["/health", "/services", "/health"] {
        assert_eq!(server.get(path).status, 200);
    }
    assert!(waiting.iter_mut().all(Connection::is_quiet), "they were still waiting");
    for connection in &mut waiting {
        let (status, detail) = connection.answer().error();
        // One nvidia-smi at a time: the others did not get their turn.
        let expected = [(504, json!("timeout")), (503, json!("busy"))];
        assert!(expected.contains(&(status, detail["error"].clone())), "{status} {detail}");
    }
    nobody_is_left(&server.programs().pids());
}

#[test]
fn health_answers_even_while_somebody_waits_for_health_behind_a_program() {
    let server = Server::start(serve("--timeout 3s").nvidia_smi(&hangs()));
    let mut waiting: Vec<Connection> = (0..4)
        .map(|gpu| {
            let mut connection = server.connect();
            connection.request("GET", &format!("/gpu/nvidia-smi?gpu={gpu}"));
            connection.request("GET", "/health");
            connection.request("GET", "/services");
            connection
        })
        .collect();
    eventually("one is asked", || server.programs().asked().len() == 1);
    assert_eq!(server.get("/health").status, 200);
    assert!(waiting.iter_mut().all(Connection::is_quiet), "they were still waiting");
    for connection in &mut waiting {
        assert!(matches!(connection.answer().status, 503 | 504));
        assert_eq!(connection.answer().json()["status"], "ok");
        assert_eq!(connection.answer().status, 200);
    }
    nobody_is_left(&server.programs().pids());
}
