//! Which connections there are: never more than the cap, and newcomers before those who only wait.

use std::{
    io,
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd, BorrowedFd, OwnedFd},
};

use super::{
    JUST_COME,
    eviction::State,
    slot::{Slot, Stage, Unread},
};
use crate::{
    http::{
        peer::{Caller, Origin, Peer},
        wire::Wire,
    },
    report::Body,
    system::lock,
};

/// How long a connection that was told to go may take. Its thread has only to wake up.
const LEAVING: Duration = Duration::from_millis(500);

/// All connections.
#[derive(Debug)]
pub(crate) struct Table {
    cap: usize,
    state: Mutex<State>,
    left: Condvar,
    /// Readable when a place has become free that a newcomer waits for.
    places: OwnedFd,
}

/// A place in the table, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    table: Arc<Table>,
    id: u64,
}

impl Table {
    /// A table for so many connections.
    /// Fails when there is no descriptor for it.
    pub(crate) fn new(cap: usize) -> io::Result<Self> {
        let places = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { cap, state: Mutex::default(), left: Condvar::new(), places })
    }

    /// How many there can be.
    pub(crate) fn cap(&self) -> usize {
        self.cap
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Takes a newcomer in, if there is a place. It has so long for its first request before it may have to
    /// go for another.
    pub(crate) fn admit(self: &Arc<Self>, wire: &Arc<Wire>, peer: &Peer, grace: Duration) -> Option<Ticket> {
        let mut state = self.state();
        if state.slots.len() >= self.cap {
            return None;
        }
        state.is_wanted = false;
        Some(self.enter(&mut state, wire, peer.clone(), grace))
    }

    /// Makes a place for a newcomer of this origin: a connection without a complete request has to go, one
    /// that has sent nothing before all others, of those one of the origin that holds most, and of those
    /// the oldest. Says whether there will be one soon; there will not when all wait for their answers.
    pub(crate) fn make_place(&self, newcomer: Origin) -> bool {
        let mut state = self.state();
        // From now on those who are answered do not go on, and places that become free are told.
        state.is_wanted = true;
        let is_going = |slot: &Slot| slot.leaving.is_some_and(|since| since.elapsed() < LEAVING);
        state.slots.values().any(is_going) || state.push_out(newcomer)
    }

    /// How many places each of these origins has.
    pub(crate) fn held(&self, origins: impl Iterator<Item = Origin>) -> Vec<usize> {
        let state = self.state();
        origins.map(|origin| state.held(origin)).collect()
    }

    /// Readable when a place has become free that was wanted, until [`Self::know_of_places`].
    pub(crate) fn places(&self) -> BorrowedFd<'_> {
        self.places.as_fd()
    }

    /// To be called once the waiting thread has seen it.
    pub(crate) fn know_of_places(&self) {
        // There is nothing to read if another listener was faster.
        let _ = rustix::io::read(&self.places, &mut [0; 8]);
    }

    /// A newcomer had to go that had sent nothing.
    pub(crate) fn count_silent(&self, origin: Origin) {
        self.state().pushed_out.add(origin, true, false);
    }

    /// Takes in our own watchdog, for which there is always room.
    pub(crate) fn admit_watchdog(self: &Arc<Self>, wire: &Arc<Wire>) -> Ticket {
        let mut state = self.state();
        self.enter(&mut state, wire, Peer::Ourselves, JUST_COME)
    }

    fn enter(self: &Arc<Self>, state: &mut State, wire: &Arc<Wire>, peer: Peer, grace: Duration) -> Ticket {
        let id = state.next;
        state.next += 1;
        let origin = peer.origin();
        let slot = Slot {
            wire: Arc::clone(wire),
            peer,
            origin,
            identity: None,
            stage: Stage::Waits,
            since: Instant::now(),
            grace,
            has_asked: false,
            body: None,
            unread: Unread::default(),
            leaving: None,
        };
        *state.held.entry(origin).or_default() += 1;
        state.slots.insert(id, slot);
        Ticket { table: Arc::clone(self), id }
    }

    /// Who a connection belongs to.
    pub(crate) fn caller(&self, id: u64) -> Caller {
        let state = self.state();
        state.slots.get(&id).map_or(Caller::unknown(Peer::Unknown), |slot| Caller {
            peer: slot.peer.clone(),
            identity: slot.identity.clone(),
        })
    }

    /// Takes the body of an answer, for the thread of this connection.
    pub(crate) fn hand_over(&self, id: u64, body: Body) {
        if let Some(slot) = self.state().slots.get_mut(&id) {
            slot.body = Some(body);
        }
    }

    /// Logs what was pushed out, once a minute; the rest of it `finally`.
    pub(crate) fn report(&self, finally: bool) {
        let line = self.state().pushed_out.line(self.cap, finally);
        if let Some(line) = line {
            log::warn!("{line}");
        }
    }

    /// Ends the connections that have had an answer and ask for nothing more. Those that never asked
    /// may be about to.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        for slot in state.slots.values().filter(|slot| slot.has_asked && slot.stage != Stage::Asks) {
            slot.wire.shutdown(Shutdown::Read);
        }
    }

    /// Waits until all connections are gone, but not longer than until then.
    pub(crate) fn wait_until_empty(&self, until: Instant) {
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
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Who it belongs to.
    pub(crate) fn peer(&self) -> Peer {
        self.table.caller(self.id).peer
    }

    /// A request is complete, and this is who sent it: from now on a command may be running for this
    /// connection, and it is not pushed out, even if it was about to be.
    pub(crate) fn asks(&self, identity: Option<String>) {
        self.enter(Stage::Asks, |slot| {
            slot.identity = identity.map(Arc::from);
            slot.has_asked = true;
            slot.leaving = None;
        });
    }

    /// The body of the answer, if it went past tiny_http.
    pub(crate) fn take_body(&self) -> Option<Body> {
        self.table.state().slots.get_mut(&self.id)?.body.take()
    }

    /// The answer is there, so many bytes of it, and these, which others may be reading, too. Says whether
    /// the connection may go on: not when a newcomer waits for its place, or one that never lets go could
    /// keep all others out. Where too much is unread, those that have been slow the longest have to go.
    pub(crate) fn record_answer(&self, own: usize, shared: Option<&Arc<[u8]>>) -> bool {
        let mut state = self.table.state();
        state.enter(self.id, Stage::Reads, |slot| slot.unread = Unread { own, shared: shared.cloned() });
        state.make_room();
        let goes_on = !state.stopping && !state.is_wanted;
        self.table.left.notify_all();
        goes_on
    }

    /// The client has taken its answer.
    pub(crate) fn record_read(&self) {
        self.enter(Stage::Waits, |_| {});
    }

    /// Nothing more is read of it, or said to it.
    pub(crate) fn ends(&self) {
        self.enter(Stage::Ends, |_| {});
    }

    fn enter(&self, stage: Stage, change: impl FnOnce(&mut Slot)) {
        self.table.state().enter(self.id, stage, change);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.table.state();
        if let Some(slot) = state.slots.remove(&self.id)
            && let Some(held) = state.held.get_mut(&slot.origin)
        {
            *held -= 1;
            if *held == 0 {
                state.held.remove(&slot.origin);
            }
        }
        if state.is_wanted {
            let _ = rustix::io::write(&self.table.places, &1u64.to_ne_bytes());
        }
        self.table.left.notify_all();
    }
}
