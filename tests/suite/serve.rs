//! The same answers over HTTP: real sockets, raw bytes.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    server::{Answer, Connection, Server, connect},
    stub::{Stub, entry, folder},
    test::{BINARY, Programs, Test, eventually, nobody_is_left},
};

/// Every path there is.
const PATHS: [&str; 6] =
    ["/health", "/services", "/overview", "/services/k3s/status", "/services/k3s/logs", "/gpu/nvidia-smi"];

/// A server on a free port of this machine.
fn serve(flags: &str) -> Test {
    Test::new(&format!("serve --listen 127.0.0.1:0 {flags}"))
}

fn serve_on(socket: &Path) -> Test {
    Test::new("serve --uds").argument(socket.to_str().unwrap())
}

fn hangs() -> Stub {
    Stub::acts("exec sleep 1000")
}

/// Answers once the test says so.
fn waits() -> Stub {
    Stub::acts(r#"until [ -e "$d/go" ]; do sleep 0.02; done; echo 'late, but here'"#)
}

fn go(programs: &Programs, program: &str) {
    fs::write(programs.file(program, "go"), "").unwrap();
}

fn two_entries() -> Stub {
    Stub::prints(entry(2, 3, "second\n  line") + &entry(1, 6, "first"))
}

fn in_a_folder(name: &str) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join(name);
    (folder, path)
}

