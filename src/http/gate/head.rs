//! Request heads: complete, unambiguous and within their limits, or rejected. Pure.

use std::time::Duration;

use super::body;
use crate::{
    auth::Credentials,
    http::{refusal::Refusal, reply::Persistence},
};

/// The longest head: request line, headers and the empty line.
pub(crate) const HEAD_LIMIT: usize = 16 * 1024;

/// The longest target.
const TARGET_LIMIT: usize = 4 * 1024;

/// The most headers.
const HEADERS: usize = 64;

/// A complete request head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The method, as the client wrote it.
    pub method: String,
    /// The target, as the client wrote it: visible ASCII without a `#`.
    pub target: String,
    /// Whether the connection may serve another request after this one.
    pub keep_alive: bool,
    /// HTTP/1.0, whose clients must be told that the connection stays open.
    pub is_old: bool,
    /// How long Prometheus waits for an answer, if it says so.
    pub scrape_timeout: Option<Duration>,
    /// The client's credentials. Not forwarded.
    pub credentials: Credentials,
}

impl Head {
    /// What the reply says about the connection.
    pub(crate) fn persistence(&self) -> Persistence {
        match (self.keep_alive, self.is_old) {
            (false, _) => Persistence::Close,
            (true, true) => Persistence::KeepAlive,
            (true, false) => Persistence::Unsaid,
        }
    }
}

/// The result of reading the bytes received so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// An incomplete head.
    Partial,
    /// A head, and its length in bytes.
    Whole(Head, usize),
}

/// Reads the first head of these bytes.
/// Errors: anything malformed, ambiguous or over a limit, and every body. The connection must be closed then:
/// the start of the next request is unknown.
pub(crate) fn read(bytes: &[u8]) -> Result<Read, Refusal> {
    // An empty line before the request line is to be ignored (RFC 9112, 2.2).
    let text = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let skipped = bytes.len() - text.len();
    if text.starts_with(b"\r\n") {
        return Err(Refusal::Malformed("more than one empty line before the request line"));
    }
    let end = text.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4);
    let head = end.and_then(|end| text.get(..end)).unwrap_or(text);
    check_line_ends(head)?;
    check_target_length(head)?;
    if end.unwrap_or(head.len()) > HEAD_LIMIT {
        return Err(Refusal::HeadersTooLarge);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(head).map_err(|error| match error {
        httparse::Error::TooManyHeaders => Refusal::HeadersTooLarge,
        httparse::Error::NewLine => Refusal::Malformed("invalid line ending"),
        httparse::Error::Version => Refusal::Malformed("unsupported HTTP version; use HTTP/1.0 or HTTP/1.1"),
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Refusal::Malformed("malformed header"),
        _ => Refusal::Malformed("malformed request line"),
    })?;
    if end.is_none() || parsed.is_partial() {
        return Ok(Read::Partial);
    }
    let head = judge(&request)?;
    Ok(Read::Whole(head, skipped + end.unwrap_or_default()))
}

/// Parsers disagree about whether a bare CR or LF ends a line.
fn check_line_ends(head: &[u8]) -> Result<(), Refusal> {
    let mut before = None;
    for (place, byte) in head.iter().enumerate() {
        let is_last = place + 1 == head.len();
        if *byte == b'\n' && before != Some(b'\r') {
            return Err(Refusal::Malformed("bare line feed"));
        }
        if *byte == b'\r' && !is_last && head.get(place + 1) != Some(&b'\n') {
            return Err(Refusal::Malformed("bare carriage return"));
        }
        before = Some(*byte);
    }
    Ok(())
}

/// An error of its own, not that of a large head, also before the line is complete.
fn check_target_length(head: &[u8]) -> Result<(), Refusal> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let target = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if target.len() > TARGET_LIMIT { Err(Refusal::UriTooLong) } else { Ok(()) }
}

fn judge(request: &httparse::Request<'_, '_>) -> Result<Head, Refusal> {
    let is_old = request.version == Some(0);
    let method = request.method.unwrap_or_default();
    let target = request.path.unwrap_or_default();
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::Malformed("invalid characters in the request target"));
    }
    if target.contains('#') {
        return Err(Refusal::Malformed("fragment in the request target"));
    }
    let values = |name: &'static str| {
        let named = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii())
    };
    match values("Host").count() {
        1 => {}
        // HTTP/1.0 does not require it.
        0 if is_old => {}
        0 => return Err(Refusal::Malformed("missing Host header")),
        _ => return Err(Refusal::Malformed("duplicate Host header")),
    }
    if values("Transfer-Encoding").next().is_some() {
        return Err(Refusal::Malformed("Transfer-Encoding is not supported"));
    }
    body::check(values("Content-Length"))?;
    let connection: Vec<_> = values("Connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let mut timeouts = values("X-Prometheus-Scrape-Timeout-Seconds");
    let scrape_timeout = match (timeouts.next(), timeouts.next()) {
        (Some(seconds), None) => std::str::from_utf8(seconds).ok().and_then(scrape_timeout),
        _ => None,
    };
    let asks = |word: &[u8]| connection.iter().any(|option| option.eq_ignore_ascii_case(word));
    Ok(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        keep_alive: !asks(b"close") && (!is_old || asks(b"keep-alive")),
        is_old,
        scrape_timeout,
        credentials: Credentials::of(&request.headers.iter().map(|header| (header.name, header.value))),
    })
}

