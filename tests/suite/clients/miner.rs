//! The existing miner client, which has `http://IP:8080` and `/status` compiled in.

use super::*;

/// The rows of the page's table: method, target, status and error code.
fn rows() -> Vec<(&'static str, &'static str, u16, &'static str)> {
    let (_, table) = PAGE.split_once("| the client asks for | answer |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.split('`');
        let (method, target) = cells.nth(1).unwrap().split_once(' ').unwrap();
        let status = cells.next().unwrap().trim_matches([' ', '|']).parse().unwrap();
        (method, target, status, cells.next().unwrap_or_default())
    })
    .collect()
}

#[test]
fn what_the_miner_client_asks_for_is_answered_as_the_page_says() {
    let mut test = plain();
    for line in block("sh", "PATH_PREFIX").lines() {
        let (name, value) = line.split_once('=').unwrap();
        if name == "PATH_PREFIX" {
            test = test.environment(name, value);
        }
    }
    let server = Server::start(test);
    let rows = rows();
    assert!(rows.len() >= 12, "{}", rows.len());
    for (method, target, status, code) in rows {
        let mut connection = server.connect();
        connection.send(
            format!("{method} {target} HTTP/1.1\r\nHost: vm\r\nContent-Length: 0\r\nAccept: */*\r\n\r\n")
                .as_bytes(),
        );
        let answer = connection.answer();
        assert_eq!(answer.status, status, "{method} {target}");
        if status != 200 {
            assert_eq!(answer.error().1["error"], code, "{method} {target}");
        }
    }
    // Without the prefix it finds nothing.
    assert_eq!(well().get("/status/health").status, 404);
}

#[test]
fn tls_locks_the_miner_client_out() {
    let server = Server::start(authentication::with_tls(plain()).0.environment("PATH_PREFIX", "/status"));
    let mut connection = server.try_connect_bare().unwrap();
    connection.send(b"GET /status/health HTTP/1.1\r\nHost: vm\r\n\r\n");
    let answer = connection.finish();
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}
