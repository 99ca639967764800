//! The two advisories of tiny_http 0.12, over raw sockets: no transfer encoding hides a second request, and no byte
//! of a client gets into the head of an answer. docs/security.md names these tests.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    answer::Answer, authentication, serve::serve_in_detail as serve, server::Server, stub::Stub,
    test::eventually,
};

/// Asked for by the second request of each pair, and by nothing else.
const SECOND: &str = "GET /services HTTP/1.1\r\nHost: second\r\n\r\n";

/// Values that some server was seen to read in its own way.
const VALUES: &[&str] = &[
    "chunked",
    "Chunked",
    "CHUNKED",
    "cHuNkEd",
    "identity",
    "Identity",
    "gzip",
    "x-gzip",
    "deflate",
    "compress",
    "br",
    "trailers",
    "chunkedchunked",
    "xchunked",
    "chunkedx",
    "chunk",
    "chunked, chunked",
    "chunked,chunked",
    "chunked, identity",
    "identity, chunked",
    "gzip, chunked",
    "chunked, gzip",
    "gzip,,chunked",
    ", chunked",
    "chunked,",
    "chunked ,",
    ",",
    "chunked;q=1",
    "chunked; x=\"y\"",
    "\"chunked\"",
    "'chunked'",
    "chunked chunked",
    "chun ked",
    "chunked\tx",
    "",
    " ",
    "\t",
    "0",
    "null",
];

/// Everything else about the line, and what may stand beside it.
const LINES: &[&str] = &[
    // The name.
    "transfer-encoding: chunked",
    "TRANSFER-ENCODING: chunked",
    "tRANSFER-eNCODING: chunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\t: chunked",
    " Transfer-Encoding: chunked",
    "\tTransfer-Encoding: chunked",
    "Transfer-Encoding\0: chunked",
    "\0Transfer-Encoding: chunked",
    "\u{b}Transfer-Encoding: chunked",
    "Transfer-Encoding\u{b}: chunked",
    "Transfer-Encoding\u{7f}: chunked",
    "Transfer-Encoding chunked",
    "Transfer Encoding: chunked",
    "\"Transfer-Encoding\": chunked",
    ": chunked",
    // The value.
    "Transfer-Encoding: \0chunked",
    "Transfer-Encoding: chunked\0",
    "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding: chunked\u{c}",
    "Transfer-Encoding: \u{7f}chunked",
    "Transfer-Encoding: ch\u{fc}nked",
    "Transfer-Encoding: \u{ff43}hunked",
    // Folded, and ended by half a line end.
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding:\r\n\tchunked",
    "Transfer-Encoding: gzip,\r\n chunked",
    "X: y\r\n Transfer-Encoding: chunked",
    "X: y\r\n\tTransfer-Encoding: chunked",
    "X: y\nTransfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked",
    "X: y\n\rTransfer-Encoding: chunked",
    "X: y\r\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\nX: y",
    "Transfer-Encoding: chunked\rX: y",
    // More than one, and not alone.
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: gzip\r\ntransfer-encoding: chunked",
    "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
    "X: y\r\nTransfer-Encoding: chunked\r\nZ: w",
    "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    "TE: chunked\r\nTransfer-Encoding: chunked",
    "Trailer: X\r\nTransfer-Encoding: chunked",
    "Expect: 100-continue\r\nTransfer-Encoding: chunked",
    "Upgrade: h2c\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked",
    // With a length, whichever it is and wherever it stands.
    "Content-Length: 0\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 0",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 46\r\nTransfer-Encoding: identity",
    "Content-Length: 99999\r\nTransfer-Encoding: chunked",
    "Content-Length: x\r\nTransfer-Encoding: chunked",
    "Content-Length: 0\r\nContent-Length: 46\r\nTransfer-Encoding: chunked",
    "Content-Length: 46\r\nTransfer-Encoding : chunked",
];

