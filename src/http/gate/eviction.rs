//! Which connections have to go: for a newcomer, or because too much is unread.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Instant,
};

use super::{
    slot::{SLOW, Slot, Stage, Unread},
    tally::Tally,
};
use crate::http::peer::Origin;

/// How many bytes of answers may wait for slow readers, all together; what several of them read counts once.
const UNREAD: usize = 1024 * 1024;

/// The connections of the table, and who waits for a place.
#[derive(Debug, Default)]
pub(super) struct State {
    pub next: u64,
    pub slots: HashMap<u64, Slot>,
    /// How many of them each origin has.
    pub held: HashMap<Origin, usize>,
    /// A newcomer waits for a place.
    pub is_wanted: bool,
    pub stopping: bool,
    pub pushed_out: Tally,
}

/// The order in which connections are pushed out: those with nothing to lose, then those of the origin that
/// holds most places, then the longest in their stage.
type Rank = (bool, Reverse<usize>, Instant);

impl State {
    pub(super) fn held(&self, origin: Origin) -> usize {
        self.held.get(&origin).copied().unwrap_or_default()
    }

    /// Tells a connection to go that is not about to be answered, if there is one. Says whether one goes, or
    /// soon may.
    pub(super) fn push_out(&mut self, newcomer: Origin) -> bool {
        let newcomers = self.held(newcomer) + 1;
        let rank = |slot: &Slot| -> Rank {
            let held = self.held(slot.origin);
            (!slot.has_nothing_to_lose(held > newcomers), Reverse(held), slot.since)
        };
        let candidates =
            self.slots.iter().filter(|(_, slot)| slot.stage != Stage::Asks && slot.leaving.is_none());
        let mut candidates: BinaryHeap<_> = candidates.map(|(id, slot)| Reverse((rank(slot), *id))).collect();
        // Those that may not go now are at work, and soon have a request or are gone.
        let is_hopeful = !candidates.is_empty();
        while let Some(Reverse(((_, Reverse(held), _), id))) = candidates.pop() {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            match slot.may_be_pushed_out(held > newcomers) {
                Some(true) => {
                    slot.push_out(&mut self.pushed_out);
                    return true;
                }
                Some(false) => {}
                None => return true,
            }
        }
        is_hopeful
    }

    pub(super) fn enter(&mut self, id: u64, stage: Stage, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.stage = stage;
            slot.since = Instant::now();
            slot.unread = Unread::default();
            change(slot);
        }
    }

    /// Bytes of answers that were not taken yet, those that are shared only once.
    pub(super) fn unread(&self) -> usize {
        let unread = self.slots.values().filter(|slot| slot.leaving.is_none()).map(|slot| &slot.unread);
        let mut own = 0;
        let mut shared: Vec<&Arc<[u8]>> = Vec::new();
        for unread in unread {
            own += unread.own;
            shared.extend(&unread.shared);
        }
        shared.sort_by_key(|bytes| Arc::as_ptr(bytes).addr());
        shared.dedup_by(|one, other| Arc::ptr_eq(one, other));
        own + shared.iter().map(|bytes| bytes.len()).sum::<usize>()
    }

    /// Pushes out slow readers, the slowest first, until not too much is unread.
    pub(super) fn make_room(&mut self) {
        while self.unread() > UNREAD {
            let slow =
                self.slots.values_mut().filter(|slot| slot.stage == Stage::Reads && slot.leaving.is_none());
            let slow = slow.filter(|slot| slot.is_older_than(SLOW) && !slot.wire.is_our_move());
            let Some(slowest) = slow.min_by_key(|slot| slot.since) else { return };
            slowest.push_out(&mut self.pushed_out);
        }
    }
}
