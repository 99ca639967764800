//! An answer on its way back from tiny_http.

use std::io;

use crate::{
    exec::Deadline,
    http::wire::{Seen, Wire},
};

/// Reads one whole answer, so that a slow client never keeps the one who gave it.
pub(super) fn answer(inner: &Wire, is_head: bool, deadline: Option<Deadline>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut whole = None;
    let mut buffer = [0; 4096];
    while whole.is_none_or(|whole| bytes.len() < whole) {
        if inner.wait(None, deadline) == Seen::Deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match inner.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        if whole.is_none() {
            whole = length(&bytes, is_head)?;
            bytes.reserve_exact(whole.unwrap_or_default().saturating_sub(bytes.len()));
        }
    }
    Ok(bytes)
}

/// How long an answer of ours is, head and body, once its head is there.
fn length(bytes: &[u8], is_head: bool) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let odd = |_| io::Error::from(io::ErrorKind::InvalidData);
    let httparse::Status::Complete(head) = response.parse(bytes).map_err(odd)? else { return Ok(None) };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("Content-Length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(Some(if is_head { head } else { head + length }))
}
