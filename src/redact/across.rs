//! Private keys that a program logged line by line.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use super::{
    Kind,
    key_block::{DASHES, border, is_base64},
};

/// A line of a key's body that has something else in front of it has at least so many bytes of base64.
const BODY: usize = 40;

/// What an entry of a log has of a key that other entries have the rest of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// A key begins in it and does not end.
    begins: bool,
    /// A key ends in it that did not begin there.
    ends: bool,
    /// It looks like a line of a key.
    is_body: bool,
}

impl Place {
    /// Of a message as it was logged.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut place = Self { is_body: is_body(text), ..Self::default() };
        for at in memchr::memmem::find_iter(text, DASHES) {
            let rest = text.get(at..).unwrap_or_default();
            if border(rest, b"BEGIN ").is_some() {
                place.begins = true;
            } else if border(rest, b"END ").is_some() {
                place.ends |= !place.begins;
                place.begins = false;
            }
        }
        place
    }
}

fn has_dashes(text: &[u8]) -> bool {
    memchr::memmem::find(text, DASHES).is_some()
}

/// Whether an entry is a line of base64, alone or behind what a program puts in front of each of its lines.
fn is_body(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let word = text
        .rsplit(|byte| byte.is_ascii_whitespace() || b"\"'=".contains(byte))
        .find(|word| !word.is_empty());
    let is_long = word.is_some_and(|word| word.len() >= BODY && word.iter().all(|byte| is_base64(*byte)));
    is_long
        || !text.is_empty() && text.iter().all(|byte| is_base64(*byte))
        || text.starts_with(b"DEK-Info: ")
        || text.starts_with(b"Proc-Type: ")
}

/// Redacts keys that a program logged line by line.
#[derive(Debug, Default)]
pub(crate) struct Across<P> {
    /// The programs of which a key has begun.
    open: HashSet<P>,
}

/// So many programs can be in the middle of a key.
const OPEN: usize = 64;

impl<P: Eq + Hash + Clone> Across<P> {
    /// Of entries that are all there, the oldest first, each with the program that logged it. Everything between a `BEGIN`
    /// and its `END` goes, everything before an `END` without a `BEGIN`, and the lines of a key behind a `BEGIN` whose
    /// `END` is missing.
    pub(crate) fn all<'a>(entries: impl Iterator<Item = (P, Place, &'a mut String)>) {
        let mut programs: HashMap<P, Vec<(Place, &'a mut String)>> = HashMap::new();
        for (program, place, message) in entries {
            programs.entry(program).or_default().push((place, message));
        }
        // A log without keys, as nearly all are, costs no more than this.
        for mut entries in
            programs.into_values().filter(|list| list.iter().any(|(place, _)| place.begins || place.ends))
        {
            of_program(&mut entries);
        }
    }

    /// The place of an entry, if [`Self::next`] has anything to do for it.
    pub(crate) fn place(&self, program: &P, message: &[u8]) -> Option<Place> {
        let is_open = self.open.contains(program);
        let place = || Place::of(message);
        if is_open { Some(place()) } else { has_dashes(message).then(place).filter(|place| place.begins) }
    }

    /// Of entries that come one by one.
    pub(crate) fn next(&mut self, program: &P, place: Place, message: &mut String) {
        if self.open.contains(program) && !place.ends && place.is_body {
            whole(message);
        } else {
            self.open.remove(program);
        }
        if place.begins {
            if self.open.len() >= OPEN {
                self.open.clear();
            }
            self.open.insert(program.clone());
        }
    }
}

fn of_program(entries: &mut [(Place, &mut String)]) {
    let mut begun: Option<usize> = None;
    for at in 0..entries.len() {
        let Some(place) = entries.get(at).map(|(place, _)| *place) else { return };
        if place.ends {
            let first = begun.map_or(0, |begun| begun + 1);
            entries.iter_mut().take(at).skip(first).for_each(|(_, message)| whole(message));
            if let Some((_, message)) = begun.and_then(|begun| entries.get_mut(begun)) {
                from_begin(message);
            }
            begun = None;
        }
        if place.begins {
            if let Some(begun) = begun {
                cut_off(entries, begun);
            }
            begun = Some(at);
        }
    }
    if let Some(begun) = begun {
        cut_off(entries, begun);
    }
}

