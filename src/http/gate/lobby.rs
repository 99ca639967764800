//! Where new connections wait while all places are taken: without a thread, and without taking another's
//! place until they have sent something.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::fd::AsFd;

use super::{LOBBY, Shared, connection::FIRST_BYTE};
use crate::{
    http::{
        peer::{Origin, Peer},
        wire::Wire,
    },
    system::{Deadline, Wait},
};

/// How often the loop comes round when nothing happens, so that it can be seen to live.
const BEAT: Duration = Duration::from_secs(1);

/// The same while guests wait for something that only time brings.
const TICK: Duration = Duration::from_millis(5);

/// How long guests with a request wait while no place becomes free. Answers that need no program take less.
const PATIENCE: Duration = Duration::from_millis(100);

/// The same while a connection was told to go, or will be in a moment.
const LONG_PATIENCE: Duration = Duration::from_secs(1);

/// How long guests with a request stay in a whole lobby if one origin has most of it.
const CROWD: Duration = Duration::from_millis(500);

/// How long a guest of a whole lobby may be silent even if its room is needed: more than the way to it takes.
/// In a smaller lobby it is less, so that it is not the longer closed for others.
const SILENT: Duration = Duration::from_millis(100);

/// The newcomers of one listener that have no place yet.
pub(super) struct Lobby {
    size: usize,
    guests: Vec<Guest>,
    /// When one of them last got a place.
    moved: Instant,
}

/// A newcomer.
pub(super) struct Guest {
    pub wire: Arc<Wire>,
    pub peer: Peer,
    origin: Origin,
    since: Instant,
    /// Since when there is something to be read of it.
    ready: Option<Instant>,
    /// How long that may take until it makes room for others, if its origin has most of the room.
    patience: Duration,
}

/// What the lobby waits for.
enum Event {
    Stop,
    Newcomer,
    Place,
    /// Something to read of the guest with this number.
    Guest(usize),
}

/// What a wait saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    ToStop,
    ByNewcomer,
    ByOthers,
}

