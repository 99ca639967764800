//! Credentials of HTTP and in URLs.

use super::{
    Hit, Kind, MARKER,
    text::{Scan, begins_with, is_mixed, is_token68, run},
};

/// The password of `scheme://user:password@host` (RFC 3986, 3.2.1); the user stays.
pub(super) fn in_url(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let is_scheme = scan.before(at).last().is_some_and(u8::is_ascii_alphanumeric);
    if !is_scheme || !scan.from(at).starts_with(b"://") {
        return None;
    }
    let user = at + 3;
    let is_of_authority = |byte: u8| !byte.is_ascii_whitespace() && !b"/\"'`<>\\?#".contains(&byte);
    let authority = scan.from(user).get(..run(scan.from(user), is_of_authority))?;
    // A password may have an @ of its own, which ends at the last.
    let end = authority.iter().rposition(|byte| *byte == b'@')?;
    let begin = authority.get(..end)?.iter().position(|byte| *byte == b':')? + 1;
    let password = authority.get(begin..end)?;
    let is_secret = !password.is_empty()
        && !password.starts_with(b"$")
        && !password.starts_with(b"%(")
        && !password.starts_with(MARKER.as_bytes())
        && !is_masked(password);
    is_secret.then_some(Hit { begin: user + begin, end: user + end, kind: Kind::UrlPassword })
}

/// One sign throughout, as programs mask a secret: `***`, `xxxxx`.
pub(super) fn is_masked(value: &[u8]) -> bool {
    value.first().is_some_and(|first| b"*xX.-_#".contains(first) && value.iter().all(|byte| byte == first))
}

/// What follows `Bearer` or `Basic` anywhere in a text.
pub(super) fn at_b(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let text = scan.from(at);
    let is_bearer = begins_with(text, b"bearer");
    let scheme = if is_bearer { 6 } else { 5 };
    if !(is_bearer || begins_with(text, b"basic")) || !scan.begins_word(at) {
        return None;
    }
    let begin = at + scheme + blank(scan.from(at + scheme))?;
    let length = run(scan.from(begin), is_token68);
    let value = scan.from(begin).get(..length)?;
    let is_secret = if is_bearer { value.len() >= 16 && is_random(value) } else { is_pair(value) };
    is_secret.then(|| Hit { begin, end: begin + length - full_stop(value), kind: Kind::Authorization })
}

/// How long the blank between a scheme and its credentials is, also as URLs have it.
fn blank(text: &[u8]) -> Option<usize> {
    match text {
        [b' ' | b'\t' | b'+', ..] => Some(1),
        [b'%', b'2', b'0', ..] => Some(3),
        _ => None,
    }
}

/// No words: with a digit, or capitals and small letters.
fn is_random(value: &[u8]) -> bool {
    let has_both_cases =
        value.iter().any(u8::is_ascii_lowercase) && value.iter().skip(1).any(u8::is_ascii_uppercase);
    is_mixed(value) || has_both_cases
}

/// A full stop that ends the sentence and not the value.
fn full_stop(value: &[u8]) -> usize {
    usize::from(value.last() == Some(&b'.'))
}

/// Whether it is `user:password` in base64 (RFC 7617).
fn is_pair(value: &[u8]) -> bool {
    let digits = value.get(..run(value, |byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)));
    let digits = digits.unwrap_or_default();
    let mut decoded = Vec::new();
    for group in digits.chunks(4) {
        let bits =
            group.iter().fold(0_u32, |bits, digit| bits << 6 | sextet(*digit)) << (6 * (4 - group.len()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        decoded.extend(bytes.into_iter().take(group.len() - 1));
    }
    digits.len() >= 6
        && decoded.contains(&b':')
        && decoded.iter().all(|byte| !byte.is_ascii_control())
        && std::str::from_utf8(&decoded).is_ok()
}

fn sextet(digit: u8) -> u32 {
    u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    })
}

/// The credentials of an `Authorization` header, whose value begins at this place.
pub(super) fn of_header(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    if scan.from(at).starts_with(MARKER.as_bytes()) {
        return None;
    }
    // As JSON, Go and Python print headers.
    let at = at + run(scan.from(at).get(..4).unwrap_or_default(), |byte| b" \"'[\\".contains(&byte));
    let text = scan.from(at);
    let scheme = run(text, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = text.get(..scheme)?;
    let is = |known: &[&[u8]]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is(&[b"digest", b"aws4-hmac-sha256", b"signature"]) {
        let begin = at + scheme + blank(scan.from(at + scheme))?;
        let length = run(scan.from(begin), |byte| !b"\r\n".contains(&byte));
        let is_known = scan.from(begin).starts_with(MARKER.as_bytes());
        return (length > 0 && !is_known).then_some(Hit {
            begin,
            end: begin + length,
            kind: Kind::Authorization,
        });
    }
    let begin = if is(&[b"basic", b"bearer", b"token", b"negotiate", b"ntlm", b"apikey"]) {
        at + scheme + blank(scan.from(at + scheme))?
    } else {
        at
    };
    let length = run(scan.from(begin), is_token68);
    let value = scan.from(begin).get(..length)?;
    let is_secret = if begin == at {
        value.len() >= 8 && is_mixed(value)
    } else {
        value.len() >= 16 || value.len() >= 8 && is_random(value)
    };
    is_secret.then(|| Hit { begin, end: begin + length - full_stop(value), kind: Kind::Authorization })
}