/// Heads with a transfer encoding in every form.
fn encoded_heads() -> Vec<String> {
    // The request line, what stands between it and the encoding, the encoding, and what comes behind it.
    let head = |first: &str, encoding: &str| format!("{first}\r\nHost: a\r\n{encoding}\r\n\r\n");
    let mut heads = Vec::new();
    for value in VALUES {
        for line in [
            format!("Transfer-Encoding: {value}"),
            format!("Transfer-Encoding:{value}"),
            format!("Transfer-Encoding:\t {value}\t "),
        ] {
            heads.push(head("GET /health HTTP/1.1", &line));
        }
    }
    for line in LINES {
        heads.push(head("GET /health HTTP/1.1", line));
    }
    for first in [
        "GET /health HTTP/1.0",
        "HEAD /health HTTP/1.1",
        "POST /health HTTP/1.1",
        "PUT /health HTTP/1.0",
        "OPTIONS * HTTP/1.1",
        "TRACE /health HTTP/1.1",
        "BREW /health HTTP/1.1",
        "get /health HTTP/1.1",
        "GET /nothing HTTP/1.1",
        "GET http://a/health HTTP/1.1",
        "GET /services/k3s/logs?lines=1 HTTP/1.1",
    ] {
        heads.push(head(first, "Transfer-Encoding: chunked"));
        heads.push(head(first, "Connection: keep-alive\r\nTransfer-Encoding: identity"));
    }
    // Before Host, without Host, and as the last of as many headers as there may be.
    heads.push("GET /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n".to_owned());
    heads.push("GET /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned());
    heads.push(head("GET /health HTTP/1.1", &("X: y\r\n".repeat(62) + "Transfer-Encoding: chunked")));
    heads
}

#[test]
fn no_transfer_encoding_hides_a_second_request() {
    let server = Server::start(serve(""));
    // It would be seen: without an encoding it is a request like any other.
    let mut pair = server.connect();
    pair.send(format!("GET /health HTTP/1.1\r\nHost: a\r\n\r\n{SECOND}").as_bytes());
    assert_eq!(pair.answer().status, 200);
    assert_eq!(pair.answer().status, 200);
    let seconds = || server.said().matches(" GET /services 200 ").count();
    eventually("the second request is in the log", || seconds() == 1);

    // As a body of no length, as the rest of a chunked one, as a chunk, and behind half of one.
    let bodies = [
        SECOND.to_owned(),
        format!("0\r\n\r\n{SECOND}"),
        format!("{:x}\r\n{SECOND}\r\n0\r\n\r\n", SECOND.len()),
        format!("1\r\nZ\r\nQ\r\n\r\n{SECOND}"),
    ];
    let heads = encoded_heads();
    for (place, head) in heads.iter().enumerate() {
        let body = &bodies[place % bodies.len()];
        let mut connection = server.connect();
        // As the first request of its connection, and as a later one.
        let is_later = place % 3 == 0;
        if is_later {
            connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(connection.answer().status, 200);
        }
        connection.send(head.as_bytes());
        let _ = connection.offer(body.as_bytes());
        let answer = connection.answer();
        assert_eq!(answer.error().0, 400, "{head:?}");
        assert_eq!(answer.error().1["error"], "bad_request", "{head:?}");
        assert_eq!(answer.header("Connection"), Some("close"), "{head:?}");
        // One answer and no more, and the end of the connection.
        let rest = connection.finish();
        assert_eq!(String::from_utf8_lossy(&rest), "", "{head:?}");
    }
    eventually("each was logged", || server.said().matches(" 400 ").count() == heads.len());
    assert_eq!(seconds(), 1, "{}", server.said());
    assert!(server.programs().asked().is_empty());
}

/// Stands in whatever a client may send, in places where it could end a line or begin a header.
const MARK: &str = "zq7injected";

/// The mark behind a line end, in every spelling of one.
fn line_ends() -> Vec<String> {
    let ends = [
        "\r\n",
        "\n",
        "\r",
        "%0d%0a",
        "%0D%0A",
        "%0a",
        "%0d",
        "%250d%250a",
        "%E5%98%8A%E5%98%8D",
        "\u{560a}\u{560d}",
        "\u{85}",
        "%C2%85",
        "\u{2028}",
        "%E2%80%A8",
        "%00",
        "\0",
        "\\r\\n",
        "&#13;&#10;",
        "%u000d%u000a",
        "\u{b}",
        "%0b",
        "\t",
        "%09",
        ";",
        ",",
    ];
    ends.iter().map(|end| format!("a{end}X-{MARK}:{MARK}")).collect()
}

/// Every head of an answer is made of a few fixed words, numbers and the time.
#[track_caller]
fn has_nothing_of_the_client(answer: &Answer, sent: &str) {
    assert!(!answer.head.to_ascii_lowercase().contains(MARK), "{sent:?}: {}", answer.head);
    let mut lines = answer.head.lines();
    let status = lines.next().unwrap();
    let phrases = [
        "200 OK",
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "408 Request Timeout",
        "413 Content Too Large",
        "414 URI Too Long",
        "422 Unprocessable Content",
        "431 Request Header Fields Too Large",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    assert!(phrases.iter().any(|phrase| status == format!("HTTP/1.1 {phrase}")), "{sent:?}: {status}");
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        let is_fixed = match name {
            "Content-Type" => value == "application/json",
            "Cache-Control" => value == "no-store",
            "X-Content-Type-Options" => value == "nosniff",
            "Content-Length" => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()),
            "Retry-After" => value == "1",
            "Allow" => value == "GET, HEAD",
            "Connection" => value == "close" || value == "keep-alive",
            "WWW-Authenticate" => value == "Bearer realm=\"sek8s-status\", Hotkey realm=\"sek8s-status\"",
            // Thu, 26 Nov 2026 00:33:13 GMT
            "Date" => {
                let letters = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
                let shape: Vec<u8> = value.bytes().map(letters).collect();
                shape.len() == 29 && shape[3..8] == *b", 00 " && shape[11..] == *b" 0000 00:00:00 GMT"
            }
            _ => false,
        };
        assert!(is_fixed, "{sent:?}: {line}");
    }
}

