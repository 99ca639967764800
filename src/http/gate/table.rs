//! Which connections there are: never more than the cap, and newcomers before those who only wait.

use std::{
    collections::HashMap,
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::http::{
    peer::{Caller, Peer},
    wire::Wire,
};

/// How long a connection that was told to go may take. Its thread has only to wake up.
const LEAVING: Duration = Duration::from_millis(500);

/// A connection that has only just come has its request on the way, and is not sent off for another.
const JUST_COME: Duration = Duration::from_millis(20);

/// How long a newcomer waits for one of the others to be done. Answers that need no program take less.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many bytes of answers may wait for slow readers, all together.
const UNREAD: usize = 1024 * 1024;

/// A reader that has not taken its answer by then is a slow one.
const SLOW: Duration = Duration::from_millis(100);

/// All connections.
#[derive(Debug)]
pub struct Table {
    cap: usize,
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    slots: HashMap<u64, Slot>,
    /// A newcomer waits for a place.
    is_wanted: bool,
    stopping: bool,
}

#[derive(Debug)]
struct Slot {
    wire: Arc<Wire>,
    peer: Peer,
    /// By what it has shown with its latest request.
    identity: Option<Arc<str>>,
    /// Since when it has no complete request; `None` while a command runs for it.
    waits_since: Option<Instant>,
    has_asked: bool,
    /// Bytes of an answer that it has not taken yet.
    unread: usize,
    leaving: bool,
}

/// A place in the table, given back when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    table: Arc<Table>,
    id: u64,
}

impl State {
    /// Tells the connection to go that has been longest without a complete request, if there is one.
    fn send_off_longest(&mut self) -> bool {
        let waiting = self.slots.values_mut().filter(|slot| slot.waits_since.is_some());
        let longest = waiting.min_by_key(|slot| slot.waits_since);
        // Nor is one that is about to take its answer.
        let is_idle = |slot: &&mut Slot| slot.has_asked && slot.unread == 0;
        let has_waited = |slot: &&mut Slot| slot.waits_since.is_some_and(|since| since.elapsed() > JUST_COME);
        let is_ripe = |slot: &&mut Slot| is_idle(slot) || has_waited(slot);
        match longest.filter(is_ripe) {
            Some(slot) => {
                slot.leaving = true;
                slot.wire.shutdown(Shutdown::Both);
                true
            }
            None => false,
        }
    }

    /// Sends off slow readers, the slowest first, until so many bytes more can be unread.
    fn make_room(&mut self, bytes: usize) {
        let mut unread: usize = self.slots.values().map(|slot| slot.unread).sum();
        while unread + bytes > UNREAD {
            let slow = self.slots.values_mut().filter(|slot| slot.unread > 0 && !slot.leaving);
            let slow = slow.filter(|slot| slot.waits_since.is_some_and(|since| since.elapsed() > SLOW));
            let Some(slowest) = slow.min_by_key(|slot| slot.waits_since) else { return };
            unread -= slowest.unread;
            slowest.leaving = true;
            slowest.wire.shutdown(Shutdown::Both);
        }
    }
}

impl Table {
    /// A table for so many connections.
    #[must_use]
    pub fn new(cap: usize) -> Self {
        Self { cap, state: Mutex::default(), left: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a newcomer in. When the table is full, the connection that has been longest without a
    /// complete request has to go; `None` when every one of them waits for a command.
    pub fn admit(self: &Arc<Self>, wire: &Arc<Wire>, peer: Peer) -> Option<Ticket> {
        let begun = Instant::now();
        let mut state = self.state();
        while state.slots.len() >= self.cap {
            let is_leaving = state.slots.values().any(|slot| slot.leaving) || state.send_off_longest();
            let patience = if is_leaving { LEAVING } else { PATIENCE };
            let left = patience.saturating_sub(begun.elapsed());
            state.is_wanted = !left.is_zero();
            if left.is_zero() {
                return None;
            }
            // Woken up by whoever leaves or is answered; and to look whether one has waited long enough.
            let left = left.min(JUST_COME / 4);
            state = self.left.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_wanted = false;
        Some(self.enter(&mut state, wire, peer))
    }

    /// Takes in our own watchdog, for which there is always room.
    pub fn admit_watchdog(self: &Arc<Self>, wire: &Arc<Wire>) -> Ticket {
        let mut state = self.state();
        self.enter(&mut state, wire, Peer::Ourselves)
    }

    fn enter(self: &Arc<Self>, state: &mut State, wire: &Arc<Wire>, peer: Peer) -> Ticket {
        let id = state.next;
        state.next += 1;
        let slot = Slot {
            wire: Arc::clone(wire),
            peer,
            identity: None,
            waits_since: Some(Instant::now()),
            has_asked: false,
            unread: 0,
            leaving: false,
        };
        state.slots.insert(id, slot);
        Ticket { table: Arc::clone(self), id }
    }

    /// Who a connection belongs to.
    #[must_use]
    pub fn caller(&self, id: u64) -> Caller {
        let state = self.state();
        state.slots.get(&id).map_or(Caller::unknown(Peer::Unknown), |slot| Caller {
            peer: slot.peer.clone(),
            identity: slot.identity.clone(),
        })
    }

    /// Ends the connections that have had an answer and ask for nothing more. Those that never asked
    /// may be about to.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        for slot in state.slots.values().filter(|slot| slot.has_asked && slot.waits_since.is_some()) {
            slot.wire.shutdown(Shutdown::Read);
        }
    }

    /// Waits until all connections are gone, but not longer than until then.
    pub fn wait_until_empty(&self, until: Instant) {
        let mut state = self.state();
        while !state.slots.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.left.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Ticket {
    /// Names the connection.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Who it belongs to.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.table.caller(self.id).peer
    }

    /// A request is complete, and this is who sent it: from now on a command may be running for this
    /// connection.
    pub fn asks(&self, identity: Option<String>) {
        if let Some(slot) = self.table.state().slots.get_mut(&self.id) {
            slot.identity = identity.map(Arc::from);
            slot.waits_since = None;
            slot.has_asked = true;
        }
    }

    /// The answer is there, so many bytes of it. Says whether the connection may go on: not when a
    /// newcomer waits for its place, or one that never lets go could keep all others out. Where too
    /// much is unread already, whoever has been slow the longest has to go.
    #[must_use]
    pub fn is_answered(&self, bytes: usize) -> bool {
        let mut state = self.table.state();
        state.make_room(bytes);
        let is_over = state.stopping || state.is_wanted;
        let goes_on = match state.slots.get_mut(&self.id) {
            Some(slot) => {
                slot.waits_since = Some(Instant::now());
                slot.unread = bytes;
                !slot.leaving && !is_over
            }
            None => false,
        };
        self.table.left.notify_all();
        goes_on
    }

    /// The client has taken its answer.
    pub fn is_read(&self) {
        if let Some(slot) = self.table.state().slots.get_mut(&self.id) {
            slot.unread = 0;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.table.state().slots.remove(&self.id);
        self.table.left.notify_all();
    }
}