/// A key whose end is not there.
fn cut_off(entries: &mut [(Place, &mut String)], begun: usize) {
    let Some((first, body)) =
        entries.split_at_mut_checked(begun + 1).and_then(|(first, rest)| Some((first.last_mut()?, rest)))
    else {
        return;
    };
    let lines = body.iter_mut().take_while(|(place, _)| place.is_body && !place.begins);
    let count = lines.map(|(_, message)| whole(message)).count();
    if count > 0 {
        from_begin(first.1);
    }
}

fn whole(message: &mut String) {
    Kind::PrivateKey.marker().clone_into(message);
}

/// Leaves what stands before the key.
fn from_begin(message: &mut String) {
    let begin = memchr::memmem::find_iter(message.as_bytes(), DASHES)
        .filter(|at| message.as_bytes().get(*at..).is_some_and(|rest| border(rest, b"BEGIN ").is_some()))
        .last();
    if let Some(begin) = begin {
        message.truncate(begin);
        message.push_str(Kind::PrivateKey.marker());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of these entries of one program, the oldest first.
    fn shown(entries: &[&str]) -> Vec<String> {
        let mut texts: Vec<String> =
            entries.iter().map(|text| crate::redact::Redaction::On.text((*text).to_owned())).collect();
        Across::all(
            entries.iter().zip(&mut texts).map(|(entry, text)| ((), Place::of(entry.as_bytes()), text)),
        );
        texts
    }

    /// The same of entries that come one by one.
    fn followed(entries: &[&str]) -> Vec<String> {
        let mut across = Across::default();
        let next = |entry: &&str| {
            let mut text = crate::redact::Redaction::On.text((*entry).to_owned());
            across.next(&(), Place::of(entry.as_bytes()), &mut text);
            text
        };
        entries.iter().map(next).collect()
    }

    const BEGIN: &str = "-----BEGIN EC PRIVATE KEY-----";
    const END: &str = "-----END EC PRIVATE KEY-----";
    const LINE: &str = "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49";
    const MARKER: &str = "[redacted:private-key]";

    #[test]
    fn a_key_that_was_logged_line_by_line_is_not_shown() {
        let log = ["start", BEGIN, LINE, "AwEHoQ==", END, "done"];
        assert_eq!(shown(&log), ["start", MARKER, MARKER, MARKER, MARKER, "done"]);
        assert_eq!(followed(&log), ["start", BEGIN, MARKER, MARKER, MARKER, "done"]);
        let prefixed = [
            "key: -----BEGIN PRIVATE KEY-----",
            "with a note",
            &format!("key: {LINE}"),
            "key: -----END PRIVATE KEY-----",
        ];
        assert_eq!(shown(&prefixed), ["key: [redacted:private-key]", MARKER, MARKER, MARKER]);
    }

    #[test]
    fn an_end_without_its_begin_takes_what_was_before_it() {
        assert_eq!(shown(&[LINE, "AwEHoQ==", END, "done"]), [MARKER, MARKER, MARKER, "done"]);
    }

    #[test]
    fn a_begin_without_its_end_takes_the_lines_of_the_key() {
        assert_eq!(shown(&[BEGIN, LINE, LINE]), [MARKER, MARKER, MARKER]);
        assert_eq!(
            shown(&[BEGIN, LINE, "listening on :443", LINE]),
            [MARKER, MARKER, "listening on :443", LINE]
        );
        assert_eq!(
            shown(&["expected -----BEGIN PRIVATE KEY-----", "giving up"]),
            ["expected -----BEGIN PRIVATE KEY-----", "giving up"]
        );
        assert_eq!(
            followed(&[BEGIN, LINE, "listening on :443", LINE]),
            [BEGIN, MARKER, "listening on :443", LINE]
        );
    }

    #[test]
    fn certificates_and_public_keys_stay() {
        let log =
            ["-----BEGIN CERTIFICATE-----", LINE, "-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----"];
        assert_eq!(shown(&log), log);
    }
}