#[test]
fn no_byte_of_a_client_gets_into_the_head_of_an_answer() {
    let open = Server::start(serve("--path-prefix /status"));
    let guarded = Server::start(authentication::with_tokens(
        authentication::serve("--miner-ss58 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        authentication::TOKEN,
    ));
    // All that is read of a request, all that a proxy adds, all that other servers echo, and the names that the gate
    // itself uses.
    let headers = [
        "Authorization",
        "X-Chutes-Hotkey",
        "X-Chutes-Nonce",
        "X-Chutes-Signature",
        "Connection",
        "Content-Length",
        "X-Gate-Connection",
        "X-Gate-Say",
        "Host",
        "Origin",
        "Referer",
        "Cookie",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Range",
        "If-None-Match",
        "If-Modified-Since",
        "Expect",
        "Upgrade",
        "TE",
        "Trailer",
        "Via",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Request-Id",
        "X-Real-Ip",
        "Traceparent",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "Content-Type",
        "Keep-Alive",
    ];
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut sent = Vec::new();
    for end in line_ends() {
        for target in [
            format!("/{end}"),
            format!("/status/{end}"),
            format!("/services/{end}/status"),
            format!("/services/k3s{end}/logs"),
            format!("/health?{end}"),
            format!("/health?x={end}"),
            format!("/health?{end}=x"),
            format!("http://{end}/health"),
            format!("/health#{end}"),
        ] {
            sent.push(get(&target));
        }
        for parameter in ["lines", "priority", "since_minutes", "entries"] {
            sent.push(get(&format!("/services/k3s/logs?{parameter}={end}")));
        }
        for parameter in ["detail", "gpu", "parsed"] {
            sent.push(get(&format!("/gpu/nvidia-smi?{parameter}={end}")));
        }
        sent.push(format!("{end} /health HTTP/1.1\r\nHost: a\r\n\r\n"));
        sent.push(format!("GET /health HTTP/1.1{end}\r\nHost: a\r\n\r\n"));
        sent.push(format!("GET /health HTTP/1.1\r\nHost: a\r\n{end}: x\r\n\r\n"));
        for name in headers {
            let host = if name == "Host" { "" } else { "Host: a\r\n" };
            sent.push(format!("GET /services HTTP/1.1\r\n{host}{name}: {end}\r\n\r\n"));
        }
    }
    sent.push(get(&format!("/{}", MARK.repeat(1000))));
    sent.push(format!(
        "GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n",
        format!("{MARK}: {MARK}\r\n").repeat(100)
    ));
    sent.push(format!("GET /{MARK} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"));
    sent.push(format!("{MARK} /health HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (server, expected) in [
        (&open, &[200, 400, 404, 405, 413, 414, 422, 431][..]),
        (&guarded, &[200, 400, 401, 405, 413, 414, 431][..]),
    ] {
        let mut statuses = BTreeSet::new();
        for sent in &sent {
            let mut connection = server.connect();
            connection.send(sent.as_bytes());
            let answer = connection.answer();
            has_nothing_of_the_client(&answer, sent);
            statuses.insert(answer.status);
            // Nor is what follows taken for the end of this head.
            let rest = String::from_utf8_lossy(&connection.finish()).into_owned();
            assert!(!rest.to_ascii_lowercase().contains(&format!("\nx-{MARK}")), "{sent:?}: {rest}");
        }
        assert!(statuses.iter().eq(expected), "{statuses:?}");
    }
}

#[test]
fn no_byte_of_a_program_gets_into_the_head_of_an_answer() {
    let prints = format!("a\\r\\nX-{MARK}: {MARK}\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n");
    for act in [
        format!("printf '{prints}'"),
        format!("printf '{prints}' >&2; exit 9"),
        format!("printf '{prints}'; exit 255"),
        format!("printf '{prints}' >&2; kill -9 $$"),
        format!("printf '{prints}'; exec sleep 1000"),
    ] {
        let stub = Stub::acts(&act);
        let server =
            Server::start(serve("--timeout 2s").systemctl(&stub).journalctl(&stub).nvidia_smi(&stub));
        for path in
            ["/overview", "/services/k3s/status", "/services/k3s/logs?entries=1", "/gpu/nvidia-smi?parsed=1"]
        {
            has_nothing_of_the_client(&server.get(path), &act);
        }
    }
}

#[test]
fn answers_are_written_by_us_and_not_by_tiny_http() {
    fn look(folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for name in [
                "tiny_http::Header",
                "tiny_http::Response",
                "Header::from_bytes",
                "Response::from",
                ".respond(",
            ] {
                assert!(!text.contains(name), "{} uses {name}", path.display());
            }
        }
    }
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}
