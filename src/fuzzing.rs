//! What the fuzz targets call: each takes any bytes and checks what must hold for all of them. Only built
//! with the feature `fuzzing`.

use std::ops::ControlFlow;

use crate::{
    auth::fuzzing as auth,
    exec::{Columns, Head, LineCutter, Sink},
    http::fuzzing as http,
    limits::Limits,
    report::fuzzing as report,
};

/// A request head: read, or rejected with one of our errors.
pub fn head(bytes: &[u8]) {
    http::head(bytes);
}

/// A method and a target: a question, or one of our errors.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (method, target) = text.split_once(' ').unwrap_or(("GET", &text));
    http::route(method, target, &Limits::default());
}

/// An SS58 address: valid or rejected.
pub fn ss58(bytes: &[u8]) {
    auth::ss58(&String::from_utf8_lossy(bytes));
}

/// The three headers of a signed request, on a line each.
pub fn signed(bytes: &[u8]) {
    auth::signed(bytes);
}

/// A file of tokens.
pub fn tokens(bytes: &[u8]) {
    auth::tokens(&String::from_utf8_lossy(bytes));
}

/// An answer of `systemctl show`.
pub fn show(bytes: &[u8]) {
    report::show(&String::from_utf8_lossy(bytes));
}

/// Lines of `journalctl --output=json`.
pub fn journal(bytes: &[u8]) {
    report::journal(bytes);
}

/// Rows of `nvidia-smi --query-gpu`.
///
/// # Panics
/// When what must hold does not.
pub fn csv(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for columns in [Columns::Full, Columns::Minimal] {
        let rows = crate::report::parse_gpu_rows(columns.names(), &text).rows;
        assert!(rows.iter().all(|row| row.index.is_some()));
        assert!(rows.len() <= text.lines().count());
    }
    let _ = crate::report::parse_gpu_rows_with_header(&text);
}

/// The head of an output and its lines, whatever the limit and the pieces, which the first bytes say.
///
/// # Panics
/// When what must hold does not.
pub fn truncation(bytes: &[u8]) {
    let [limit, piece, output @ ..] = bytes else { return };
    let (limit, piece) = (usize::from(*limit) + 1, usize::from(*piece) + 1);
    let mut head = Head::new(limit);
    let mut whole = Vec::new();
    let mut cutter = LineCutter::new(limit, |line| {
        whole.push(line.length());
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
