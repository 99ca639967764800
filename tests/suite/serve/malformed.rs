//! Malformed requests.

use serde_json::json;

use super::serve;
use crate::server::Server;

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
