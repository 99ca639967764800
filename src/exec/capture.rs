//! How much of an output is kept, while all of it is read.
//!
//! Past its limit a sink reads on and throws away: a reader that stops is a writer that hangs.

use std::ops::ControlFlow;

/// Takes the output of a program as it comes, in pieces of any size.
pub(crate) trait Sink {
    /// Takes the next bytes; `Break` ends the program, where the caller allows for that.
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()>;
}

/// Text that was read from a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Captured {
    /// At most the limit, in bytes; bytes that are no UTF-8 became U+FFFD.
    pub text: String,
    /// Something was left out.
    pub truncated: bool,
}

/// Keeps the first bytes, up to a limit.
#[derive(Debug)]
pub(crate) struct Head {
    limit: usize,
    kept: Vec<u8>,
    truncated: bool,
}

impl Head {
    /// Keeps at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), truncated: false }
    }

    /// What was kept: cut after the last whole line, or at a character where one line fills it.
    pub(crate) fn captured(self) -> Captured {
        let mut text = match String::from_utf8(self.kept) {
            Ok(text) => text,
            Err(error) => {
                let bytes = error.as_bytes();
                // A character that the limit cut in two is not a wrong one.
                let whole = if self.truncated { without_partial_character(bytes) } else { bytes };
                String::from_utf8_lossy(whole).into_owned()
            }
        };
        // Each wrong byte became three.
        let mut truncated = self.truncated;
        if text.len() > self.limit {
            text.truncate(text.floor_char_boundary(self.limit));
            truncated = true;
        }
        if truncated && let Some(end) = text.rfind('\n') {
            text.truncate(end + 1);
        }
        Captured { text, truncated }
    }
}

impl Sink for Head {
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let room = self.limit - self.kept.len();
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.truncated |= bytes.len() > room;
        ControlFlow::Continue(())
    }
}

fn without_partial_character(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Err(error) = std::str::from_utf8(rest) {
        let (_, after) = rest.split_at(error.valid_up_to());
        match error.error_len() {
            Some(length) => rest = after.get(length..).unwrap_or_default(),
            None => return bytes.get(..bytes.len() - after.len()).unwrap_or(bytes),
        }
    }
    bytes
}

/// One line of output, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// It was longer than the limit: this many bytes.
    TooLong(u64),
}

/// Cuts the output into lines of at most `limit` bytes and hands each one on.
pub(crate) struct LineCutter<F> {
    limit: usize,
    partial: Vec<u8>,
    length: u64,
    take: F,
}

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> LineCutter<F> {
    /// Hands each line to `take`; of a longer one than `limit` bytes only its length.
    pub(crate) fn new(limit: usize, take: F) -> Self {
        Self { limit, partial: Vec::new(), length: 0, take }
    }

    /// Hands on what came after the last line end, if anything did.
    pub(crate) fn end(mut self) {
        if self.length > 0 {
            let _ = self.hand_on();
        }
    }

    fn hand_on(&mut self) -> ControlFlow<()> {
        let line = if self.length > self.limit as u64 {
            Line::TooLong(self.length)
        } else {
            Line::Whole(&self.partial)
        };
        let flow = (self.take)(line);
        self.partial.clear();
        self.length = 0;
        flow
    }
}

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> Sink for LineCutter<F> {
    fn feed(&mut self, mut bytes: &[u8]) -> ControlFlow<()> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.length == 0 && line.len() <= self.limit {
                (self.take)(Line::Whole(line))?;
                continue;
            }
            self.keep(line);
            self.hand_on()?;
        }
        self.keep(bytes);
        ControlFlow::Continue(())
    }
}

impl<F> LineCutter<F> {
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit - self.partial.len();
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.length += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(limit: usize, pieces: &[&[u8]]) -> Captured {
        let mut head = Head::new(limit);
        for piece in pieces {
            let _ = head.feed(piece);
        }
        head.captured()
    }

    #[test]
    fn the_head_is_cut_at_lines_and_characters() {
        fn case(limit: usize, input: &[u8], text: &str, truncated: bool) {
            assert_eq!(head(limit, &[input]), Captured { text: text.to_owned(), truncated });
        }
        case(8, b"one\ntwo\n", "one\ntwo\n", false);
        case(7, b"one\ntwo\n", "one\n", true);
        case(4, b"abcdef", "abcd", true);
        case(4, "aéé".as_bytes(), "aé", true);
        case(9, b"a\xffb", "a\u{fffd}b", false);
        case(3, b"\xff\xff", "\u{fffd}", true);
        case(3, b"\xc3", "\u{fffd}", false);
        case(4, b"", "", false);
    }

    #[test]
    fn pieces_of_any_size_give_the_same_lines() {
        let text = b"one\n\ntwo, which is long\nthree";
        for size in 1..text.len() {
            let mut seen = Vec::new();
            let mut lines = LineCutter::new(5, |line| {
                seen.push(match line {
                    Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Line::TooLong(length) => format!("<{length}>"),
                });
                ControlFlow::Continue(())
            });
            for piece in text.chunks(size) {
                let _ = lines.feed(piece);
            }
            lines.end();
            assert_eq!(seen, ["one", "", "<18>", "three"], "pieces of {size}");
        }
    }
}
