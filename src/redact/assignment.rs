//! Values of names that say what they are: `password=…`, `"token": "…"`.

use super::{
    Hit, Kind, MARKER,
    credentials::{is_masked, of_header},
    text::{Scan, ends_with, is_mixed, run},
};

/// How a name of a secret ends.
const NAMES: [&[u8]; 13] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"secret",
    b"token",
    b"api_key",
    b"api-key",
    b"apikey",
    b"access_key",
    b"access-key",
    b"accesskey",
    b"secret_key",
    b"secretkey",
];

/// A shorter value is not redacted.
const LEAST: usize = 8;

/// Words that programs print in the place of a secret.
const WORDS: [&str; 24] = [
    "accepted",
    "configured",
    "disabled",
    "enabled",
    "expected",
    "generated",
    "incorrect",
    "internal",
    "provided",
    "rejected",
    "required",
    "optional",
    "undefined",
    "unchanged",
    "unavailable",
    "unauthorized",
    "unexpected",
    "validated",
    "verified",
    "missing",
    "mismatch",
    "supplied",
    "specified",
    "external",
];

/// `name=value`.
pub(super) fn at_equals(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let name = name(scan.before(at));
    if ends_with(name, b"authorization") {
        return of_header(scan, at + 1);
    }
    is_secret(name).then(|| value(scan, at + 1, Loose::Plain))?
}

/// `name: value` and `"name":"value"`.
pub(super) fn at_colon(scan: &Scan<'_>, at: usize) -> Option<Hit> {
    let name = name(scan.before(at));
    if ends_with(name, b"authorization") {
        return of_header(scan, at + 1);
    }
    if !is_secret(name) {
        return None;
    }
    let blanks = run(scan.from(at + 1).get(..2).unwrap_or_default(), |byte| byte == b' ');
    let is_quoted = matches!(scan.from(at + 1 + blanks), [b'"' | b'\'', ..] | [b'\\', b'"', ..]);
    (blanks > 0 || is_quoted).then(|| value(scan, at + 1 + blanks, Loose::Mixed))?
}

/// The name that ends here, without the quote behind it or one blank.
fn name(before: &[u8]) -> &[u8] {
    let before = before.strip_suffix(b" ").unwrap_or(before);
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    before.strip_suffix(b"\\").unwrap_or(before)
}

fn is_secret(name: &[u8]) -> bool {
    // Most names end otherwise.
    name.last().is_some_and(|last| b"dDtTnNeEyY".contains(last))
        && NAMES.iter().any(|known| ends_with(name, known))
}

/// What a value without quotes has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loose {
    /// Anything: words follow a colon, not an equals sign.
    Plain,
    /// With letters and digits.
    Mixed,
}

fn value(scan: &Scan<'_>, at: usize, loose: Loose) -> Option<Hit> {
    let at = at + usize::from(loose == Loose::Plain && scan.from(at).first() == Some(&b' '));
    let text = scan.from(at);
    let (quote, closing): (usize, Option<&[u8]>) = match text {
        [b'\\', b'"', ..] => (2, Some(b"\\\"")),
        [b'"', ..] => (1, Some(b"\"")),
        [b'\'', ..] => (1, Some(b"'")),
        _ => (0, None),
    };
    let begin = at + quote;
    let text = scan.from(begin);
    // Checked before the end of the value is searched for, so that a reference costs nothing.
    if is_reference(text) {
        return None;
    }
    let length = match closing {
        Some(closing) => memchr::memmem::find(text, closing).unwrap_or_else(|| word(text)),
        None => word(text),
    };
    let value = text.get(..length)?;
    let has_blank = at > 0 && scan.all_before(at).last() == Some(&b' ');
    let is_told = match (closing, loose) {
        // Words in quotes are a sentence.
        (Some(_), _) => !value.iter().any(u8::is_ascii_whitespace),
        // `name = value` is as much a sentence as `name: value`.
        (None, Loose::Plain) => !has_blank || is_mixed(value),
        (None, Loose::Mixed) => is_mixed(value),
    };
    let is_hit =
        is_told && value.len() >= LEAST && !is_name(value) && !is_masked(value) && !is_address(value);
    is_hit.then_some(Hit { begin, end: begin + length, kind: Kind::Secret })
}

/// A path, a variable, a URL, a placeholder, an object (`Token{78af589 …`), or what was redacted before.
fn is_reference(text: &[u8]) -> bool {
    let type_name = run(text.get(..64).unwrap_or(text), |byte| byte.is_ascii_alphabetic());
    let is_object = text.first().is_some_and(u8::is_ascii_uppercase)
        && type_name > 2
        && matches!(text.get(type_name), Some(b'{' | b'(' | b'['));
    let scheme = run(text.get(..12).unwrap_or(text), |byte| byte.is_ascii_alphanumeric() || byte == b'+');
    let begins = ["/", "./", "../", "~/", "$", "%(", "{{", "<", MARKER];
    is_object
        || begins.iter().any(|begin| text.starts_with(begin.as_bytes()))
        || text.get(scheme..).is_some_and(|rest| rest.starts_with(b"://"))
}

/// How long a value without quotes is. A comma, a semicolon or an ampersand ends it where another name follows, or nothing.
fn word(text: &[u8]) -> usize {
    let mut end = 0;
    loop {
        end += run(text.get(end..).unwrap_or_default(), |byte| {
            !byte.is_ascii_whitespace() && !b"\"'`\\,;&".contains(&byte)
        });
        let Some([b',' | b';' | b'&', rest @ ..]) = text.get(end..) else { break };
        let name = run(rest, |byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        let is_end =
            rest.first().is_none_or(u8::is_ascii_whitespace) || rest.get(name) == Some(&b'=') && name > 0;
        if is_end {
            break;
        }
        end += 1 + name;
    }
    let value = text.get(..end).unwrap_or_default();
    value.len() - value.iter().rev().take_while(|byte| b")]}>.:,;".contains(byte)).count()
}

/// The name of an object (`kube-system/k3s-serving`, `android.os.Binder@2bd79ce`), or a word that is said of secrets.
fn is_name(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'@');
    let is_java = parts.next().is_some_and(|class| {
        class.contains(&b'.') && class.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'.')
    }) && parts.next().is_some_and(|hash| hash.iter().all(u8::is_ascii_hexdigit))
        && parts.next().is_none();
    let is_of_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./".contains(byte);
    is_java
        || value.contains(&b'/') && value.iter().all(is_of_name)
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// An IPv6 address, which has letters and digits.
fn is_address(value: &[u8]) -> bool {
    value.split(|byte| *byte == b':').nth(2).is_some()
        && value.iter().all(|byte| byte.is_ascii_hexdigit() || b":./[]%".contains(byte))
}
