//! Request heads: complete, unambiguous and within their limits, or rejected. Pure.

use crate::{auth::Credentials, error::Error};

/// The longest head: request line, headers and the empty line.
pub const HEAD_LIMIT: usize = 16 * 1024;

/// The longest target.
const TARGET_LIMIT: usize = 4 * 1024;

/// The most headers.
const HEADERS: usize = 64;

/// A complete request head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The method, as the client wrote it.
    pub method: String,
    /// The target, as the client wrote it: visible ASCII without a `#`.
    pub target: String,
    /// Whether the connection may serve another request after this one.
    pub keep_alive: bool,
    /// HTTP/1.0, whose clients must be told that the connection stays open.
    pub is_old: bool,
    /// The client's credentials. Not forwarded.
    pub credentials: Credentials,
}

impl Head {
    /// The response's Connection header: `close`, `keep-alive` or `nothing`.
    pub fn say(&self) -> &'static str {
        match (self.keep_alive, self.is_old) {
            (false, _) => "close",
            (true, true) => "keep-alive",
            (true, false) => "nothing",
        }
    }
}

/// The result of reading the bytes received so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// An incomplete head.
    Partial,
    /// A head, and its length in bytes.
    Whole(Head, usize),
}

/// Bytes that a client has sent and that are not yet processed.
#[derive(Debug, Default)]
pub struct Heads {
    bytes: Vec<u8>,
    /// How many of them there were when they were last parsed.
    looked_at: usize,
    #[cfg(test)]
    looks: usize,
}

impl Heads {
    /// Appends received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes to read before the head is over its limit; at least one.
    pub fn room(&self) -> usize {
        (HEAD_LIMIT + 1).saturating_sub(self.bytes.len()).max(1)
    }

    /// Method and target of the first head, complete or not, if both are known; unchecked, for the log.
    pub fn asked(&self) -> Option<(&str, &str)> {
        let text = self.bytes.strip_prefix(b"\r\n").unwrap_or(&self.bytes);
        let ends = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n');
        let (method, rest) = text.split_at(text.iter().position(ends)?);
        let rest = rest.strip_prefix(b" ")?;
        // Without a byte after it the target may be incomplete.
        let target = &rest[..rest.iter().position(ends)?];
        Some((std::str::from_utf8(method).ok()?, std::str::from_utf8(target).ok()?))
    }

    /// Takes out the first head, if it is complete. Parses only if a line may have ended since, or the length
    /// has doubled: parsing everything again for each byte would let a client cause work for free.
    ///
    /// # Errors
    /// As [`read`].
    pub fn next(&mut self) -> Result<Option<Head>, Error> {
        let length = self.bytes.len();
        let new = self.bytes.get(self.looked_at..).unwrap_or_default();
        if !new.contains(&b'\n') && length < 2 * self.looked_at && length <= HEAD_LIMIT {
            return Ok(None);
        }
        self.looked_at = length;
        #[cfg(test)]
        {
            self.looks += 1;
        }
        match read(&self.bytes)? {
            Read::Partial => Ok(None),
            Read::Whole(head, length) => {
                self.bytes.drain(..length);
                self.looked_at = 0;
                Ok(Some(head))
            }
        }
    }
}

/// Reads the first head of these bytes.
///
/// # Errors
/// Anything malformed, ambiguous or over a limit, and every body. The connection must be closed then:
/// the start of the next request is unknown.
pub fn read(bytes: &[u8]) -> Result<Read, Error> {
    // An empty line before the request line is to be ignored (RFC 9112, 2.2).
    let skipped = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let text = &bytes[skipped..];
    if text.starts_with(b"\r\n") {
        return Err(bad("more than one empty line before the request line"));
    }
    let end = text.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4);
    let head = &text[..end.unwrap_or(text.len())];
    check_line_ends(head)?;
    check_target_length(head)?;
    if end.unwrap_or(head.len()) > HEAD_LIMIT {
        return Err(Error::HeadersTooLarge);
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(head).map_err(|error| match error {
        httparse::Error::TooManyHeaders => Error::HeadersTooLarge,
        httparse::Error::NewLine => bad("invalid line ending"),
        httparse::Error::Version => bad("unsupported HTTP version; use HTTP/1.0 or HTTP/1.1"),
        httparse::Error::HeaderName | httparse::Error::HeaderValue => bad("malformed header"),
        _ => bad("malformed request line"),
    })?;
    if end.is_none() || parsed.is_partial() {
        return Ok(Read::Partial);
    }
    let head = judge(&request)?;
    Ok(Read::Whole(head, skipped + end.unwrap_or_default()))
}

