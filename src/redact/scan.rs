//! Finds the secrets of a text in one pass.

use super::{Hit, assignment, credentials, key_block, seed, text::Scan, tokens};

/// The bytes at which a secret can be told, with as few others as possible: a separator, or a letter of a name that is rarer
/// than its first one.
const HINTS: [bool; 256] = {
    let mut hints = [false; 256];
    let bytes = b"=:-_AJKkBbDdCc";
    let mut index = 0;
    while index < bytes.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
        {
            hints[bytes[index] as usize] = true;
        }
        index += 1;
    }
    hints
};

/// All of them, one behind the other.
pub(super) fn hits(text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut scan = Scan::new(text);
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.iter().position(|byte| is_hint(*byte))) {
        at += offset;
        match look(&mut scan, at) {
            Some(hit) => {
                at = hit.end;
                scan.done = hit.end;
                hits.push(hit);
            }
            None => at += 1,
        }
    }
    hits
}

fn is_hint(byte: u8) -> bool {
    HINTS.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The secret that is told by the byte at this place, if there is one.
fn look(scan: &mut Scan<'_>, at: usize) -> Option<Hit> {
    match scan.from(at).first()? {
        b'=' => assignment::at_equals(scan, at),
        b':' => credentials::in_url(scan, at).or_else(|| assignment::at_colon(scan, at)),
        b'-' => key_block::at_dash(scan, at).or_else(|| tokens::at_dash(scan, at)),
        b'_' => tokens::at_underscore(scan, at),
        b'A' => tokens::at_capital_a(scan, at),
        b'J' => tokens::at_capital_j(scan, at),
        b'K' | b'k' => tokens::at_k(scan, at),
        b'B' | b'b' => credentials::at_b(scan, at),
        b'D' | b'd' => seed::behind(scan, at, b"seed"),
        b'C' | b'c' => seed::behind(scan, at, b"mnemonic"),
        _ => None,
    }
}
