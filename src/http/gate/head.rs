//! The head of a request: whole, clean and small, or refused. Pure.

use crate::{auth::Credentials, error::Error};

/// The longest head: request line, headers and the empty line.
pub const HEAD_LIMIT: usize = 16 * 1024;

/// The longest target.
const TARGET_LIMIT: usize = 4 * 1024;

/// The most headers.
const HEADERS: usize = 64;

/// What is known of a request once its head is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    /// The method, as the client wrote it.
    pub method: String,
    /// The target, as the client wrote it: visible ASCII without a `#`.
    pub target: String,
    /// Whether the connection may serve another request after this one.
    pub keep_alive: bool,
    /// HTTP/1.0, whose clients have to be told when the connection stays.
    pub is_old: bool,
    /// What it shows of who asks. Not handed on.
    pub credentials: Credentials,
}

impl Head {
    /// What the answer is to say of the connection: `close`, `keep-alive` or `nothing`.
    pub fn say(&self) -> &'static str {
        match (self.keep_alive, self.is_old) {
            (false, _) => "close",
            (true, true) => "keep-alive",
            (true, false) => "nothing",
        }
    }
}

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// The beginning of a head.
    Partial,
    /// A head, and how many bytes it takes.
    Whole(Head, usize),
}

/// What a client has sent and was not yet answered.
#[derive(Debug, Default)]
pub struct Heads {
    bytes: Vec<u8>,
    /// How much of it was there when it was last read.
    looked_at: usize,
    #[cfg(test)]
    looks: usize,
}

impl Heads {
    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes may come until there is more than a head can be; at least one.
    pub fn room(&self) -> usize {
        (HEAD_LIMIT + 1).saturating_sub(self.bytes.len()).max(1)
    }

    /// Method and target of the head that is there or begun, if they are complete; unchecked, for the log.
    pub fn asked(&self) -> Option<(&str, &str)> {
        let text = self.bytes.strip_prefix(b"\r\n").unwrap_or(&self.bytes);
        let ends = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n');
        let (method, rest) = text.split_at(text.iter().position(ends)?);
        let rest = rest.strip_prefix(b" ")?;
        // Something has to stand behind the target, or it may go on.
        let target = &rest[..rest.iter().position(ends)?];
        Some((std::str::from_utf8(method).ok()?, std::str::from_utf8(target).ok()?))
    }

    /// Takes out the first head, if it is whole. It is read only when what has come since may have ended a
    /// line, or is as much again: to read all of it anew for every byte would be work that a client can
    /// have done for nothing.
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
/// Everything malformed, ambiguous or over a limit, and every body. The connection has to be closed
/// then: nobody knows where the next request starts.
pub fn read(bytes: &[u8]) -> Result<Read, Error> {
    // An empty line before the request line is to be ignored (RFC 9112, 2.2).
    let skipped = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let text = &bytes[skipped..];
    if text.starts_with(b"\r\n") {
        return Err(bad("more than one empty line"));
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
        httparse::Error::NewLine => bad("a line that does not end well"),
        httparse::Error::Version => bad("a version that is neither HTTP/1.0 nor HTTP/1.1"),
        httparse::Error::HeaderName | httparse::Error::HeaderValue => bad("a header that is none"),
        _ => bad("a request line that is none"),
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

/// A bare CR or LF is a line end to some and not to others.
fn check_line_ends(head: &[u8]) -> Result<(), Error> {
    let mut before = None;
    for (place, byte) in head.iter().enumerate() {
        let is_last = place + 1 == head.len();
        if *byte == b'\n' && before != Some(b'\r') {
            return Err(bad("a bare line feed"));
        }
        if *byte == b'\r' && !is_last && head[place + 1] != b'\n' {
            return Err(bad("a bare carriage return"));
        }
        before = Some(*byte);
    }
    Ok(())
}

/// Told apart from a head that is too large as a whole, also before the line is complete.
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
        return Err(bad("a target that is no text"));
    }
    if target.contains('#') {
        return Err(bad("a fragment in the target"));
    }
    let values = |name: &'static str| {
        let named = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii())
    };
    match values("Host").count() {
        1 => {}
        // HTTP/1.0 knows no Host.
        0 if is_old => {}
        0 => return Err(bad("no Host")),
        _ => return Err(bad("two Hosts")),
    }
    if values("Transfer-Encoding").next().is_some() {
        return Err(bad("a transfer encoding has no place here"));
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

/// No request here has a body. One that is only too much is told so; all else that speaks of a
/// body is ambiguous to somebody.
fn check_body<'a>(mut lengths: impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
    let Some(length) = lengths.next() else { return Ok(()) };
    if lengths.next().is_some() {
        return Err(bad("two lengths"));
    }
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err(bad("a length that is none"));
    }
    let digits = length.trim_ascii_start();
    let significant = digits.iter().position(|digit| *digit != b'0').map_or(0, |start| digits.len() - start);
    match significant {
        0 => Ok(()),
        // Up to 9999 bytes: small enough to be no attack, and still nothing that belongs here.
        1..=4 => Err(bad("a body has no place here")),
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
    fn what_was_asked_is_known_once_the_target_is_complete() {
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
    fn a_clean_head_is_read_and_its_length_known() {
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
    fn connections_stay_as_each_version_has_it() {
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
    fn what_is_malformed_or_ambiguous_is_refused() {
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
    fn a_head_that_drips_in_is_read_a_few_times_and_not_for_each_byte() {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(15_000));
        let mut heads = Heads::default();
        for (place, byte) in request.bytes().enumerate() {
            heads.push(&[byte]);
            let head = heads.next();
            assert_eq!(matches!(head, Ok(Some(_))), place + 1 == request.len(), "{place}");
        }
        assert!(heads.is_empty());
        assert!(heads.looks < 25, "{}", heads.looks);
        // Two at once are two, and what is wrong is known at the end of its line at the latest.
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
    fn limits_hold_before_and_after_the_head_is_complete() {
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
