//! Takes secrets out of what a program prints, line by line, before anything keeps or cuts it.

use std::{borrow::Cow, ops::ControlFlow};

use super::Sink;
use crate::{
    limits::Limits,
    redact::{Across, Redaction},
};

/// A line that is longer goes on in pieces, which begin and end at blanks where it has any.
const LINE: usize = 64 * 1024;

/// Hands on what has no secrets in it.
pub(super) struct Redacting<'a> {
    redaction: Redaction,
    sink: &'a mut dyn Sink,
    line: Vec<u8>,
    /// How many bytes of this line were handed on.
    handed_on: usize,
    keys: Across<()>,
}

impl<'a> Redacting<'a> {
    pub(super) fn new(redaction: Redaction, sink: &'a mut dyn Sink) -> Self {
        Self { redaction, sink, line: Vec::new(), handed_on: 0, keys: Across::default() }
    }

    /// Hands on what came after the last line end.
    pub(super) fn end(mut self) {
        let _ = self.hand_on(self.line.len());
    }

    fn hand_on(&mut self, length: usize) -> ControlFlow<()> {
        let piece = self.line.get(..length).unwrap_or_default();
        let redacted = self.redaction.bytes(piece);
        let redacted = match self.keys.place(&(), piece) {
            None => redacted,
            Some(place) => {
                let (line, end) = redacted.split_at(redacted.trim_ascii_end().len());
                let mut text = String::from_utf8_lossy(line).into_owned();
                self.keys.next(&(), place, &mut text);
                Cow::Owned([text.as_bytes(), end].concat())
            }
        };
        let flow = self.sink.feed(&redacted);
        self.handed_on = if piece.ends_with(b"\n") { 0 } else { self.handed_on + length };
        self.line.drain(..length);
        flow
    }
}

impl Sink for Redacting<'_> {
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        if self.redaction == Redaction::Off {
            return self.sink.feed(bytes);
        }
        let mut flow = ControlFlow::Continue(());
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            rest = after;
            // No more of a line is ever kept or shown than this.
            if self.handed_on > *Limits::MAX_OUTPUT.end() && !piece.ends_with(b"\n") {
                let kept = std::mem::take(&mut self.line);
                let _ = self.sink.feed(&kept);
                flow = self.sink.feed(piece);
                continue;
            }
            self.line.extend_from_slice(piece);
            let length = if self.line.ends_with(b"\n") {
                self.line.len()
            } else if self.line.len() >= LINE {
                let blank = self.line.iter().rposition(u8::is_ascii_whitespace);
                blank.map_or(self.line.len(), |blank| blank + 1)
            } else {
                continue;
            };
            if self.hand_on(length).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Head;

    fn shown(pieces: &[&str]) -> String {
        let mut head = Head::new(1_000_000);
        let mut sink = Redacting::new(Redaction::On, &mut head);
        for piece in pieces {
            assert!(sink.feed(piece.as_bytes()).is_continue());
        }
        sink.end();
        head.captured().text
    }

    #[test]
    fn a_secret_is_taken_out_however_it_comes() {
        assert_eq!(shown(&["a pass", "word=correct", "horse\nb\n"]), "a password=[redacted:secret]\nb\n");
        assert_eq!(shown(&["password=correcthorse"]), "password=[redacted:secret]");
        assert_eq!(shown(&["one\ntwo"]), "one\ntwo");
    }

    #[test]
    fn a_key_goes_over_several_lines() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\nnext\n";
        let expected = "-----BEGIN PRIVATE KEY-----\n[redacted:private-key]\n[redacted:private-key]\nnext\n";
        assert_eq!(shown(&[key]), expected);
    }

    #[test]
    fn a_line_without_end_is_handed_on_at_its_blanks() {
        let line = format!("{} password=correcthorse {}", "x".repeat(LINE - 10), "y".repeat(LINE));
        let expected = line.replace("correcthorse", "[redacted:secret]");
        let pieces: Vec<&str> =
            line.as_bytes().chunks(1000).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        assert_eq!(shown(&pieces), expected);
    }
}
