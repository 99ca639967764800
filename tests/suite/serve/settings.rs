//! Settings of `serve`, and `serve --check`.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::refuses;
use crate::test::Test;

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
        ["metrics", "false", "default"],
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
        ["expect-gpus", "none", "default"],
        ["gpu-health", "degrade", "default"],
        ["gpu-health-age", "30s", "default"],
        ["last-log", "on", "default"],
        ["redact", "on", "default"],
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
