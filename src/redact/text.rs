//! A text, as far as it has been looked at, and what its places are.

/// A text, as far as it has been looked at.
pub(super) struct Scan<'a> {
    text: &'a [u8],
    /// Behind the last secret.
    pub(super) done: usize,
    /// No key block ends in the rest, so that it is looked for once.
    pub(super) no_more_ends: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, done: 0, no_more_ends: false }
    }

    /// What comes from here on.
    pub(super) fn from(&self, at: usize) -> &'a [u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// What came before, and was not part of a secret.
    pub(super) fn before(&self, at: usize) -> &'a [u8] {
        self.text.get(self.done..at).unwrap_or_default()
    }

    /// The whole text up to here.
    pub(super) fn all_before(&self, at: usize) -> &'a [u8] {
        self.text.get(..at).unwrap_or_default()
    }

    /// Whether no word goes on from before this place into it.
    pub(super) fn begins_word(&self, at: usize) -> bool {
        self.all_before(at).last().is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"_-".contains(byte))
    }

    /// Whether the word that ends before this place does not go on.
    pub(super) fn ends_word(&self, at: usize) -> bool {
        self.from(at).first().is_none_or(|byte| !byte.is_ascii_alphanumeric())
    }
}

/// How many bytes from the beginning are of this kind.
pub(super) fn run(text: &[u8], is_of_it: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !is_of_it(*byte)).unwrap_or(text.len())
}

/// Whether the text ends so, in any case.
pub(super) fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len()
        .checked_sub(end.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|found| found.eq_ignore_ascii_case(end))
}

/// Whether the text begins so, in any case.
pub(super) fn begins_with(text: &[u8], begin: &[u8]) -> bool {
    text.get(..begin.len()).is_some_and(|found| found.eq_ignore_ascii_case(begin))
}

/// Whether it has both letters and digits.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic)
}

/// As base64 and its variant for URLs have them, in tokens of HTTP too (RFC 9110, token68).
pub(super) fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}
