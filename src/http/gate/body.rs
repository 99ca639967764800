//! Request bodies, none of which is accepted.

use crate::http::refusal::Refusal;

/// Requests have no body. A large one gets an error of its own; every other sign of a body is rejected,
/// since parsers disagree about it.
pub(super) fn check<'a>(mut lengths: impl Iterator<Item = &'a [u8]>) -> Result<(), Refusal> {
    let Some(length) = lengths.next() else { return Ok(()) };
    if lengths.next().is_some() {
        return Err(Refusal::Malformed("duplicate Content-Length header"));
    }
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Malformed("invalid Content-Length"));
    }
    let digits = length.trim_ascii_start();
    let significant = digits.iter().position(|digit| *digit != b'0').map_or(0, |start| digits.len() - start);
    match significant {
        0 => Ok(()),
        // Up to 9999 bytes: too small to be called too large, and still not accepted.
        1..=4 => Err(Refusal::Malformed("request bodies are not accepted")),
        _ => Err(Refusal::TooLarge),
    }
}
