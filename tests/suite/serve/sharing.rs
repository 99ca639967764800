//! Requests that ask the same share one run, and its answer for a while.

use serde_json::json;

use super::{go, serve};
use crate::{
    connection::Connection,
    server::Server,
    stub::Stub,
    test::{eventually, nobody_is_left},
};

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
    go(server.programs(), "systemctl");
    go(server.programs(), "nvidia-smi");
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
    server.get("/gpu/nvidia-smi?parsed=true");
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
