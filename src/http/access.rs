//! The access log: one line a request, with nothing of the client's in it but its address.

use std::{io, time::Duration};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

use super::{
    peer::{Caller, Peer},
    reply::Reply,
};
use crate::escape;

static TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// What is said of a request that was answered.
pub(super) struct Access {
    /// Who asked.
    pub caller: Caller,
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
        if self.caller.peer == Peer::Ourselves {
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
            self.caller,
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
    refused(peer, "-", reply);
}

/// A request that may not be answered.
pub(super) fn refused(peer: &Peer, method: &'static str, reply: &Reply) {
    let caller = Caller::unknown(peer.clone());
    Access { caller, method, route: "-", took: Duration::ZERO, how: "-", is_own_log: false }.log(reply);
}

/// A connection that did not come as far as a request.
pub(super) fn without_tls(peer: &Peer, error: &io::Error) {
    // Those who only look whether somebody listens say nothing and go.
    let is_nothing = error.kind() == io::ErrorKind::UnexpectedEof;
    let level = if is_nothing { log::Level::Debug } else { log::Level::Warn };
    let now = TIME.timestamp_to_string(&Timestamp::now());
    log::log!(level, "{now} {peer} - TLS was not agreed on: {}", escape::line(&error.to_string()));
}

/// A method by a name of ours.
pub(super) fn method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
