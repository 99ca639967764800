//! Stands in front of tiny_http and keeps clients away from it: accepts and counts connections, enforces
//! limits and deadlines, and forwards only complete, valid heads.

mod accept;
mod answer;
mod backend;
mod body;
mod channel;
mod connection;
mod eviction;
pub(crate) mod head;
mod heads;
mod lobby;
mod slot;
mod table;
mod tally;

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{Arc, atomic::AtomicU64},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::{AsFd, OwnedFd},
    process::{Resource, getrlimit},
};
use rustls::ServerConfig;

pub(crate) use self::backend::Backend;
use self::connection::Connection;
pub(crate) use self::{
    connection::{CONNECTION_HEADER, PERSISTENCE_HEADER, SCRAPE_HEADER},
    table::{Table, Ticket},
};
use super::{access, keys::Keys, listen::Listener, route::Paths, tls::Tls, wire::Wire};
use crate::auth::Guard;

/// What a thread of ours needs at most; the default of 2 MiB would be mapped for each connection.
const STACK: usize = 192 * 1024;

/// Descriptors that a connection takes: its own, and three for the way to tiny_http.
const PER_CONNECTION: usize = 4;

/// Descriptors for everything else: listeners, signals, five programs with their pipes, a few newcomers.
const OTHERS: usize = 48;

/// The most newcomers of a listener that wait for a place.
const LOBBY: u32 = 256;

/// A connection that has only just come has its request on the way, and is not pushed out for another.
const JUST_COME: Duration = Duration::from_millis(20);

/// The same for TLS: the handshake takes the way there and back twice, if it is an old one.
const JUST_COME_TO_TLS: Duration = Duration::from_millis(500);

/// When we are about to stop: the time for the request of a connection that was accepted a moment ago.
const LAST_CHANCE: Duration = Duration::from_millis(500);

/// Which requests are let in.
pub(crate) struct Rules {
    /// TLS and authentication.
    pub keys: Arc<Keys>,
    /// The prefix under which all paths exist as well.
    pub paths: Paths,
}

impl Rules {
    /// The TLS configuration of a connection, if it uses TLS: every TCP connection does, no other.
    fn tls_for(&self, wire: &Wire) -> Option<Arc<ServerConfig>> {
        if wire.is_tcp() { self.keys.tls().map(Tls::config) } else { None }
    }

    /// See [`Tls::generation`].
    fn generation(&self) -> u64 {
        self.keys.tls().map_or(0, Tls::generation)
    }

    fn guard(&self) -> &Guard {
        self.keys.guard()
    }

    /// Method and route of a request, as the log names them.
    fn named(&self, method: &str, target: &str) -> (&'static str, &'static str) {
        (access::method(method), self.paths.template(target))
    }

    /// Whether this needs no authentication.
    fn is_open(&self, target: &str) -> bool {
        self.guard().is_open() || self.paths.is_health(target)
    }
}

/// The gate, once it is open.
pub(crate) struct Gate {
    shared: Arc<Shared>,
    loops: Vec<JoinHandle<()>>,
}

struct Shared {
    table: Arc<Table>,
    backend: Backend,
    rules: Rules,
    /// Readable when no more requests are wanted.
    stop: OwnedFd,
    /// How many newcomers of a listener may wait for a place.
    lobby: usize,
    /// One for each listener: how often its loop has come round.
    rounds: Vec<AtomicU64>,
}

/// How many connections are possible: the number in the settings, or fewer if there are not enough descriptors.
pub(crate) fn cap(asked: usize) -> usize {
    let limit = open_files();
    let possible = limit.saturating_sub(OTHERS) / PER_CONNECTION;
    if possible < asked {
        log::warn!(
            "limiting connections to {}: the limit of open files is {limit}; raise LimitNOFILE= or `ulimit -n`",
            possible.max(1)
        );
    }
    asked.min(possible).max(1)
}

/// How many newcomers of each listener may wait: a few of them always, more as descriptors are left.
fn lobby(cap: usize, listeners: usize) -> usize {
    let left = open_files().saturating_sub(OTHERS + cap * PER_CONNECTION);
    (left / listeners.max(1)).clamp(2, LOBBY as usize)
}

fn open_files() -> usize {
    getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

impl Gate {
    /// Opens the gate: accepts connections from now on, and forwards their requests to the backend.
    /// Fails when there are no descriptors or threads for it.
    pub(crate) fn open(
        listeners: Vec<Listener>,
        table: Arc<Table>,
        rules: Rules,
        backend: Backend,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            lobby: lobby(table.cap(), listeners.len()),
            table,
            backend,
            rules,
            stop: eventfd(0, EventfdFlags::CLOEXEC)?,
            rounds: listeners.iter().map(|_| AtomicU64::new(0)).collect(),
        });
        let accept = |(number, listener)| {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("accept-{number}"))
                .stack_size(STACK)
                .spawn(move || accept::run(&shared, &listener, number))
        };
        let loops = listeners.into_iter().enumerate().map(accept).collect::<io::Result<_>>()?;
        Ok(Self { shared, loops })
    }

    /// An internal connection, which enters right after accept.
    /// Fails when there is no descriptor or thread for it.
    pub(crate) fn connect(&self) -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        let wire = Arc::new(Wire::unix(theirs)?);
        let ticket = self.shared.table.admit_watchdog(&wire);
        self.shared.start(wire, ticket)?;
        Ok(ours)
    }

    /// The number of rounds of each accept loop.
    pub(crate) fn rounds(&self) -> Vec<u64> {
        self.shared.rounds.iter().map(|round| round.load(std::sync::atomic::Ordering::Relaxed)).collect()
    }

    /// Stops accepting, finishes requests in progress, and returns when all connections are closed or that
    /// moment has come.
    pub(crate) fn close(self, until: Instant) {
        // It is never read, so it stays readable for all.
        let _ = rustix::io::write(&self.shared.stop, &1u64.to_ne_bytes());
        // One of them may have accepted a connection that is not in the table yet. None waits for a client.
        for accepts in self.loops {
            let _ = accepts.join();
        }
        self.shared.table.stop();
        self.shared.table.wait_until_empty(until);
        self.shared.table.report(true);
    }
}

impl Shared {
    /// How long a connection has for its next step before it may have to go for another.
    fn grace(&self, wire: &Wire) -> Duration {
        if self.rules.tls_for(wire).is_some() { JUST_COME_TO_TLS } else { JUST_COME }
    }

    /// Serves a connection in a thread of its own.
    fn start(self: &Arc<Self>, wire: Arc<Wire>, ticket: Ticket) -> io::Result<()> {
        let shared = Arc::clone(self);
        thread::Builder::new().name(format!("client-{}", ticket.id())).stack_size(STACK).spawn(
            move || {
                Connection::serve(&wire, &ticket, &shared.backend, &shared.rules, shared.stop.as_fd());
            },
        )?;
        Ok(())
    }
}
