//! What must hold for any output in pieces of any size.

use proptest::prelude::*;

use super::capture::{Captured, Head, Line, LineCutter, Sink};

/// The bytes cut into pieces of these sizes.
fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

fn head(limit: usize, pieces: &[&[u8]]) -> Captured {
    let mut head = Head::new(limit);
    for piece in pieces {
        let _ = head.feed(piece);
    }
    head.captured()
}

fn lines(limit: usize, pieces: &[&[u8]]) -> Vec<Result<Vec<u8>, u64>> {
    let mut seen = Vec::new();
    let mut cutter = LineCutter::new(limit, |line| {
        seen.push(match line {
            Line::Whole(bytes) => Ok(bytes.to_vec()),
            Line::TooLong(length) => Err(length),
        });
        std::ops::ControlFlow::Continue(())
    });
    for piece in pieces {
        let _ = cutter.feed(piece);
    }
    cutter.end();
    seen
}

/// Bytes with many line ends, and with characters of all lengths, whole and broken.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        3 => any::<Vec<u8>>(),
        3 => "\\PC{0,20}".prop_map(String::into_bytes),
        2 => Just(b"\n".to_vec()),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_head_is_within_its_limit_whatever_the_pieces(
        bytes in output(), limit in 1usize..200, sizes in prop::collection::vec(1usize..40, 1..5),
    ) {
        let captured = head(limit, &pieces(&bytes, &sizes));
        prop_assert_eq!(&captured, &head(limit, &[&bytes]));
        prop_assert!(captured.text.len() <= limit);
        let all = String::from_utf8_lossy(&bytes);
        prop_assert!(all.starts_with(&captured.text));
        prop_assert_eq!(captured.truncated, captured.text.len() < all.len());
        if captured.truncated && captured.text.contains('\n') {
            prop_assert!(captured.text.ends_with('\n'));
        }
    }

    #[test]
    fn lines_are_those_of_the_output_whatever_the_pieces(
        bytes in output(), limit in 1usize..60, sizes in prop::collection::vec(1usize..40, 1..5),
    ) {
        let mut expected: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
        if expected.last().is_some_and(|last| last.is_empty()) {
            expected.pop();
        }
        let expected: Vec<_> = expected
            .into_iter()
            .map(|line| if line.len() <= limit { Ok(line.to_vec()) } else { Err(line.len() as u64) })
            .collect();
        prop_assert_eq!(lines(limit, &pieces(&bytes, &sizes)), expected);
    }
}
