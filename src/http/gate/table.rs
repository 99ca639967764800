//! Which connections there are: never more than the cap, and newcomers before those who only wait.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io,
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd, BorrowedFd, OwnedFd},
};

use super::{JUST_COME, tally::Tally};
use crate::{
    http::{
        peer::{Caller, Origin, Peer},
        wire::Wire,
    },
    report::Body,
};

/// How long a connection that was told to go may take. Its thread has only to wake up.
const LEAVING: Duration = Duration::from_millis(500);

/// How long a connection may be silent before its place is needed, if its origin holds no more places than
/// the newcomer's: its client may only be short of time.
const SILENT: Duration = Duration::from_millis(500);

/// How many bytes of answers may wait for slow readers, all together; what several of them read counts once.
const UNREAD: usize = 1024 * 1024;

/// A reader that has not taken its answer by then is a slow one.
const SLOW: Duration = Duration::from_millis(100);

/// All connections.
#[derive(Debug)]
pub struct Table {
    cap: usize,
    state: Mutex<State>,
    left: Condvar,
    /// Readable when a place has become free that a newcomer waits for.
    places: OwnedFd,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    slots: HashMap<u64, Slot>,
    /// How many of them each origin has.
    held: HashMap<Origin, usize>,
    /// A newcomer waits for a place.
    is_wanted: bool,
    stopping: bool,
    pushed_out: Tally,
}

#[derive(Debug)]
struct Slot {
    wire: Arc<Wire>,
    peer: Peer,
    origin: Origin,
    /// By what it has shown with its latest request.
    identity: Option<Arc<str>>,
    stage: Stage,
    /// When that began.
    since: Instant,
    /// How long it has for its first request before its place may be needed.
    grace: Duration,
    has_asked: bool,
    /// The body of its answer, on its way past tiny_http.
    body: Option<Body>,
    unread: Unread,
    /// Since when it was told to go.
    leaving: Option<Instant>,
}

/// How far a connection is with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has no complete one.
    Waits,
    /// It is complete, and a command may run for it.
    Asks,
    /// Its answer is there.
    Reads,
    /// There will be no other. What it still sends is thrown away.
    Ends,
}

/// What a client has not taken yet.
#[derive(Debug, Default)]
struct Unread {
    own: usize,
    shared: Option<Arc<[u8]>>,
}

/// The order in which connections are pushed out: those with nothing to lose, then those of the origin that
/// holds most places, then the longest in their stage.
type Rank = (bool, Reverse<usize>, Instant);

/// A place in the table, given back when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    table: Arc<Table>,
    id: u64,
}

impl Slot {
    fn is_older_than(&self, age: Duration) -> bool {
        self.since.elapsed() > age
    }

    fn is_silent(&self) -> bool {
        self.stage == Stage::Waits && !self.wire.has_spoken()
    }

    /// How long it is left as it is, at least. Not as long where its origin holds more places than that of
    /// the newcomer.
    fn grace(&self, holds_more: bool) -> Duration {
        match self.stage {
            Stage::Reads => SLOW,
            Stage::Waits if self.has_asked => Duration::ZERO,
            Stage::Waits if !holds_more && self.is_silent() => SILENT,
            Stage::Waits if !holds_more => self.grace,
            _ => JUST_COME,
        }
    }

    /// Whether it has sent nothing for long enough, or has had everything.
    fn has_nothing_to_lose(&self, holds_more: bool) -> bool {
        (self.is_silent() || self.stage == Stage::Ends) && self.is_older_than(self.grace(holds_more))
    }

    /// Whether a newcomer may have its place; `None` when it is too early to say.
    fn may_be_pushed_out(&self, holds_more: bool) -> Option<bool> {
        let is_ripe = self.is_older_than(self.grace(holds_more));
        match self.stage {
            Stage::Asks => Some(false),
            Stage::Waits if self.wire.is_our_move() => Some(false),
            Stage::Waits => is_ripe.then_some(true),
            Stage::Reads => Some(is_ripe && !self.wire.is_our_move()),
            Stage::Ends => Some(is_ripe),
        }
    }

    /// Tells its thread to end it. What has come before that is read all the same, so that a request that
    /// arrives at this very moment is answered; only a client that does not read is cut off.
    fn push_out(&mut self, tally: &mut Tally) {
        if self.stage != Stage::Ends {
            tally.add(self.origin, self.is_silent(), self.stage == Stage::Reads);
        }
        self.leaving = Some(Instant::now());
        let does_not_read = self.stage == Stage::Reads || self.wire.waits_for_room();
        self.wire.shutdown(if does_not_read { Shutdown::Both } else { Shutdown::Read });
    }
}

impl State {
    fn held(&self, origin: Origin) -> usize {
        self.held.get(&origin).copied().unwrap_or_default()
    }

    /// Tells a connection to go that is not about to be answered, if there is one. Says whether one goes, or
    /// soon may.
    fn push_out(&mut self, newcomer: Origin) -> bool {
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

    fn enter(&mut self, id: u64, stage: Stage, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.stage = stage;
            slot.since = Instant::now();
            slot.unread = Unread::default();
            change(slot);
        }
    }

