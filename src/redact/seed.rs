//! Seed phrases of wallets (BIP-39).

use super::{
    Hit, Kind,
    text::{Scan, begins_with, ends_with, run},
};

/// Words of a seed phrase have three to eight letters.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=8;

/// The shortest phrase, and the longest.
const WORDS: (usize, usize) = (12, 24);

/// Words of sentences that are not in the list of BIP-39.
const OTHERS: [&str; 17] = [
    "and", "are", "but", "could", "for", "from", "had", "has", "have", "its", "not", "than", "the", "was",
    "were", "with", "your",
];

/// The phrase behind this word, whose last letter is at this place.
pub(super) fn behind(scan: &Scan<'_>, at: usize, word: &[u8]) -> Option<Hit> {
    if !ends_with(scan.all_before(at + 1), word) {
        return None;
    }
    let mut begin = at + 1;
    for more in [b" phrase".as_slice(), b"_phrase", b"-phrase", b" words", b" is", b" was"] {
        if begins_with(scan.from(begin), more) {
            begin += more.len();
        }
    }
    let separators =
        run(scan.from(begin).get(..4).unwrap_or_default(), |byte| b" \t\n:=\"'`\\([".contains(&byte));
    if separators == 0 {
        return None;
    }
    begin += separators;
    let mut end = begin;
    let mut words = 0;
    while words < WORDS.1 {
        let next = if words == 0 { end } else { end + 1 };
        let is_joined = words == 0 || scan.from(end).first().is_some_and(|byte| b" \t\n,".contains(byte));
        let text = scan.from(next);
        let letters = run(text.get(..9).unwrap_or(text), |byte| byte.is_ascii_alphabetic());
        if !is_joined || !LETTERS.contains(&letters) {
            break;
        }
        let word = text.get(..letters).unwrap_or_default();
        if OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other.as_bytes())) {
            break;
        }
        end = next + letters;
        words += 1;
    }
    (words >= WORDS.0).then_some(Hit { begin, end, kind: Kind::Seed })
}
