//! The access log: one line a request, with nothing of the client's in it but its address.

use std::time::Duration;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

use super::{peer::Peer, reply::Reply};

static TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// What is said of a request that was answered.
pub(super) struct Access {
    /// Who asked.
    pub peer: Peer,
    /// One of the known methods, or `other`.
    pub method: &'static str,
    /// The route, without what stands in its place-holders.
    pub route: &'static str,
    /// How long it took.
    pub took: Duration,
    /// How it was answered: `run`, `shared`, or `-` when no program is needed.
    pub how: &'static str,
    /// The answer goes into the very journal that it is read from: a line for it would be the next
    /// answer's.
    pub is_own_log: bool,
}

impl Access {
    /// Writes the line: answers at the debug level, everything else as a warning.
    pub(super) fn log(&self, reply: &Reply) {
        if self.peer == Peer::Ourselves {
            return;
        }
        let is_ok = reply.status() == 200;
        if is_ok && self.is_own_log {
            return;
        }
        let level = if is_ok { log::Level::Debug } else { log::Level::Warn };
        log::log!(
            level,
            "{} {} {} {} {} {} ms {} bytes {}",
            TIME.timestamp_to_string(&Timestamp::now()),
            self.peer,
            self.method,
            self.route,
            reply.status(),
            self.took.as_millis(),
            reply.length(),
            self.how,
        );
    }
}

/// What did not get past the gate: a connection without a whole, clean request.
pub(super) fn turned_away(peer: &Peer, reply: &Reply) {
    Access { peer: peer.clone(), method: "-", route: "-", took: Duration::ZERO, how: "-", is_own_log: false }
        .log(reply);
}

/// A method by a name of ours.
pub(super) fn method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
