//! How many connections had to go for others, as the log tells it.

use std::{
    collections::HashMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::http::peer::Origin;

/// How often that is said: a flood is one line a minute, and not one a connection.
const EVERY: Duration = Duration::from_mins(1);

/// The first line comes so long after the first connection, so that it has more to tell than of one.
const GATHERING: Duration = Duration::from_secs(1);

/// The most origins that are told apart: their number is up to strangers.
const ORIGINS: usize = 256;

/// What was pushed out since it was last said.
#[derive(Debug, Default)]
pub(super) struct Tally {
    begun: Option<Instant>,
    said: Option<Instant>,
    all: u64,
    silent: u64,
    slow: u64,
    origins: HashMap<Origin, u64>,
}

impl Tally {
    /// One more: it had sent nothing, or did not read its answer, or else had no complete request.
    pub(super) fn add(&mut self, origin: Origin, is_silent: bool, is_slow: bool) {
        self.begun.get_or_insert_with(Instant::now);
        self.all += 1;
        self.silent += u64::from(is_silent);
        self.slow += u64::from(is_slow);
        if self.origins.len() < ORIGINS || self.origins.contains_key(&origin) {
            *self.origins.entry(origin).or_default() += 1;
        }
    }

    /// What is to be said, if it is time to, and starts anew.
    pub(super) fn line(&mut self, cap: usize, finally: bool) -> Option<String> {
        let begun = self.begun?.elapsed();
        let is_due = begun >= GATHERING && self.said.is_none_or(|said| said.elapsed() >= EVERY);
        if !is_due && !finally {
            return None;
        }
        let rest = self.all - self.silent - self.slow;
        let mut line = format!(
            "connections closed in {} s to make room for others: {} ({} had sent nothing, {rest} were idle or had an \
             incomplete request, {} did not read their answer)",
            begun.as_secs().max(1),
            self.all,
            self.silent,
            self.slow,
        );
        if let Some((origin, count)) = self.origins.iter().max_by_key(|(_, count)| **count) {
            let _ = write!(line, ", {count} of them from {origin}");
        }
        let _ = write!(line, "; at most {cap} are served at a time (--max-connections)");
        *self = Self { said: Some(Instant::now()), ..Self::default() };
        Some(line)
    }
}
