//! Private keys that were logged line by line, in the entries of a journal.

use super::Entry;
use crate::redact::Across;

/// Who logged an entry.
type Logger = (Option<String>, Option<u64>);

/// Takes out private keys that were logged line by line, of entries that come one by one.
#[derive(Debug, Default)]
pub(super) struct Keys(Across<Logger>);

impl Keys {
    pub(super) fn next(&mut self, entry: &mut Entry) {
        self.0.next(&logger(entry), entry.place, &mut entry.message);
    }

    /// Of entries that are all there, the oldest first.
    pub(super) fn all<'a>(entries: impl Iterator<Item = &'a mut Entry>) {
        Across::all(entries.map(|entry| (logger(entry), entry.place, &mut entry.message)));
    }
}

fn logger(entry: &Entry) -> Logger {
    (entry.identifier.clone(), entry.pid)
}