impl Lobby {
    pub(super) fn new(size: usize) -> Self {
        Self { size, guests: Vec::new(), moved: Instant::now() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.guests.is_empty()
    }

    /// Waits for a newcomer if there is room for one, for the first bytes of the guests, and for a place in
    /// the table.
    pub(super) fn wait(&mut self, shared: &Shared, listener: &impl AsFd) -> Woken {
        let is_open = !self.is_full() || self.least_wanted().is_some();
        let is_waiting = !is_open || self.guests.iter().any(|guest| guest.ready.is_some());
        let mut wait = Wait::new().readable(&shared.stop, Event::Stop);
        // While the lobby is closed, newcomers wait in the kernel's queue.
        if is_open {
            wait = wait.readable(listener, Event::Newcomer);
        }
        let places = shared.table.places();
        wait = wait.readable(&places, Event::Place);
        for (number, guest) in self.guests.iter().enumerate().filter(|(_, guest)| guest.ready.is_none()) {
            wait = wait.readable(&*guest.wire, Event::Guest(number));
        }
        let mut woken = Woken::ByOthers;
        let events = wait.until(Some(Deadline::after(if is_waiting { TICK } else { BEAT })));
        let now = Instant::now();
        for event in events {
            match event {
                Event::Stop => return Woken::ToStop,
                Event::Newcomer => woken = Woken::ByNewcomer,
                Event::Place => shared.table.know_of_places(),
                Event::Guest(number) => {
                    if let Some(guest) = self.guests.get_mut(number) {
                        guest.ready = Some(now);
                    }
                }
            }
        }
        // One that is gone again has nothing to say.
        self.guests.retain(|guest| guest.ready != Some(now) || guest.wire.has_bytes());
        woken
    }

    /// Takes a newcomer in. Returns the guest that has to be turned away for it, if that has sent something.
    pub(super) fn enter(&mut self, shared: &Shared, wire: Arc<Wire>, peer: Peer) -> Option<Guest> {
        let less_wanted = if self.is_full() { self.least_wanted() } else { None };
        let leaving = less_wanted.map(|place| self.guests.remove(place));
        if self.guests.is_empty() {
            self.moved = Instant::now();
        }
        let origin = peer.origin();
        // Over TLS it cannot be a request yet.
        let patience = if shared.rules.tls_for(&wire).is_some() { PATIENCE } else { CROWD };
        self.guests.push(Guest { wire, peer, origin, since: Instant::now(), ready: None, patience });
        let leaving = leaving?;
        if leaving.ready.is_none() {
            shared.table.count_silent(leaving.origin);
            return None;
        }
        Some(leaving)
    }

    /// Moves guests that have sent something into the table while there are places: those of the origin
    /// that has fewest there, the oldest first. Returns those that have waited too long.
    pub(super) fn leave(&mut self, shared: &Arc<Shared>) -> Vec<Guest> {
        let mut turned_away = Vec::new();
        let mut patience = PATIENCE;
        while let Some((place, guest)) = self.most_wanted(shared) {
            let Some(ticket) = shared.table.admit(&guest.wire, &guest.peer, shared.grace(&guest.wire)) else {
                if shared.table.make_place(guest.origin) {
                    patience = LONG_PATIENCE;
                }
                break;
            };
            let guest = self.guests.remove(place);
            self.moved = Instant::now();
            if shared.start(Arc::clone(&guest.wire), ticket).is_err() {
                turned_away.push(guest);
            }
        }
        let is_stuck = self.moved.elapsed() > patience;
        let has_waited = |ready: Instant| is_stuck && ready.elapsed() > patience;
        turned_away.extend(self.guests.extract_if(.., |guest| guest.ready.is_some_and(has_waited)));
        self.guests.retain(|guest| guest.ready.is_some() || guest.since.elapsed() < FIRST_BYTE);
        turned_away
    }

    /// The guests that have sent something, when the server stops.
    pub(super) fn close(self) -> impl Iterator<Item = Guest> {
        self.guests.into_iter().filter(|guest| guest.ready.is_some())
    }

    fn is_full(&self) -> bool {
        self.guests.len() >= self.size
    }

    /// The guest that gets the next place. Silent ones stay here, where they need no thread.
    fn most_wanted(&self, shared: &Shared) -> Option<(usize, &Guest)> {
        let held = shared.table.held(self.guests.iter().map(|guest| guest.origin));
        let ready = self.guests.iter().enumerate().zip(held).filter(|((_, guest), _)| guest.ready.is_some());
        ready.min_by_key(|((_, guest), held)| (*held, guest.since)).map(|(found, _)| found)
    }

    /// Which guest has to go for a newcomer, if there is no room: one that has been silent for a while, or
    /// where one origin has most of the room, one of that. The oldest of the origin with most guests.
    fn least_wanted(&self) -> Option<usize> {
        let mut held: HashMap<Origin, usize> = HashMap::new();
        for guest in &self.guests {
            *held.entry(guest.origin).or_default() += 1;
        }
        let crowd = held.iter().find(|(_, held)| **held > self.size / 2).map(|(origin, _)| *origin);
        let silent = SILENT * u32::try_from(self.size).unwrap_or(u32::MAX) / LOBBY;
        let may_go = |guest: &Guest| match guest.ready {
            None => crowd.is_none_or(|crowd| crowd == guest.origin) && guest.since.elapsed() > silent,
            Some(ready) => crowd == Some(guest.origin) && ready.elapsed() > guest.patience,
        };
        let rank = |guest: &Guest| (guest.ready.is_none(), held.get(&guest.origin), Reverse(guest.since));
        let guests = self.guests.iter().enumerate().filter(|(_, guest)| may_go(guest));
        guests.max_by_key(|(_, guest)| rank(guest)).map(|(place, _)| place)
    }
}
