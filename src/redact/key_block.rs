//! Private keys in PEM (RFC 7468) within one text.

use super::{
    Hit, Kind,
    text::{Scan, run},
};

/// What a key is framed with.
pub(super) const DASHES: &[u8] = b"-----";

/// A label, such as `RSA PRIVATE KEY`, is not longer.
const LABEL: usize = 48;

/// A key, or what is there of it: from its `BEGIN` to its `END`, from the beginning of the text to an `END` without a
/// `BEGIN`, or from a `BEGIN` as far as there are lines of a key.
pub(super) fn at_dash(scan: &mut Scan<'_>, at: usize) -> Option<Hit> {
    let text = scan.from(at);
    if let Some(length) = border(text, b"END ") {
        let begin = at - scan.before(at).len();
        return Some(Hit { begin, end: at + length, kind: Kind::PrivateKey });
    }
    let body = at + border(text, b"BEGIN ")?;
    let end = if scan.no_more_ends { None } else { first_end(scan.from(body)) };
    scan.no_more_ends = end.is_none();
    let length = end.or_else(|| body_length(scan.from(body)))?;
    Some(Hit { begin: at, end: body + length, kind: Kind::PrivateKey })
}

/// How long `-----BEGIN … PRIVATE KEY-----` is, if the text begins with it.
pub(super) fn border(text: &[u8], word: &[u8]) -> Option<usize> {
    let label = text.strip_prefix(DASHES)?.strip_prefix(word)?;
    let label = label.get(..run(label.get(..LABEL).unwrap_or(label), |byte| byte != b'-'))?;
    let is_private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
    let length = DASHES.len() + word.len() + label.len();
    (is_private && text.get(length..)?.starts_with(DASHES)).then_some(length + DASHES.len())
}

/// Where the first `END` ends.
fn first_end(text: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(text, b"-----END ").find_map(|at| Some(at + border(text.get(at..)?, b"END ")?))
}

/// How long the lines of a key are that follow, if there are any. A line end may be written as `\n`.
fn body_length(text: &[u8]) -> Option<usize> {
    let mut end = 0;
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let line = run(rest, |byte| !byte.is_ascii_whitespace() && byte != b'\\');
        let is_body = run(rest, is_base64) == line && line > 0 && (line >= 16 || end > 0);
        let is_header = [b"Proc-Type:".as_slice(), b"4,ENCRYPTED", b"DEK-Info:", b"AES-", b"DES-"];
        if is_body {
            end = at + line;
        } else if line > 0 && !is_header.iter().any(|header| rest.starts_with(header)) {
            break;
        }
        let Some(separator) = rest.get(line) else { break };
        at += line + if *separator == b'\\' { 2 } else { 1 };
        // What is shorter than the lines before it is the last.
        if is_body && line < 16 {
            break;
        }
    }
    (end > 0).then_some(end)
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}
