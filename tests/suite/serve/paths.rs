//! Which paths and methods there are, also under a prefix.

use serde_json::json;

use super::{PATHS, serve, two_entries};
use crate::{answer::Answer, server::Server};

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
fn a_prefix_mounts_the_same_tree_a_second_time() {
    for test in [serve("--path-prefix /status"), serve("").environment("PATH_PREFIX", " /status ")] {
        let server = Server::start(test);
        for path in PATHS {
            let (plain, prefixed) = (server.get(path), server.get(&format!("/status{path}")));
            assert_eq!((plain.status, prefixed.status), (200, 200), "{path}");
            let document = |answer: &Answer| {
                let mut document = answer.json();
                // How old the health of the GPUs is.
                document.as_object_mut().unwrap().remove("health_age_ms");
                document
            };
            if path != "/overview" {
                assert_eq!(document(&plain), document(&prefixed), "{path}");
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
