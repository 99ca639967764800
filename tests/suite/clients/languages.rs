//! The one-liners, and the program in Go.

use super::*;

/// Runs a script that asks this server, and returns what it prints.
#[track_caller]
fn run(script: &str, server: &Server) -> String {
    let (_, address) = server.name().rsplit_once('/').unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    let script =
        script.replace("127.0.0.1:8080", address).replace("localhost:8080", &format!("localhost:{port}"));
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(server.programs().path())
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every line of a block, by the program that it starts.
#[track_caller]
fn each_line(block: &str, well: &Server, degraded: &Server) {
    for line in block.lines() {
        let program = line.split(' ').find(|word| !word.contains('=')).unwrap();
        let missing =
            [program, "jq"].into_iter().find(|program| line.contains(program) && find(program).is_none());
        if let Some(program) = missing {
            left_out(program);
            continue;
        }
        assert_eq!(run(line, well), "ok\n", "{line}");
        assert_eq!(run(line, degraded), "degraded\n", "{line}");
    }
}

#[test]
fn one_line_of_curl_python_and_node_prints_the_verdict() {
    each_line(block("sh", "max-time 15 http://"), &well(), &Server::start(degraded(plain())));
}

#[test]
fn one_line_of_curl_python_and_node_prints_the_verdict_over_tls_with_a_token() {
    let block = block("sh", "--cacert ca.pem");
    each_line(block, &Server::start(guarded()), &Server::start(degraded(guarded())));
}

#[test]
fn a_program_in_go_prints_the_verdict_over_tls_with_a_token() {
    if find("go").is_none() {
        return left_out("go");
    }
    for (test, verdict) in [(guarded(), "ok\n"), (degraded(guarded()), "degraded\n")] {
        let server = Server::start(test);
        let (_, port) = server.name().rsplit_once(':').unwrap();
        let program = blocks("go")[0].replace("localhost:8080", &format!("localhost:{port}"));
        fs::write(server.programs().path().join("ask.go"), program).unwrap();
        let script = format!("GO111MODULE=off GOCACHE={}/go go run ask.go", env!("CARGO_TARGET_TMPDIR"));
        assert_eq!(run(&script, &server), verdict);
    }
}