/// It does not start, and says so in this one line.
#[track_caller]
fn refuses(test: Test, said: &str) {
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

#[test]
fn every_path_answers_get_and_head_with_the_same_head() {
    let server = Server::start(serve("").journalctl(&two_entries()));
    for path in PATHS {
        let get = server.get(path);
        assert_eq!(get.status, 200, "{path}");
        assert_eq!(get.length(), get.body.len(), "{path}");
        get.json();
        let head = server.ask("HEAD", path);
        if path != "/overview" {
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
fn an_overview_starts_two_programs_and_always_answers() {
    let server = Server::start(serve(""));
    assert_eq!(server.get("/overview").json()["status"], "ok");
    assert_eq!(server.programs().asked().len(), 2);
    server.programs().remove("nvidia-smi");
    let answer = server.get("/overview");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["gpu"]["error"]["error"], "missing_binary");
    assert_eq!(server.programs().asked().iter().filter(|command| command[0] == "systemctl").count(), 2);
}

#[test]
fn what_is_not_there_is_not_found_before_anything_runs() {
    let server = Server::start(serve(""));
    for path in [
        "/",
        "//",
        "/health/",
        "//health",
        "/Health",
        "/services/",
        "/services/k3s",
        "/services/k3s/",
        "/services/k3s/status/",
        "/services/k3s/restart",
        "/gpu",
        "/gpu/nvidia-smi/",
        "/overview/../health",
        "/metrics",
        "/dashboard",
        "/status/health",
        "/services%2fk3s%2fstatus",
        "/%zz",
        "/%ff",
    ] {
        let (status, detail) = server.get(path).error();
        assert_eq!((status, &detail["error"]), (404, &json!("not_found")), "{path}");
    }
    for id in
        ["sshd", "K3S", "k3s.service", "k3s%00", "k3s%20", "..%2f", "*", "k3s*", "%2e%2e", "", "%256b3s"]
    {
        for question in ["status", "logs", "logs?lines=x", "status?anything=1"] {
            let (status, detail) = server.get(&format!("/services/{id}/{question}")).error();
            assert_eq!((status, &detail["error"]), (404, &json!("unknown_service")), "{id} {question}");
            // Whatever the method.
            let (status, detail) = server.ask("POST", &format!("/services/{id}/{question}")).error();
            assert_eq!((status, &detail["error"]), (404, &json!("unknown_service")), "{id} {question}");
        }
    }
    assert_eq!(server.get("/services/%6b3s/status").json()["service"]["id"], "k3s");
    assert_eq!(server.programs().asked().len(), 1);
}

#[test]
fn another_method_on_a_known_path_is_told_which_ones_there_are() {
    let server = Server::start(serve(""));
    for path in PATHS {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get", "Head"] {
            let answer = server.ask(method, path);
            assert_eq!(answer.header("Allow"), Some("GET, HEAD"), "{method} {path}");
            let (status, detail) = answer.error();
            assert_eq!((status, &detail["error"]), (405, &json!("method_not_allowed")), "{method} {path}");
        }
    }
    assert_eq!(server.get("/nowhere").header("Allow"), None);
    assert_eq!(server.ask("POST", "/nowhere").status, 404);
    assert!(server.programs().asked().is_empty());
}

#[test]
fn a_bad_parameter_is_named_and_starts_nothing() {
    let server = Server::start(serve(""));
    for (query, parameter) in [
        ("lines=ten", "lines"),
        ("lines=+7", "lines"),
        ("lines=%2B7", "lines"),
        ("lines=1.0", "lines"),
        ("lines=1_0", "lines"),
        ("lines=0x1", "lines"),
        ("lines=%207", "lines"),
        ("lines=", "lines"),
        ("lines", "lines"),
        ("lines=%zz", "lines"),
        ("lines=1&lines=1", "lines"),
        ("lines=1&%6cines=2", "lines"),
        ("since_minutes=-1", "since_minutes"),
        ("since_minutes=1441", "since_minutes"),
        ("since_minutes=99999999999999999999", "since_minutes"),
        ("since_minutes=1h", "since_minutes"),
        ("since_minutes=", "since_minutes"),
        ("entries=maybe", "entries"),
        ("entries=", "entries"),
        ("entries=true&entries=true", "entries"),
    ] {
        let (status, detail) = server.get(&format!("/services/k3s/logs?{query}")).error();
        assert_eq!((status, &detail["error"]), (422, &json!("bad_parameter")), "{query}");
        assert_eq!(detail["parameter"], parameter, "{query}");
    }
    for (query, parameter) in [
        ("detail=2", "detail"),
        ("parsed=", "parsed"),
        ("gpu=0&gpu=1", "gpu"),
        ("detail=1&detail=0", "detail"),
    ] {
        let (status, detail) = server.get(&format!("/gpu/nvidia-smi?{query}")).error();
        assert_eq!((status, &detail["parameter"]), (422, &json!(parameter)), "{query}");
    }
    for gpu in [
        "-1",
        "+1",
        "%2B1",
        "01",
        "1,2",
        "0x1",
        "GPU-aaaa",
        "18446744073709551616",
        "10000",
        "",
        "ALL",
        "%20all",
    ] {
        for more in ["", "&detail=maybe"] {
            let (status, detail) = server.get(&format!("/gpu/nvidia-smi?gpu={gpu}{more}")).error();
            assert_eq!((status, &detail["error"]), (400, &json!("bad_gpu")), "{gpu}{more}");
        }
    }
    assert!(server.programs().asked().is_empty());
}

#[test]
fn parameters_become_arguments_within_their_limits() {
    fn case(server: &Server, path: &str, expected: &str) {
        let before = server.programs().asked();
        assert_eq!(server.get(path).status, 200, "{path}");
        let asked = server.programs().asked();
        let added: Vec<_> = asked.iter().filter(|command| !before.contains(command)).collect();
        assert!(added.iter().any(|command| command.join(" ").contains(expected)), "{path}: {added:?}");
    }
    let server = Server::start(serve("--log-default 33 --log-max 500"));
    case(&server, "/services/k3s/logs", "--lines=33");
    case(&server, "/services/k3s/logs?lines=0&unknown=x&unknown=y", "--lines=1");
    case(&server, "/services/k3s/logs?lines=007", "--lines=7");
    case(&server, "/services/k3s/logs?lines=99999999999999999999", "--lines=500");
    case(&server, "/services/k3s/logs?since_minutes=1440&lines=2", "--lines=2 --since=@");
    case(&server, "/gpu/nvidia-smi?gpu=1", "nvidia-smi -i 1");
    case(&server, "/gpu/nvidia-smi?detail=Yes&gpu=9999", "nvidia-smi -q -i 9999");
    case(&server, "http://any.host:1/gpu/nvidia-smi?detail=on", "nvidia-smi -q");
}

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
fn a_prefix_mounts_the_same_tree_a_second_time() {
    for test in [serve("--path-prefix /status"), serve("").environment("PATH_PREFIX", " /status ")] {
        let server = Server::start(test);
        for path in PATHS {
            let (plain, prefixed) = (server.get(path), server.get(&format!("/status{path}")));
            assert_eq!((plain.status, prefixed.status), (200, 200), "{path}");
            if path != "/overview" {
                assert_eq!(plain.body, prefixed.body, "{path}");
            }
        }
        assert_eq!(server.get("/%73tatus/health").status, 200);
        for path in ["/status", "/status/", "/status/status/health", "/Status/health", "/statushealth"] {
            assert_eq!(server.get(path).status, 404, "{path}");
        }
        assert_eq!(server.ask("POST", "/status/health").status, 405);
    }
}

#[test]
fn the_miner_client_is_answered_as_it_asks() {
    let server = Server::start(serve("--path-prefix /status").journalctl(&two_entries()));
    let logs = server.get("/status/services/k3s/logs?lines=200&since_minutes=0").json();
    assert_eq!((&logs["requested_lines"], &logs["returned_lines"]), (&json!(200), &json!(2)));
    assert_eq!(server.programs().asked()[0].last().unwrap(), "--lines=200", "no window");
    let gpu = server.get("/status/gpu/nvidia-smi?detail=false&gpu=all").json();
    assert_eq!(
        (&gpu["command"], &gpu["detail"], &gpu["gpu"]),
        (&json!(["nvidia-smi"]), &json!(false), &json!("all"))
    );
    let gpu = server.get("/status/gpu/nvidia-smi?detail=true&gpu=0").json();
    assert_eq!(gpu["command"], json!(["nvidia-smi", "-q", "-i", "0"]));
    assert_eq!(server.get("/status/overview").json()["status"], "ok");
}

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

#[test]
fn a_request_that_has_no_single_meaning_is_refused_and_the_connection_closed() {
    let server = Server::start(serve(""));
    for request in [
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
        "GET /health#top HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let answer = connection.answer();
        assert_eq!(answer.header("Connection"), Some("close"), "{request:?}");
        let (status, detail) = answer.error();
        assert_eq!((status, &detail["error"]), (400, &json!("bad_request")), "{request:?}");
        connection.is_closed();
    }
}

#[test]
fn what_is_no_http_is_refused_like_everything_else() {
    let server = Server::start(serve(""));
    for request in [
        "GET /health\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET  /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET /h\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let (status, detail) = connection.answer().error();
        assert_eq!((status, &detail["error"]), (400, &json!("bad_request")), "{request:?}");
        connection.is_closed();
    }
}

#[test]
fn another_version_of_http_is_refused() {
    let server = Server::start(serve(""));
    for request in [
        "GET /health HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /health HTTP/3.0\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let (status, detail) = connection.answer().error();
        assert_eq!((status, &detail["error"]), (400, &json!("bad_request")), "{request:?}");
        connection.is_closed();
    }
}

/// Heads that no client would send; the same ones each time.
fn odd_heads() -> Vec<Vec<u8>> {
    let valid = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut heads: Vec<Vec<u8>> = [
        "",
        "\r\n",
        "\r\n\r\n\r\n\r\n",
        "\n\n",
        "GET",
        "GET /health",
        "GET /health\r\n\r\n",
        "GET /health HTTP/1.1\r\n",
        "GET /health HTTP/1.1\r\nHost",
        "GET /health HTTP/1.1\nHost: a\n\n",
        "GET /health HTTP/9.9\r\n\r\n",
        "  GET   /health   HTTP/1.1  \r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET \0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ? HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "\u{16}\u{3}\u{1}\0\u{5}hello",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ]
    .iter()
    .map(|head| head.as_bytes().to_vec())
    .collect();
    heads.push(format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(3000)).into_bytes());
    heads.push(
        format!("GET /services/{}/status HTTP/1.1\r\nHost: a\r\n\r\n", "%00".repeat(1000)).into_bytes(),
    );
    heads.push(format!("GET /health?{} HTTP/1.1\r\nHost: a\r\n\r\n", "&=%".repeat(1000)).into_bytes());
    heads.push(format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(500)).into_bytes());
    // A good one with one byte wrong.
    for place in 0..valid.len() {
        for wrong in [0, 0xff] {
            let mut head = valid.to_vec();
            head[place] = wrong;
            heads.push(head);
        }
    }
    // And noise.
    let mut state: u64 = 0x5eed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    for length in 1..30 {
        let mut head: Vec<u8> = (0..length * 8).map(|_| next()).collect();
        head.extend_from_slice(b"\r\n\r\n");
        heads.push(head);
    }
    heads
}

#[test]
fn odd_requests_end_nothing_but_their_connection() {
    let mut server = Server::start(serve(""));
    let heads = odd_heads();
    assert!(heads.len() > 100);
    for head in &heads {
        let mut connection = server.connect();
        connection.send(head);
        let answer = connection.finish();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/overview").status, 200);
    assert!(server.is_running());
    assert!(!server.said().contains("panicked"), "{}", server.said());
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

#[test]
fn a_unix_socket_has_its_mode_answers_and_goes_away() {
    for (flags, environment, mode) in [
        ("--uds-mode 0600", "", 0o600),
        ("--uds-mode 0606", "0640", 0o606),
        ("", "0640", 0o640),
        ("", "", 0o660),
    ] {
        let (_folder, path) = in_a_folder("http.sock");
        let test = flags.split_ascii_whitespace().fold(serve_on(&path), Test::argument);
        let server = Server::start(test.environment("UDS_MODE", environment));
        assert_eq!(server.name(), format!("unix:{}", path.display()));
        let meta = fs::symlink_metadata(&path).unwrap();
        assert!(meta.file_type().is_socket());
        assert_eq!(meta.mode() & 0o7777, mode);
        assert_eq!(server.get("/health").status, 200);
        assert_eq!(server.get("/overview").json()["status"], "ok");
        server.signal("TERM");
        assert_eq!(server.wait().code, Some(0));
        assert!(fs::symlink_metadata(&path).is_err(), "the file is gone");
    }
}

#[test]
fn a_socket_on_which_nobody_answers_is_replaced_and_nothing_else() {
    let (folder, path) = in_a_folder("http.sock");
    drop(UnixListener::bind(&path).unwrap());
    let server = Server::start(serve_on(&path));
    assert_eq!(server.get("/health").status, 200);

    let taken = format!("`listen` is `unix:{}`: address already in use", path.display());
    refuses(serve_on(&path), &taken);
    assert_eq!(server.get("/health").status, 200, "the first one is still there");

    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    refuses(
        serve_on(&file),
        &format!("`listen` is `unix:{}`: a file that is not a socket already exists there", file.display()),
    );
    assert_eq!(fs::read(&file).unwrap(), b"mine");

    let nowhere = folder.path().join("missing/http.sock");
    refuses(
        serve_on(&nowhere),
        &format!("`--uds` is `{}`: it must be a path in an existing directory", nowhere.display()),
    );
}

#[test]
fn an_address_in_use_is_refused_by_its_name() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let said = format!("`listen` is `http://{address}`: address already in use");
    refuses(Test::new(&format!("serve --listen {address}")), &said);
    refuses(
        Test::new("serve")
            .environment("BIND_ADDRESS", "127.0.0.1")
            .environment("PORT", &address.port().to_string()),
        &said,
    );
    refuses(
        Test::new("serve --listen 192.0.2.1:80"),
        "`listen` is `http://192.0.2.1:80`: this machine does not have this address",
    );
}

#[test]
fn where_it_listens_comes_from_the_flag_then_the_environment_then_the_default() {
    fn case(flags: &str, environment: &[(&str, &str)], expected: &str) {
        let test = Test::new(&format!("serve {flags}"));
        let test = environment.iter().fold(test, |test, (name, value)| test.environment(name, value));
        let server = Server::start(test);
        assert!(server.name().starts_with(expected), "{flags} {environment:?}: {}", server.name());
        assert_eq!(server.get("/health").status, 200);
    }
    let (_folder, path) = in_a_folder("http.sock");
    let path = path.to_str().unwrap();
    let name = format!("unix:{path}");
    case("", &[("UDS_PATH", path)], &name);
    case("", &[("UDS_PATH", path), ("BIND_ADDRESS", "127.0.0.2"), ("PORT", "0")], &name);
    case(&format!("--uds {path}"), &[("UDS_PATH", "/nowhere/x"), ("PORT", "0")], &name);
    case("", &[("BIND_ADDRESS", "127.0.0.2"), ("PORT", "0")], "http://127.0.0.2:");
    case("", &[("PORT", "0")], "http://127.0.0.1:");
    case("", &[("UDS_PATH", " "), ("BIND_ADDRESS", ""), ("PORT", "0")], "http://127.0.0.1:");
    case("--listen 127.0.0.3:0", &[("BIND_ADDRESS", "127.0.0.2"), ("PORT", "1")], "http://127.0.0.3:");
    case("--listen 127.0.0.3:0", &[("UDS_PATH", path)], "http://127.0.0.3:");
}

#[test]
fn a_setting_of_serve_that_cannot_be_used_is_said_in_one_line_listening_or_not() {
    fn case(flags: &str, environment: &[(&str, &str)], said: &str) {
        for check in ["", "--check", "--check --json"] {
            let test = Test::new(&format!("serve {flags} {check}"));
            let test = environment.iter().fold(test, |test, (name, value)| test.environment(name, value));
            refuses(test, said);
        }
    }
    case(
        "--listen nonsense",
        &[],
        "`--listen` is `nonsense`: it must be an IP address and a port, such as `127.0.0.1:8080`",
    );
    case("", &[("PORT", "65536")], "`PORT` is `65536`: it must be a port number from 0 to 65535");
    case("", &[("PORT", "+80")], "`PORT` is `+80`: it must be a port number from 0 to 65535");
    case("", &[("BIND_ADDRESS", "localhost")], "`BIND_ADDRESS` is `localhost`: it must be an IP address");
    let octal = "it must be octal permission bits, such as `0660`";
    case("--uds-mode 0888", &[], &format!("`--uds-mode` is `0888`: {octal}"));
    case("", &[("UDS_MODE", "4755")], &format!("`UDS_MODE` is `4755`: {octal}"));
    case("", &[("UDS_PATH", "x")], "`UDS_PATH` is `x`: it must be an absolute path of at most 107 bytes");
    let prefix = "it must be a path such as `/status`, of letters, digits and `-._~`, with no trailing slash";
    case("--path-prefix status", &[], &format!("`--path-prefix` is `status`: {prefix}"));
    case("", &[("PATH_PREFIX", "/status/")], &format!("`PATH_PREFIX` is `/status/`: {prefix}"));
}

#[test]
fn check_prints_every_setting_with_its_origin_and_listens_nowhere() {
    // It would not get this address.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let check = |more: &str| {
        Test::new(&format!("serve --check --listen {address} --timeout 5s --masked-ok k3s {more}"))
            .environment("PATH_PREFIX", "/status")
            .environment("MAX_OUTPUT_BYTES", "20000")
            .environment("LOG_TAIL_MAX", "")
            .environment("REQUIRE_TLS", "no")
            .any_stdout()
            .asked_nothing()
            .status(0)
    };
    let ran = check("--json");
    let folder = ran.programs.path().display().to_string();
    let journal = ran.programs.journal().display().to_string();
    let expected = [
        ["listen", &format!("http://{address}"), "flag"],
        ["uds-mode", "0660", "default"],
        ["path-prefix", "/status", "environment"],
        ["max-connections", "64", "default"],
        ["max-age", "0s", "environment"],
        ["log-level", "info", "default"],
        ["tls-cert", "none", "default"],
        ["tls-key", "none", "default"],
        ["require-tls", "false", "environment"],
        ["client-ca", "none", "default"],
        ["mtls-required", "false", "default"],
        ["auth-token-file", "none", "default"],
        ["allowed-validators", "none", "default"],
        ["miner-ss58", "none", "default"],
        ["auth", "any", "default"],
        ["timeout", "5s", "flag"],
        ["max-output", "20000 bytes", "environment"],
        ["log-default", "200 lines", "default"],
        ["log-max", "1000 lines", "default"],
        ["log-window", "1440 minutes", "default"],
        ["masked-ok", "k3s", "flag"],
        ["last-log", "on", "default"],
        ["program-path", &folder, "environment"],
        ["journal-path", &journal, "environment"],
        ["run-as", "chutes, else nobody", "default"],
    ];
    let settings: Vec<Value> = expected
        .iter()
        .map(|[name, value, origin]| json!({"name": name, "value": value, "origin": origin}))
        .collect();
    assert_eq!(ran.json(), json!({ "settings": settings }));
    let shown = check("").stdout();
    for [name, value, origin] in expected {
        let line = shown.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        // The folders of the stubs are others each time.
        let value = if matches!(name, "program-path" | "journal-path") { "/" } else { value };
        assert!(line.contains(value) && line.ends_with(origin), "{line}");
    }
}

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

#[test]
fn a_machine_without_a_folder_for_its_private_socket_is_told_what_is_missing() {
    for (variable, folder) in [("TMPDIR", "/nowhere"), ("RUNTIME_DIRECTORY", "/nowhere/else")] {
        serve("")
            .environment(variable, folder)
            .stderr_holds(&format!("server failed: cannot create the private socket in `{folder}`: No such"))
            .status(2);
    }
}