fn bad(what: &'static str) -> Error {
    Error::BadRequest(what)
}

/// Parsers disagree about whether a bare CR or LF ends a line.
fn check_line_ends(head: &[u8]) -> Result<(), Error> {
    let mut before = None;
    for (place, byte) in head.iter().enumerate() {
        let is_last = place + 1 == head.len();
        if *byte == b'\n' && before != Some(b'\r') {
            return Err(bad("bare line feed"));
        }
        if *byte == b'\r' && !is_last && head[place + 1] != b'\n' {
            return Err(bad("bare carriage return"));
        }
        before = Some(*byte);
    }
    Ok(())
}

/// An error of its own, not that of a large head, also before the line is complete.
fn check_target_length(head: &[u8]) -> Result<(), Error> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let target = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if target.len() > TARGET_LIMIT { Err(Error::UriTooLong) } else { Ok(()) }
}

fn judge(request: &httparse::Request<'_, '_>) -> Result<Head, Error> {
    let is_old = request.version == Some(0);
    let method = request.method.unwrap_or_default();
    let target = request.path.unwrap_or_default();
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("invalid characters in the request target"));
    }
    if target.contains('#') {
        return Err(bad("fragment in the request target"));
    }
    let values = |name: &'static str| {
        let named = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii())
    };
    match values("Host").count() {
        1 => {}
        // HTTP/1.0 does not require it.
        0 if is_old => {}
        0 => return Err(bad("missing Host header")),
        _ => return Err(bad("duplicate Host header")),
    }
    if values("Transfer-Encoding").next().is_some() {
        return Err(bad("Transfer-Encoding is not supported"));
    }
    check_body(values("Content-Length"))?;
    let connection: Vec<_> = values("Connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect();
    let asks = |word: &[u8]| connection.iter().any(|option| option.eq_ignore_ascii_case(word));
    Ok(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        keep_alive: !asks(b"close") && (!is_old || asks(b"keep-alive")),
        is_old,
        credentials: Credentials::of(&request.headers.iter().map(|header| (header.name, header.value))),
    })
}

/// Requests have no body. A large one gets an error of its own; every other sign of a body is rejected,
/// since parsers disagree about it.
fn check_body<'a>(mut lengths: impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
    let Some(length) = lengths.next() else { return Ok(()) };
    if lengths.next().is_some() {
        return Err(bad("duplicate Content-Length header"));
    }
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err(bad("invalid Content-Length"));
    }
    let digits = length.trim_ascii_start();
    let significant = digits.iter().position(|digit| *digit != b'0').map_or(0, |start| digits.len() - start);
    match significant {
        0 => Ok(()),
        // Up to 9999 bytes: too small to be called too large, and still not accepted.
        1..=4 => Err(bad("request bodies are not accepted")),
        _ => Err(Error::TooLarge),
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test ends by panicking")]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> &'static str {
        match read(bytes) {
            Ok(Read::Partial) => "partial",
            Ok(Read::Whole(..)) => "whole",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn the_log_knows_method_and_target_once_the_target_is_complete() {
        for (bytes, expected) in [
            ("", None),
            ("GET", None),
            ("GET /services", None),
            ("GET /services HT", Some(("GET", "/services"))),
            ("\r\nGET /services\r\n", Some(("GET", "/services"))),
            ("GET  /services HTTP/1.1\r\n", Some(("GET", ""))),
            ("\u{16}\u{3}\u{1}\r\n\r\n", None),
        ] {
            let mut heads = Heads::default();
            heads.push(bytes.as_bytes());
            assert_eq!(heads.asked(), expected, "{bytes:?}");
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
    fn a_head_that_arrives_byte_by_byte_is_parsed_only_a_few_times() {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(15_000));
        let mut heads = Heads::default();
        for (place, byte) in request.bytes().enumerate() {
            heads.push(&[byte]);
            let head = heads.next();
            assert_eq!(matches!(head, Ok(Some(_))), place + 1 == request.len(), "{place}");
        }
        assert!(heads.is_empty());
        assert!(heads.looks < 25, "{}", heads.looks);
        // Two in one read are two, and an error is reported at the end of its line at the latest.
        heads.push(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c");
        for target in ["/a", "/b"] {
            assert!(
                heads.next().is_ok_and(|head| head.is_some_and(|head| head.target == target)),
                "{target}"
            );
        }
        assert_eq!(heads.next(), Ok(None));
        heads.push(b" HTTP/9.9\r\n");
        assert!(heads.next().is_err());
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
