//! One place in the table: how far its connection is, and when it may be needed for another.

use std::{
    net::Shutdown,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{JUST_COME, tally::Tally};
use crate::{
    http::{
        peer::{Origin, Peer},
        wire::Wire,
    },
    report::Body,
};

/// How long a connection may be silent before its place is needed, if its origin holds no more places than
/// the newcomer's: its client may only be short of time.
const SILENT: Duration = Duration::from_millis(500);

/// A reader that has not taken its answer by then is a slow one.
pub(super) const SLOW: Duration = Duration::from_millis(100);

/// A connection in the table.
#[derive(Debug)]
pub(super) struct Slot {
    pub wire: Arc<Wire>,
    pub peer: Peer,
    pub origin: Origin,
    /// By what it has shown with its latest request.
    pub identity: Option<Arc<str>>,
    pub stage: Stage,
    /// When that began.
    pub since: Instant,
    /// How long it has for its first request before its place may be needed.
    pub grace: Duration,
    pub has_asked: bool,
    /// The body of its answer, on its way past tiny_http.
    pub body: Option<Body>,
    pub unread: Unread,
    /// Since when it was told to go.
    pub leaving: Option<Instant>,
}

/// How far a connection is with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
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
pub(super) struct Unread {
    pub own: usize,
    pub shared: Option<Arc<[u8]>>,
}

impl Slot {
    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        self.since.elapsed() > age
    }

    pub(super) fn is_silent(&self) -> bool {
        self.stage == Stage::Waits && !self.wire.has_spoken()
    }

    /// How long it is left as it is, at least. Not as long where its origin holds more places than that of
    /// the newcomer.
    pub(super) fn grace(&self, holds_more: bool) -> Duration {
        match self.stage {
            Stage::Reads => SLOW,
            Stage::Waits if self.has_asked => Duration::ZERO,
            Stage::Waits if !holds_more && self.is_silent() => SILENT,
            Stage::Waits if !holds_more => self.grace,
            _ => JUST_COME,
        }
    }

    /// Whether it has sent nothing for long enough, or has had everything.
    pub(super) fn has_nothing_to_lose(&self, holds_more: bool) -> bool {
        (self.is_silent() || self.stage == Stage::Ends) && self.is_older_than(self.grace(holds_more))
    }

    /// Whether a newcomer may have its place; `None` when it is too early to say.
    pub(super) fn may_be_pushed_out(&self, holds_more: bool) -> Option<bool> {
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
    pub(super) fn push_out(&mut self, tally: &mut Tally) {
        if self.stage != Stage::Ends {
            tally.add(self.origin, self.is_silent(), self.stage == Stage::Reads);
        }
        self.leaving = Some(Instant::now());
        let does_not_read = self.stage == Stage::Reads || self.wire.waits_for_room();
        self.wire.shutdown(if does_not_read { Shutdown::Both } else { Shutdown::Read });
    }
}
