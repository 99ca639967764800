//! How many requests this process has answered, for monitors.

use std::{collections::BTreeMap, sync::Mutex};

use crate::system::lock;

/// By route and status code. Both come from closed sets, so there are few.
static COUNTS: Mutex<BTreeMap<(&'static str, u16), u64>> = Mutex::new(BTreeMap::new());

/// Counts an answer. What the client did wrong is not told by route: scanners would make a series of each.
pub(super) fn count(route: &'static str, status: u16) {
    let route = if (400..500).contains(&status) { "-" } else { route };
    let mut counts = lock(&COUNTS);
    let count = counts.entry((route, status)).or_default();
    *count = count.saturating_add(1);
}

/// The counts so far.
pub(super) fn counts() -> Vec<(&'static str, u16, u64)> {
    lock(&COUNTS).iter().map(|((route, status), count)| (*route, *status, *count)).collect()
}