    /// Bytes of answers that were not taken yet, those that are shared only once.
    fn unread(&self) -> usize {
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
    fn make_room(&mut self) {
        while self.unread() > UNREAD {
            let slow =
                self.slots.values_mut().filter(|slot| slot.stage == Stage::Reads && slot.leaving.is_none());
            let slow = slow.filter(|slot| slot.is_older_than(SLOW) && !slot.wire.is_our_move());
            let Some(slowest) = slow.min_by_key(|slot| slot.since) else { return };
            slowest.push_out(&mut self.pushed_out);
        }
    }
}

impl Table {
    /// A table for so many connections.
    ///
    /// # Errors
    /// When there is no descriptor for it.
    pub fn new(cap: usize) -> io::Result<Self> {
        let places = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { cap, state: Mutex::default(), left: Condvar::new(), places })
    }

    /// How many there can be.
    pub fn cap(&self) -> usize {
        self.cap
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a newcomer in, if there is a place. It has so long for its first request before it may have to
    /// go for another.
    pub fn admit(self: &Arc<Self>, wire: &Arc<Wire>, peer: &Peer, grace: Duration) -> Option<Ticket> {
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
    pub fn make_place(&self, newcomer: Origin) -> bool {
        let mut state = self.state();
        // From now on those who are answered do not go on, and places that become free are told.
        state.is_wanted = true;
        let is_going = |slot: &Slot| slot.leaving.is_some_and(|since| since.elapsed() < LEAVING);
        state.slots.values().any(is_going) || state.push_out(newcomer)
    }

    /// How many places each of these origins has.
    pub fn held(&self, origins: impl Iterator<Item = Origin>) -> Vec<usize> {
        let state = self.state();
        origins.map(|origin| state.held(origin)).collect()
    }

    /// Readable when a place has become free that was wanted, until [`Self::know_of_places`].
    pub fn places(&self) -> BorrowedFd<'_> {
        self.places.as_fd()
    }

    /// To be called once the waiting thread has seen it.
    pub fn know_of_places(&self) {
        // There is nothing to read if another listener was faster.
        let _ = rustix::io::read(&self.places, &mut [0; 8]);
    }

    /// A newcomer had to go that had sent nothing.
    pub fn count_silent(&self, origin: Origin) {
        self.state().pushed_out.add(origin, true, false);
    }

    /// Takes in our own watchdog, for which there is always room.
    pub fn admit_watchdog(self: &Arc<Self>, wire: &Arc<Wire>) -> Ticket {
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
    #[must_use]
    pub fn caller(&self, id: u64) -> Caller {
        let state = self.state();
        state.slots.get(&id).map_or(Caller::unknown(Peer::Unknown), |slot| Caller {
            peer: slot.peer.clone(),
            identity: slot.identity.clone(),
        })
    }

    /// Takes the body of an answer, for the thread of this connection.
    pub fn hand_over(&self, id: u64, body: Body) {
        if let Some(slot) = self.state().slots.get_mut(&id) {
            slot.body = Some(body);
        }
    }

    /// Logs what was pushed out, once a minute; the rest of it `finally`.
    pub fn report(&self, finally: bool) {
        let line = self.state().pushed_out.line(self.cap, finally);
        if let Some(line) = line {
            log::warn!("{line}");
        }
    }

    /// Ends the connections that have had an answer and ask for nothing more. Those that never asked
    /// may be about to.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        for slot in state.slots.values().filter(|slot| slot.has_asked && slot.stage != Stage::Asks) {
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
    /// connection, and it is not pushed out, even if it was about to be.
    pub fn asks(&self, identity: Option<String>) {
        self.enter(Stage::Asks, |slot| {
            slot.identity = identity.map(Arc::from);
            slot.has_asked = true;
            slot.leaving = None;
        });
    }

    /// The body of the answer, if it went past tiny_http.
    #[must_use]
    pub fn take_body(&self) -> Option<Body> {
        self.table.state().slots.get_mut(&self.id)?.body.take()
    }

    /// The answer is there, so many bytes of it, and these, which others may be reading, too. Says whether
    /// the connection may go on: not when a newcomer waits for its place, or one that never lets go could
    /// keep all others out. Where too much is unread, those that have been slow the longest have to go.
    #[must_use]
    pub fn is_answered(&self, own: usize, shared: Option<&Arc<[u8]>>) -> bool {
        let mut state = self.table.state();
        state.enter(self.id, Stage::Reads, |slot| slot.unread = Unread { own, shared: shared.cloned() });
        state.make_room();
        let goes_on = !state.stopping && !state.is_wanted;
        self.table.left.notify_all();
        goes_on
    }

    /// The client has taken its answer.
    pub fn is_read(&self) {
        self.enter(Stage::Waits, |_| {});
    }

    /// Nothing more is read of it, or said to it.
    pub fn ends(&self) {
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
