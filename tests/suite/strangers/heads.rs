//! Heads without end, smuggled requests, random bytes.

use serde_json::json;

use super::{Over, descriptors, health_is_answered, serve_over, status, turn};
use crate::{server::Server, test::eventually};

fn a_head_without_end_is_refused_and_never_in_memory(over: Over) {
    let _turn = turn();
    let mut server = Server::start(serve_over(over, ""));
    health_is_answered(&server);
    let memory = status(&server, "VmRSS");
    let mut connection = server.connect();
    connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\nX: ");
    let piece = vec![b'x'; 100_000];
    let sent = (0..3000).take_while(|_| connection.offer(&piece).is_ok()).count();
    assert!(sent < 3000, "it was closed before 300 MB");
    let grown = status(&server, "VmRSS").saturating_sub(memory);
    assert!(grown < 40 * 1024, "{grown} KiB");
    assert!(server.is_running());
}

#[test]
fn a_head_without_end_is_refused_and_never_in_memory_over_tcp() {
    a_head_without_end_is_refused_and_never_in_memory(Over::Tcp);
}

#[test]
fn a_head_without_end_is_refused_and_never_in_memory_over_tls() {
    a_head_without_end_is_refused_and_never_in_memory(Over::Tls);
}

fn limits_of_the_head_have_their_own_answers(over: Over) {
    fn case(server: &Server, head: &str, status: u16, code: &str) {
        let mut connection = server.connect();
        connection.send(head.as_bytes());
        let (found, detail) = connection.answer().error();
        assert_eq!((found, &detail["error"]), (status, &json!(code)));
        connection.is_closed();
    }
    let _turn = turn();
    let server = Server::start(serve_over(over, ""));
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(5000));
    case(&server, &target, 414, "uri_too_long");
    let headers = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100));
    case(&server, &headers, 431, "headers_too_large");
    let header = format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    case(&server, &header, 431, "headers_too_large");
    case(
        &server,
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
        413,
        "too_large",
    );
}

#[test]
fn limits_of_the_head_have_their_own_answers_over_tcp() {
    limits_of_the_head_have_their_own_answers(Over::Tcp);
}

#[test]
fn limits_of_the_head_have_their_own_answers_over_tls() {
    limits_of_the_head_have_their_own_answers(Over::Tls);
}

fn who_is_refused_may_finish_what_he_says_and_read_why(over: Over) {
    let _turn = turn();
    let server = Server::start(serve_over(over, ""));
    let mut connection = server.connect();
    connection.send(format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}", "y".repeat(20_000)).as_bytes());
    assert_eq!(connection.answer().status, 431);
    // A connection that is closed with bytes unread is reset, and with it what was said on it.
    for _ in 0..200 {
        connection.offer(&[b'y'; 1000]).unwrap();
    }
}

#[test]
fn who_is_refused_may_finish_what_he_says_and_read_why_over_tcp() {
    who_is_refused_may_finish_what_he_says_and_read_why(Over::Tcp);
}

#[test]
fn who_is_refused_may_finish_what_he_says_and_read_why_over_tls() {
    who_is_refused_may_finish_what_he_says_and_read_why(Over::Tls);
}

fn smuggled_bytes_are_never_a_request(over: Over) {
    let _turn = turn();
    let server = Server::start(serve_over(over, "--log-level debug"));
    let smuggled = "GET /services HTTP/1.1\r\nHost: smuggled\r\n\r\n";
    for framing in [
        "Content-Length: 43\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: abc\r\n",
        "Content-Length: 0\r\nContent-Length: 43\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 43\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: y\r\n folded: z\r\n",
        "X: y\nZ: w\r\n",
    ] {
        let mut connection = server.connect();
        connection.send(format!("GET /health HTTP/1.1\r\nHost: a\r\n{framing}\r\n{smuggled}").as_bytes());
        let answers = String::from_utf8(connection.finish()).unwrap();
        assert!(answers.starts_with("HTTP/1.1 400 "), "{framing}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{framing}: {answers}");
    }
    assert!(!server.said().contains("/services"), "{}", server.said());
}

#[test]
fn smuggled_bytes_are_never_a_request_over_tcp() {
    smuggled_bytes_are_never_a_request(Over::Tcp);
}

#[test]
fn smuggled_bytes_are_never_a_request_over_tls() {
    smuggled_bytes_are_never_a_request(Over::Tls);
}

fn many_pipelined_requests_are_answered_in_order(over: Over) {
    let _turn = turn();
    let server = Server::start(serve_over(over, ""));
    let mut connection = server.connect();
    let pairs = if over == Over::Tls { 30 } else { 3000 };
    let pair = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    // One end of TLS cannot be in two threads, and what fits into the buffers needs only one.
    let sending = if over == Over::Tls {
        connection.send(&pair.repeat(pairs));
        None
    } else {
        let mut sender = connection.try_clone();
        Some(std::thread::spawn(move || sender.send(&pair.repeat(pairs))))
    };
    for _ in 0..pairs {
        assert_eq!(connection.answer().status, 200);
        assert_eq!(connection.answer().status, 404);
    }
    if let Some(sending) = sending {
        sending.join().unwrap();
    }
}

#[test]
fn many_pipelined_requests_are_answered_in_order_over_tcp() {
    many_pipelined_requests_are_answered_in_order(Over::Tcp);
}

#[test]
fn many_pipelined_requests_are_answered_in_order_over_tls() {
    many_pipelined_requests_are_answered_in_order(Over::Tls);
}

fn random_bytes_end_nothing(over: Over) {
    let _turn = turn();
    let mut server = Server::start(serve_over(over, ""));
    health_is_answered(&server);
    let open = descriptors(&server);
    std::thread::scope(|scope| {
        for seed in 1..=8_u64 {
            let server = &server;
            scope.spawn(move || {
                let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                for _ in 0..2500 {
                    let Ok(mut connection) = server.try_connect_bare() else { continue };
                    let bytes: Vec<u8> = (0..64 + state % 200)
                        .map(|_| {
                            state ^= state << 13;
                            state ^= state >> 7;
                            state ^= state << 17;
                            state.to_le_bytes()[0]
                        })
                        .collect();
                    let _ = connection.try_send(&bytes);
                }
            });
        }
    });
    health_is_answered(&server);
    eventually("descriptors are as before", || descriptors(&server) <= open + 2);
    assert!(server.is_running());
}

#[test]
fn random_bytes_end_nothing_over_tcp() {
    random_bytes_end_nothing(Over::Tcp);
}

#[test]
fn random_bytes_end_nothing_over_tls() {
    random_bytes_end_nothing(Over::Tls);
}
