//! Programs that fail or hang, as clients see it.

use std::fs;

use serde_json::json;

use super::{hangs, serve, two_entries};
use crate::{
    answer::Answer,
    server::Server,
    stub::Stub,
    test::{Test, eventually, nobody_is_left},
};

/// Every way in which systemctl and journalctl fail, one a service.
fn troubled() -> Test {
    let say = "echo 'the marker: no /run/secret' >&2";
    let systemctl = Stub::acts(&format!(
        r#"{say}
        for unit; do :; done
        case "$unit" in
            k3s.service) exit 7 ;;
            system-manager.service) echo rubbish ;;
            attestation-service.service) kill -KILL $$ ;;
        esac"#
    ));
    let journalctl = Stub::acts(&format!(
        r#"{say}
        case "$1" in
            --unit=k3s.service) exit 3 ;;
            --unit=system-manager.service) echo rubbish ;;
            --unit=attestation-service.service) echo 'No journal files were found.' >&2 ;;
            --unit=admission-controller.service)
                echo 'Hint: You are currently not seeing messages from other users and the system.' >&2 ;;
        esac"#
    ));
    serve("").systemctl(&systemctl).journalctl(&journalctl).without("nvidia-smi")
}

#[test]
fn a_program_that_fails_is_told_to_the_client_and_what_it_said_only_to_the_operator() {
    let server = Server::start(troubled());
    let cases = [
        (
            "/services/k3s/status",
            502,
            json!({"error": "command_failed", "command": "systemctl", "exit_code": 7}),
        ),
        (
            "/services/attestation-service/status",
            502,
            json!({"error": "command_failed", "command": "systemctl", "exit_code": 137}),
        ),
        ("/services/system-manager/status", 502, json!({"error": "unreadable_output"})),
        (
            "/services/k3s/logs",
            502,
            json!({"error": "command_failed", "command": "journalctl", "exit_code": 3}),
        ),
        ("/services/system-manager/logs", 502, json!({"error": "unreadable_output"})),
        ("/services/attestation-service/logs", 502, json!({"error": "no_journal"})),
        ("/services/admission-controller/logs", 502, json!({"error": "journal_permission"})),
        ("/gpu/nvidia-smi", 503, json!({"error": "missing_binary", "binary": "nvidia-smi"})),
    ];
    let folder = server.programs().path().to_str().unwrap().to_owned();
    for (path, expected_status, expected) in &cases {
        let answer = server.get(path);
        let text = answer.head.clone() + &String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("marker") && !text.contains("/run") && !text.contains(&folder), "{text}");
        let (status, mut detail) = answer.error();
        detail.as_object_mut().unwrap().remove("message");
        assert_eq!((status, &detail), (*expected_status, expected), "{path}");
    }
    let answer = server.get("/overview");
    assert_eq!(answer.status, 200);
    assert!(!String::from_utf8_lossy(&answer.body).contains("marker"));
    eventually("the operator knows", || {
        let said = server.said();
        ["`systemctl` exited with status 7: the marker: no /run/secret", "status 3: the marker"]
            .iter()
            .all(|text| said.contains(text))
    });
}

#[test]
fn a_program_that_hangs_is_a_timeout_and_not_there_any_more() {
    let server =
        Server::start(serve("--timeout 300ms").systemctl(&hangs()).journalctl(&hangs()).nvidia_smi(&hangs()));
    for (path, command) in [
        ("/services/k3s/status", "systemctl"),
        ("/services/k3s/logs", "journalctl"),
        ("/gpu/nvidia-smi", "nvidia-smi"),
    ] {
        let (status, detail) = server.get(path).error();
        assert_eq!(
            (status, &detail["error"], &detail["command"]),
            (504, &json!("timeout"), &json!(command)),
            "{path}"
        );
    }
    // Within the second in which the last one is ended, the same question would be busy.
    nobody_is_left(&server.programs().pids());
    let overview = eventually_not_busy(&server);
    assert_eq!((overview.status, &overview.json()["gpu"]["error"]["error"]), (200, &json!("timeout")));
    nobody_is_left(&server.programs().pids());
}

/// An overview of which no part was refused because its program is still being ended.
fn eventually_not_busy(server: &Server) -> Answer {
    let mut answer = server.get("/overview");
    eventually("no part is busy", || {
        let busy = String::from_utf8_lossy(&answer.body).contains("\"busy\"");
        if busy {
            answer = server.get("/overview");
        }
        !busy
    });
    answer
}

#[test]
fn twenty_mixed_requests_leave_no_process_behind() {
    let odd = Stub::acts(
        "case $2 in 0) exit 9 ;; 1) kill -KILL $$ ;; 2) sleep 1000 & exit 0 ;; *) exec sleep 1000 ;; esac",
    );
    let server = Server::start(serve("--timeout 300ms").nvidia_smi(&odd).journalctl(&two_entries()));
    for round in 0..4 {
        for path in [
            "/overview".to_owned(),
            "/services/k3s/status".to_owned(),
            "/services/k3s/logs".to_owned(),
            format!("/gpu/nvidia-smi?gpu={round}"),
            "/health".to_owned(),
        ] {
            server.get(&path);
        }
    }
    assert!(server.programs().pids().len() >= 20);
    nobody_is_left(&server.programs().pids());
    // Not even one that no stub wrote down.
    eventually("the server has no children", || {
        let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
        threads.flatten().all(|thread| {
            fs::read_to_string(thread.path().join("children")).unwrap_or_default().trim().is_empty()
        })
    });
}
