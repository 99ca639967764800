//! The access log: one line per request. Text from clients appears only as part of a reason, escaped and
//! truncated.

use std::{fmt, io, time::Duration};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

use super::{
    peer::{Caller, Peer},
    reply::Reply,
    requests,
};
use crate::escape;

/// The most characters of a reason that are logged.
const LONGEST_REASON: usize = 300;

static TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Where an answer comes from, as the log says it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Provenance {
    /// Programs were started for it.
    Started,
    /// Another request had started them.
    Shared,
    /// It needs no program.
    AtOnce,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "run",
            Self::Shared => "shared",
            Self::AtOnce => "-",
        })
    }
}

/// What is logged about a request.
pub(super) struct Access {
    /// Who asked.
    pub caller: Caller,
    /// One of the known methods, or `other`.
    pub method: &'static str,
    /// The route, with its placeholders.
    pub route: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Where the answer comes from.
    pub provenance: Provenance,
    /// The answer is read from the journal that this log goes into: a line about it would be part of the next
    /// answer.
    pub is_own_log: bool,
}

impl Access {
    /// Writes the line: answers at the debug level, everything else as a warning.
    pub(super) fn log(&self, reply: &Reply) {
        if self.caller.peer == Peer::Ourselves {
            return;
        }
        requests::count(self.route, reply.status());
        let is_ok = reply.status() == 200;
        if is_ok && self.is_own_log {
            return;
        }
        let level = if is_ok { log::Level::Debug } else { log::Level::Warn };
        let why = reply.why().map(|why| format!(": {}", escape::bounded(why, LONGEST_REASON)));
        log::log!(
            level,
            "{} {} {} {} {} {} ms {} bytes {}{}",
            TIME.timestamp_to_string(&Timestamp::now()),
            self.caller,
            self.method,
            self.route,
            reply.status(),
            self.took.as_millis(),
            reply.length(),
            self.provenance,
            why.unwrap_or_default(),
        );
    }
}

/// A connection beyond the limit.
pub(super) fn turned_away(peer: &Peer, reply: &Reply) {
    refused(Caller::unknown(peer.clone()), None, reply);
}

/// A request that the gate refused, with its method and route if they are known.
pub(super) fn refused(caller: Caller, request: Option<(&'static str, &'static str)>, reply: &Reply) {
    let (method, route) = request.unwrap_or(("-", "-"));
    Access { caller, method, route, took: Duration::ZERO, provenance: Provenance::AtOnce, is_own_log: false }
        .log(reply);
}

/// A connection that ended without a request: logged at the debug level, since probes, scanners and browsers
/// that connect in advance cause many.
pub(super) fn silent(peer: &Peer, what: &str) {
    if *peer != Peer::Ourselves {
        log::debug!("{} {peer} - {what}", TIME.timestamp_to_string(&Timestamp::now()));
    }
}

/// A connection whose TLS handshake failed.
pub(super) fn without_tls(peer: &Peer, error: &io::Error) {
    // A client that only disconnects was not refused anything; one that rejects our certificate sends an alert.
    let is_gone = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    );
    let level = if is_gone { log::Level::Debug } else { log::Level::Warn };
    let now = TIME.timestamp_to_string(&Timestamp::now());
    let why = escape::bounded(&error.to_string(), LONGEST_REASON);
    log::log!(level, "{now} {peer} - TLS handshake failed: {why}");
}

/// A known method, or `other`.
pub(super) fn method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
