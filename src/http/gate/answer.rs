//! An answer on its way to the client: its head comes from tiny_http, its body past it.

use std::{io, sync::Arc};

use crate::{
    http::wire::{Seen, Wire},
    report::Body,
    system::Deadline,
};

/// What is written in one piece, at most. Copying that much takes less than another write.
const PIECE: usize = 16 * 1024;

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    head: Vec<u8>,
    body: Body,
}

impl Answer {
    /// The answer with this head, and with the body that was handed over for it.
    /// Fails when the head announces another length than the body has. Behind a head to HEAD there is none.
    pub(super) fn new(head: Head, body: Option<Body>, is_head: bool) -> io::Result<Self> {
        let body = body.unwrap_or_default();
        if !is_head && head.length != body.length() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let is_small = head.bytes.len() + body.length() <= PIECE;
        Ok(if is_small {
            Self::from([&head.bytes[..], &body.pieces().concat()].concat())
        } else {
            Self { head: head.bytes, body }
        })
    }

    /// What is written one after the other.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.head[..]).chain(self.body.pieces())
    }

    /// How many bytes of it are this client's alone.
    pub(super) fn own(&self) -> usize {
        self.head.len() + self.body.own.len()
    }

    /// The bytes that others may be reading, too.
    pub(super) fn shared(&self) -> Option<&Arc<[u8]>> {
        self.body.shared.as_ref()
    }
}

impl From<Vec<u8>> for Answer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { head: bytes, body: Body::default() }
    }
}

/// A head of ours.
#[derive(Debug)]
pub(super) struct Head {
    bytes: Vec<u8>,
    /// The length that it announces.
    length: usize,
}

impl Head {
    /// Reads one, so that a slow client never keeps tiny_http's side waiting.
    pub(super) fn read(inner: &Wire, deadline: Option<Deadline>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            if inner.wait(None, deadline) == Seen::Deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match inner.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            }
            if let Some(length) = length(&bytes)? {
                return Ok(Self { bytes, length });
            }
        }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.bytes.starts_with(b"HTTP/1.1 200")
    }
}

/// The length that a head of ours announces, once it is whole. Nothing comes behind it.
fn length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let odd = |_| io::Error::from(io::ErrorKind::InvalidData);
    match response.parse(bytes).map_err(odd)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(head) if head == bytes.len() => {}
        httparse::Status::Complete(_) => return Err(io::ErrorKind::InvalidData.into()),
    }
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("Content-Length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    Ok(Some(length.ok_or(io::ErrorKind::InvalidData)?))
}
