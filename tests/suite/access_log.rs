//! What the operator reads of requests that were refused, and of connections that never came to one.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use rustix::net::sockopt::set_socket_linger;

use crate::{
    pki::Pki,
    serve::serve_in_detail as serve,
    server::Server,
    test::{Test, eventually},
};

/// The lines that hold this, once there is one.
#[track_caller]
fn lines_with(server: &Server, text: &str) -> Vec<String> {
    let lines = || server.said().lines().filter(|line| line.contains(text)).map(str::to_owned).collect();
    let mut found: Vec<String> = Vec::new();
    eventually(&format!("the log has {text:?}"), || {
        found = lines();
        !found.is_empty()
    });
    found
}

#[test]
fn a_refused_request_is_logged_with_its_route_and_with_what_its_client_was_told() {
    let server = Server::start(serve("--path-prefix /status"));
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let with = |line: &str, header: &str| format!("{line} HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
    let long = "x".repeat(5000);
    for (request, expected) in [
        (get("/gpu/nvidia-smi?gpu=01"), "GET /gpu/nvidia-smi 400"),
        (get("/status/gpu/nvidia-smi?gpu=-1"), "GET /gpu/nvidia-smi 400"),
        (get("/services/k3s/logs?lines=ten"), "GET /services/{id}/logs 422"),
        (get("/gpu/nvidia-smi?detail=maybe"), "GET /gpu/nvidia-smi 422"),
        (get("/services/sshd/status"), "GET /services/{id}/status 404"),
        (get("/nowhere"), "GET - 404"),
        ("POST /overview HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "POST /overview 405"),
        ("BREW /health HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "other /health 405"),
        ("GET /health HTTP/1.1\r\n\r\n".to_owned(), "GET /health 400"),
        (with("POST /services", "Content-Length: 2"), "POST /services 400"),
        (with("POST /services", "Content-Length: 20000"), "POST /services 413"),
        (with("GET /overview", "Transfer-Encoding: chunked"), "GET /overview 400"),
        (with("GET /overview", "no colon"), "GET /overview 400"),
        (with("GET /status/services/k3s/status", &"X: y\r\n".repeat(70)), "GET /services/{id}/status 431"),
        (get(&format!("/services?{long}")), "GET /services 414"),
        ("GET /health HTTP/9.9\r\nHost: a\r\n\r\n".to_owned(), "GET /health 400"),
        ("GET /health\r\n\r\n".to_owned(), "GET /health 400"),
        ("GET  /health HTTP/1.1\r\n\r\n".to_owned(), "GET - 400"),
        ("\u{16}\u{3}\u{1}\0\r\n\r\n".to_owned(), "- - 400"),
    ] {
        let before = server.said().matches(&format!(" {expected} ")).count();
        let mut connection = server.connect();
        connection.send(request.as_bytes());
        let answer = connection.answer();
        let told = answer.error().1["message"].as_str().unwrap().to_owned();
        let mut lines = Vec::new();
        eventually(&format!("{request:?} is logged as {expected}"), || {
            lines = lines_with(&server, " ms ")
                .into_iter()
                .filter(|line| line.contains(&format!(" {expected} ")))
                .collect();
            lines.len() > before
        });
        let line = lines.last().unwrap();
        assert!(line.ends_with(&format!(" {} bytes -: {told}", answer.body.len())), "{told}: {line}");
    }
    // An answer has no reason.
    server.get("/health");
    assert!(lines_with(&server, " GET /health 200 ")[0].ends_with(" bytes -"));
}

#[test]
fn what_a_program_could_not_answer_is_logged_with_its_reason_too() {
    let server = Server::start(serve("").without("nvidia-smi"));
    assert_eq!(server.get("/gpu/nvidia-smi").status, 503);
    let line = &lines_with(&server, " GET /gpu/nvidia-smi 503 ")[0];
    assert!(line.ends_with(" run: `nvidia-smi` is missing or cannot be executed"), "{line}");
}

#[test]
fn text_of_a_client_is_escaped_and_cut_in_the_log() {
    let server = Server::start(serve(""));
    let odd = "%1b[31m%0asek8s-status:%20forged%e2%80%ae";
    for id in [odd.to_owned(), format!("{odd}{}", "y".repeat(3000))] {
        assert_eq!(server.get(&format!("/services/{id}/logs")).status, 404);
    }
    eventually("both are logged", || server.said().matches(" GET /services/{id}/logs 404 ").count() == 2);
    let said = server.said();
    assert!(!said.chars().any(|letter| letter.is_control() && letter != '\n'), "{said}");
    assert!(!said.contains('\u{202e}') && !said.contains("\nsek8s-status: forged"), "{said}");
    let lines = lines_with(&server, " GET /services/{id}/logs 404 ");
    assert!(
        lines[0].ends_with(r": unknown service `\u{1b}[31m\nsek8s-status: forged\u{202e}`"),
        "{}",
        lines[0]
    );
    assert!(lines[1].ends_with("yyy…") && lines[1].chars().count() < 500, "{}", lines[1]);
    // And so is what stands in place of an index.
    assert_eq!(server.get(&format!("/gpu/nvidia-smi?gpu=%1b{}", "z".repeat(3000))).status, 400);
    let line = &lines_with(&server, " GET /gpu/nvidia-smi 400 ")[0];
    assert!(line.contains(r"`gpu` is `\u{1b}zzz") && line.chars().count() < 500, "{line}");
}

/// Ends a connection the hard way.
fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// As under systemd, so that each line says its level.
fn leveled(test: Test) -> Test {
    test.environment("JOURNAL_STREAM", "1:1")
}

/// Warnings of connections.
fn warnings(server: &Server) -> Vec<String> {
    let said = server.said();
    said.lines().filter(|line| line.starts_with("<4>") && line.contains(" - ")).map(str::to_owned).collect()
}

/// Connections that never come to a request; each is told nothing, and logged as no news.
#[track_caller]
fn probe(server: &Server, said: &[(&str, usize)]) {
    let address = server.name().rsplit_once("://").unwrap().1.to_owned();
    let connect = || {
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    let mut silent = connect();
    for _ in 0..3 {
        reset(connect());
        drop(connect());
    }
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "", "nothing was asked, so nothing is said");
    for (text, count) in said {
        eventually(&format!("{text:?} is there {count} times: {}", server.said()), || {
            lines_with(server, text).len() == *count
        });
    }
    assert_eq!(warnings(server), Vec::<String>::new());
}

#[test]
fn a_probe_that_resets_or_says_nothing_is_closed_quietly() {
    let server = Server::start(leveled(serve("")));
    probe(&server, &[(" - closed without a request", 7)]);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_probe_of_the_tls_port_that_resets_or_says_nothing_is_closed_quietly() {
    let test = leveled(serve(""));
    let folder = test.programs().path().to_owned();
    Pki::new(&folder, "ca").server("server");
    let named = |name: &str| folder.join(name).display().to_string();
    let test = test
        .environment("TLS_CERT_PATH", &named("server.pem"))
        .environment("TLS_KEY_PATH", &named("server.key"))
        .environment("RUN_AS", "nobody");
    std::process::Command::new("chmod").args(["0600", &named("server.key")]).status().unwrap();
    let _ = std::process::Command::new("chown").args(["nobody", &named("server.key")]).status();
    let server = Server::start(test);
    probe(&server, &[(" - TLS handshake failed: ", 7)]);
    let address = server.name().strip_prefix("https://").unwrap().to_owned();
    // Half a handshake and gone, as some health checks do it.
    for _ in 0..3 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
        reset(stream);
    }
    eventually("they are logged", || lines_with(&server, "<7>").len() >= 10);
    assert_eq!(warnings(&server), Vec::<String>::new());
    // TLS is agreed on, and then nothing is asked.
    let mut silent = server.connect();
    silent.is_closed();
    lines_with(&server, " - closed without a request");
    assert_eq!(warnings(&server), Vec::<String>::new());
    // What is no TLS is still a warning.
    let mut stranger = server.try_connect_bare().unwrap();
    stranger.send(b"GET /health HTTP/1.1\r\n\r\n");
    stranger.is_over();
    eventually("it is a warning", || warnings(&server).len() == 1);
    assert!(warnings(&server)[0].contains("TLS handshake failed: received corrupt message"));
}

#[test]
fn the_access_log_has_one_line_a_request_and_no_path_of_a_client() {
    let server = Server::start(serve(""));
    server.get("/services/k3s/status?x=y");
    server.ask("BREW", "/overview%1b[31m");
    server.get("/health");
    let mut odd = server.connect();
    odd.send(b"GET /\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n");
    odd.finish();
    let line = |part: &str| server.said().lines().find(|line| line.contains(part)).map(str::to_owned);
    eventually("all lines are there", || line(" - GET - 400 ").is_some());
    let status = line("/services/{id}/status").unwrap();
    assert!(status.contains(" 127.0.0.1:") && status.contains(" GET /services/{id}/status 200 "), "{status}");
    assert!(status.ends_with(" bytes run"), "{status}");
    assert!(line(" other - 404 ").is_some(), "{}", server.said());
    assert!(line(" GET /health 200 ").is_some());
    assert!(!server.said().contains('\u{1b}') && !server.said().contains("31m"));

    let quiet = Server::start(crate::serve::serve(""));
    quiet.get("/health");
    quiet.get("/nothing");
    eventually("errors are said", || quiet.said().contains(" 404 "));
    assert!(!quiet.said().contains(" 200 "));
}
