//! The documents over HTTP are those of the command line.

use serde_json::{Value, json};

use super::{PATHS, serve, two_entries};
use crate::{server::Server, stub::Stub};

#[test]
fn every_path_answers_get_and_head_with_the_same_head() {
    let server = Server::start(serve("").journalctl(&two_entries()));
    for path in PATHS {
        let get = server.get(path);
        assert_eq!(get.status, 200, "{path}");
        assert_eq!(get.length(), get.body.len(), "{path}");
        get.json();
        let head = server.ask("HEAD", path);
        // How old the health of the GPUs is may have more digits by now.
        if !["/overview", "/gpu/nvidia-smi"].contains(&path) {
            assert_eq!(head.head_without_date(), get.head_without_date(), "{path}");
        }
        assert_eq!(head.status, 200, "{path}");
    }
    assert_eq!(server.get("/health").body, b"{\"status\":\"ok\"}\n");
    for path in ["/nowhere", "/services/sshd/status", "/services/k3s/logs?lines=x", "/gpu/nvidia-smi?gpu=01"]
    {
        let (get, head) = (server.get(path), server.ask("HEAD", path));
        assert_eq!(head.head_without_date(), get.head_without_date(), "{path}");
    }
}

#[test]
fn a_long_answer_has_its_exact_length_too() {
    let long = Stub::acts("yes 'a line of text that is repeated' | head -c 200000");
    let server = Server::start(serve("--max-output 1000000").nvidia_smi(&long));
    let answer = server.get("/gpu/nvidia-smi");
    assert!(answer.body.len() > 400_000, "{}", answer.body.len());
    assert_eq!(answer.json()["stdout"].as_str().unwrap().len(), 200_000);
    assert_eq!(answer.header("Content-Length"), Some(answer.body.len().to_string().as_str()));
    let head = server.ask("HEAD", "/gpu/nvidia-smi");
    assert_eq!(head.length(), answer.body.len());
    // And the next answer on the same connection starts where it should.
    let mut connection = server.connect();
    for _ in 0..3 {
        connection.request("GET", "/gpu/nvidia-smi");
        assert_eq!(connection.answer().body, answer.body);
    }
}

#[test]
fn a_document_is_byte_for_byte_what_the_command_line_prints() {
    let failed = Stub::units().unit(
        "k3s.service",
        &[
            ("ActiveState", "failed"),
            ("SubState", "failed"),
            ("ExecMainCode", "1"),
            ("ExecMainStatus", "203"),
        ],
    );
    let server = Server::start(serve("").systemctl(&failed).journalctl(&two_entries()));
    for (path, arguments) in [
        ("/services", "services"),
        ("/services/k3s/status", "status k3s"),
        ("/services/infiniband-config/status", "status infiniband-config"),
        ("/services/k3s/logs", "logs k3s"),
        ("/services/k3s/logs?lines=1&since_minutes=60", "logs k3s -n 1 --since 1h"),
        ("/services/k3s/logs?lines=-7&entries=yes", "logs k3s -n -7 --entries"),
        ("/services/k3s/logs?lines=99999999999999999999", "logs k3s -n 99999999999999999999"),
        ("/gpu/nvidia-smi", "gpu"),
        ("/gpu/nvidia-smi?detail=1&gpu=1&parsed=ON", "gpu --detail --gpu 1 --parsed"),
        ("/gpu/nvidia-smi?gpu=7", "gpu --gpu 7"),
        // What cannot be answered is said alike.
        ("/services/sshd/status", "status sshd"),
        ("/services/k3s/logs?lines=ten", "logs k3s -n ten"),
        ("/gpu/nvidia-smi?gpu=01", "gpu --gpu 01"),
    ] {
        let printed = server.command_line(&format!("{arguments} --json"));
        assert_eq!(
            String::from_utf8_lossy(&server.get(path).body),
            String::from_utf8_lossy(&printed),
            "{path}"
        );
    }
    server.programs().remove("systemctl");
    assert_eq!(server.get("/services/k3s/status").body, server.command_line("status k3s --json"));
}

#[test]
fn the_overview_is_that_of_the_command_line_but_for_its_time() {
    fn timeless(document: &[u8]) -> String {
        let text = String::from_utf8(document.to_vec()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        text.replace(value["timestamp"].as_str().unwrap(), "then")
            .replace(&format!("\"age_ms\":{}", value["age_ms"]), "\"age_ms\":0")
    }
    let masked = Stub::units().unit(
        "nvidia-fabricmanager.service",
        &[("LoadState", "masked"), ("ActiveState", "inactive"), ("SubState", "dead")],
    );
    let server = Server::start(serve("").systemctl(&masked));
    let answer = server.get("/overview");
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("degraded")));
    assert_eq!(timeless(&answer.body), timeless(&server.command_line("overview --json")));
}

#[test]
fn an_overview_starts_four_programs_and_always_answers() {
    let server = Server::start(serve(""));
    assert_eq!(server.get("/overview").json()["status"], "ok");
    assert_eq!(server.programs().asked().len(), 4);
    server.programs().remove("nvidia-smi");
    let answer = server.get("/overview");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["gpu"]["error"]["error"], "missing_binary");
    assert_eq!(server.programs().asked().iter().filter(|command| command[0] == "systemctl").count(), 2);
}
