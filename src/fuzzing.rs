//! What the fuzz targets call: each takes any bytes and checks what must hold for all of them. Only built
//! with the feature `fuzzing`.

#![expect(clippy::missing_panics_doc, reason = "a panic is what the targets look for")]

use std::ops::ControlFlow;

use crate::{
    auth::{Address, Credentials, Hotkeys, Judged, Tokens, signature::MAX_DRIFT},
    exec::{Columns, Head, Line, LineCutter, Sink, recording::Recording},
    http::{
        gate::head::{self, HEAD_LIMIT, Read},
        route::Paths,
    },
    limits::Limits,
    redact::{self, Redaction},
    report::{tail::Tail, unit},
    service,
};

/// A request head: read, or rejected with one of our errors. A whole one has only what may be handed on.
pub fn head(bytes: &[u8]) {
    if let Ok(Read::Whole(head, length)) = head::read(bytes) {
        assert!(length <= bytes.len() && length <= HEAD_LIMIT + 2);
        assert!(head.method.bytes().chain(head.target.bytes()).all(|byte| byte.is_ascii_graphic()));
        assert!(!head.target.contains('#'));
    }
}

/// A method and a target: a question, or one of our errors.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (method, target) = text.split_once(' ').unwrap_or(("GET", &text));
    let _ =
        Paths { prefix: Some("/status".to_owned()), metrics: true }.find(method, target, &Limits::default());
}

/// An SS58 address: valid or rejected.
pub fn ss58(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string(), text);
    }
}

/// The three headers of a signed request, on a line each: only allowed keys are accepted, and no key with a wrong
/// clock.
pub fn signed(bytes: &[u8]) {
    /// That of the recorded signatures.
    const NOW: u64 = 1_795_600_000;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let headers = [("X-Chutes-Hotkey", line()), ("X-Chutes-Nonce", line()), ("X-Chutes-Signature", line())];
    let shown = Credentials::of(&headers.into_iter());
    let allowed = std::str::from_utf8(headers[0].1).ok().and_then(|text| text.parse().ok());
    let judged = Hotkeys::new(allowed.into_iter().collect()).judge(&shown, NOW);
    let is_signed = matches!(judged, Judged::May(_) | Judged::MayNot(_));
    assert_eq!(matches!(Hotkeys::default().judge(&shown, NOW), Judged::MayNot(_)), is_signed);
    let later = Hotkeys::default().judge(&shown, NOW + 10 * MAX_DRIFT + 100_000);
    assert!(matches!(later, Judged::Wrong(_) | Judged::NotShown(_)));
}

/// A file of tokens: each line of an accepted one is accepted as a token.
pub fn tokens(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(tokens) = Tokens::parse(&text) else { return };
    for token in text.lines().map(str::trim).filter(|token| !token.is_empty() && !token.starts_with('#')) {
        let value = format!("Bearer {token}");
        let shown = Credentials::of(&[("Authorization", value.as_bytes())].into_iter());
        assert!(matches!(tokens.judge(&shown), Judged::May(_)), "{token}");
    }
}

/// An answer of `systemctl show`.
pub fn show(bytes: &[u8]) {
    for block in unit::parse(&String::from_utf8_lossy(bytes)) {
        for service in service::all() {
            let _ = block.fits(service);
        }
    }
}

/// Lines of `journalctl --output=json`: what is kept of them stays within its cap, and every line is counted.
pub fn journal(bytes: &[u8]) {
    let cap = 1024;
    let mut tail = Tail::new(cap, Redaction::On);
    let lines = bytes.split(|byte| *byte == b'\n');
    let count = lines.clone().count() as u64;
    lines.for_each(|line| tail.take(Line::Whole(line)));
    assert_eq!(tail.seen, count);
    assert!(tail.end(cap).iter().map(|(_, text)| text.len() + 1).sum::<usize>() <= cap);
}

/// Any text: redacting it once more changes nothing, and each marker adds little.
pub fn redaction(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let length = text.len() as u64;
    let once = Redaction::On.text(text);
    assert!(once.len() as u64 <= length + 24 * redact::count(&once));
    assert_eq!(Redaction::On.text(once.clone()), once);
}

/// A file of `record`: one that can be read is written as it was read.
pub fn recording(bytes: &[u8]) {
    let Ok(recording) = Recording::parse(&String::from_utf8_lossy(bytes)) else { return };
    let text = recording.write();
    let again = Recording::parse(&text).map(|again| again.write());
    assert_eq!(again, Ok(text));
}

/// Rows of `nvidia-smi --query-gpu`.
pub fn csv(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for columns in Columns::ALL {
        let rows = crate::report::parse_gpu_rows(&columns.names(), &text).rows;
        assert!(rows.iter().all(|row| row.index.is_some()));
        assert!(rows.len() <= text.lines().count());
    }
    let _ = crate::report::parse_gpu_rows_with_header(&text);
}

/// The head of an output and its lines, whatever the limit and the pieces, which the first bytes say.
pub fn truncation(bytes: &[u8]) {
    let [limit, piece, output @ ..] = bytes else { return };
    let (limit, piece) = (usize::from(*limit) + 1, usize::from(*piece) + 1);
    let mut head = Head::new(limit);
    let mut whole = Vec::new();
    let mut cutter = LineCutter::new(limit, |line| {
        whole.push(match line {
            Line::Whole(bytes) => bytes.len() as u64,
            Line::TooLong(length) => length,
        });
        ControlFlow::Continue(())
    });
    for piece in output.chunks(piece) {
        let _ = head.feed(piece);
        let _ = cutter.feed(piece);
    }
    cutter.end();
    let captured = head.captured();
    assert!(captured.text.len() <= limit);
    assert!(String::from_utf8_lossy(output).starts_with(&captured.text));
    let ends = memchr::memchr_iter(b'\n', output).count();
    let bytes_of_lines: u64 = whole.iter().sum();
    assert_eq!(bytes_of_lines + ends as u64, output.len() as u64);
}