/// A plain number of seconds of at most an hour. Anything else counts as not said.
fn scrape_timeout(seconds: &str) -> Option<Duration> {
    let is_plain = seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = seconds.parse().ok().filter(|_| is_plain)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|timeout| *timeout <= Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_timeout_is_a_plain_number_said_once_or_not_said() {
        let case = |lines: &str| {
            let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
            let Ok(Read::Whole(head, _)) = read(head.as_bytes()) else { panic!("{head}") };
            head.scrape_timeout
        };
        let name = "X-Prometheus-Scrape-Timeout-Seconds";
        assert_eq!(case(&format!("{name}: 10\r\n")), Some(Duration::from_secs(10)));
        assert_eq!(case(&format!("{name}:  2.500000\r\n")), Some(Duration::from_millis(2500)));
        assert_eq!(case(""), None);
        for value in
            ["", "x", "-1", "1e3", "inf", "NaN", "10 s", "99999999999999999999", "3601", ".", "\u{e9}"]
        {
            assert_eq!(case(&format!("{name}: {value}\r\n")), None, "{value}");
        }
        assert_eq!(case(&format!("{name}: 1\r\n{name}: 2\r\n")), None, "one of two would be a guess");
    }

    fn code(bytes: &[u8]) -> &'static str {
        match read(bytes) {
            Ok(Read::Partial) => "partial",
            Ok(Read::Whole(..)) => "whole",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn a_valid_head_is_read_with_its_length() {
        let bytes = b"GET /a?b=%20 HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\nGET /next";
        let Ok(Read::Whole(head, length)) = read(bytes) else { panic!("whole") };
        assert_eq!(&bytes[length..], b"GET /next");
        assert_eq!((head.method.as_str(), head.target.as_str()), ("GET", "/a?b=%20"));
        assert!(!head.keep_alive && !head.is_old);
        for end in 0..length {
            assert_eq!(code(&bytes[..end]), "partial", "{end}");
        }
        assert_eq!(code(b"\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n"), "whole");
    }

    #[test]
    fn keep_alive_follows_the_rules_of_each_version() {
        fn case(head: &str, keep_alive: bool) {
            let Ok(Read::Whole(head, _)) = read(format!("GET / {head}\r\n\r\n").as_bytes()) else {
                panic!("{head}")
            };
            assert_eq!(head.keep_alive, keep_alive);
        }
        case("HTTP/1.1\r\nHost: x", true);
        case("HTTP/1.1\r\nHost: x\r\nConnection: close", false);
        case("HTTP/1.0", false);
        case("HTTP/1.0\r\nConnection: Keep-Alive", true);
    }

    #[test]
    fn malformed_and_ambiguous_heads_are_rejected() {
        fn case(head: &str, expected: &str) {
            assert_eq!(code(format!("{head}\r\n\r\n").as_bytes()), expected, "{head:?}");
        }
        for head in [
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a",
            "GET / HTTP/1.1\r\nHost: a\r\nhost: b",
            "GET / HTTP/1.1\nHost: a",
            "GET / HTTP/1.1\r\nHost: a\nX: b",
            "GET / HTTP/1.1\r\nHost: a\rX: b",
            "GET / HTTP/1.1\r\nHost : a",
            "GET / HTTP/1.1\r\n Host: a",
            "GET / HTTP/1.1\r\nHost: a\r\n folded",
            "GET / HTTP/1.1\r\nHost: a\r\nX",
            "GET / HTTP/1.1\r\nHost: a\r\n: b",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \0",
            "GET / HTTP/2.0\r\nHost: a",
            "GET / HTTP/1.2\r\nHost: a",
            "GET /\r\nHost: a",
            "GET  / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1 \r\nHost: a",
            "GET /#x HTTP/1.1\r\nHost: a",
            "GET /é HTTP/1.1\r\nHost: a",
            "GET / x HTTP/1.1\r\nHost: a",
            " GET / HTTP/1.1\r\nHost: a",
            "G(T / HTTP/1.1\r\nHost: a",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 0",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -5",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: abc",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0",
        ] {
            case(head, "bad_request");
        }
        case("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0", "whole");
        case("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000", "too_large");
        case("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808", "too_large");
        case("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999999", "too_large");
    }

    #[test]
    fn limits_apply_before_and_after_the_head_is_complete() {
        let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length - 1));
        assert_eq!(code(target(TARGET_LIMIT).as_bytes()), "whole");
        assert_eq!(code(target(TARGET_LIMIT + 1).as_bytes()), "uri_too_long");
        assert_eq!(code(format!("GET /{}", "x".repeat(TARGET_LIMIT)).as_bytes()), "uri_too_long");
        let headers =
            |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
        assert_eq!(code(headers(HEADERS).as_bytes()), "whole");
        assert_eq!(code(headers(HEADERS + 1).as_bytes()), "headers_too_large");
        let whole = |length: usize| {
            let head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
            format!("{head}{}\r\n\r\n", "x".repeat(length - head.len() - 4))
        };
        assert_eq!(code(whole(HEAD_LIMIT).as_bytes()), "whole");
        assert_eq!(code(whole(HEAD_LIMIT + 1).as_bytes()), "headers_too_large");
        assert_eq!(code(&whole(HEAD_LIMIT + 100).as_bytes()[..=HEAD_LIMIT]), "headers_too_large");
    }
}
