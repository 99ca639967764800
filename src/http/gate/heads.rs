//! What a client has sent: bytes, until they are a whole head.

use super::head::{self, HEAD_LIMIT, Head, Read};
use crate::http::refusal::Refusal;

/// Bytes that a client has sent and that are not yet processed.
#[derive(Debug, Default)]
pub(super) struct Heads {
    bytes: Vec<u8>,
    /// How many of them there were when they were last parsed.
    looked_at: usize,
    #[cfg(test)]
    looks: usize,
}

impl Heads {
    /// Appends received bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes to read before the head is over its limit; at least one.
    pub(super) fn room(&self) -> usize {
        (HEAD_LIMIT + 1).saturating_sub(self.bytes.len()).max(1)
    }

    /// Method and target of the first head, complete or not, if both are known; unchecked, for the log.
    pub(super) fn asked(&self) -> Option<(&str, &str)> {
        let text = self.bytes.strip_prefix(b"\r\n").unwrap_or(&self.bytes);
        let ends = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n');
        let (method, rest) = text.split_at(text.iter().position(ends)?);
        let rest = rest.strip_prefix(b" ")?;
        // Without a byte after it the target may be incomplete.
        let target = rest.get(..rest.iter().position(ends)?)?;
        Some((std::str::from_utf8(method).ok()?, std::str::from_utf8(target).ok()?))
    }

    /// Takes out the first head, if it is complete. Parses only if a line may have ended since, or the length
    /// has doubled: parsing everything again for each byte would let a client cause work for free.
    /// Errors: as [`head::read`].
    pub(super) fn next(&mut self) -> Result<Option<Head>, Refusal> {
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
        match head::read(&self.bytes)? {
            Read::Partial => Ok(None),
            Read::Whole(head, length) => {
                self.bytes.drain(..length);
                self.looked_at = 0;
                Ok(Some(head))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_knows_method_and_target_once_the_target_is_complete() {
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
    fn a_head_that_arrives_byte_by_byte_is_parsed_only_a_few_times() {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(15_000));
        let mut heads = Heads::default();
        for (place, byte) in request.bytes().enumerate() {
            heads.push(&[byte]);
            let head = heads.next();
            assert_eq!(matches!(head, Ok(Some(_))), place + 1 == request.len(), "{place}");
        }
        assert!(heads.is_empty());
        assert!(heads.looks < 25, "{}", heads.looks);
        // Two in one read are two, and an error is reported at the end of its line at the latest.
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
}
