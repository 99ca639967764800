//! The life of the server: its threads, from the first listener to the last answer.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::event::{EventfdFlags, eventfd};

use super::{
    gate::{self, Backend, Gate, Rules, Table},
    handler::Handler,
    keys::Keys,
    listen::Bound,
    notifier::{self, Notifier},
    own_service::own_service,
    reports::Reports,
    route::Paths,
    single_flight::Queue,
};
use crate::{
    exec::Executor,
    system::{Deadline, Hangup, Interrupt, Wait},
};

/// Threads that handle requests from tiny_http. They never wait for a program.
const HANDLERS: usize = 2;

/// The options of the server.
#[derive(Debug)]
pub(crate) struct Options {
    /// TLS and authentication.
    pub keys: Keys,
    /// Which paths there are.
    pub paths: Paths,
    /// The most connections at a time.
    pub max_connections: usize,
    /// The caller is not trusted to choose files (AT_SECURE).
    pub is_secure: bool,
}

/// Serves until a signal comes, then answers what is in flight: for at most the command timeout and
/// two seconds more.
/// Fails when there is no thread or descriptor left, or tiny_http accepts no more connections.
pub(crate) fn serve(
    bound: Vec<Bound>,
    reports: Reports,
    exec: &Executor,
    options: Options,
    interrupt: &Interrupt,
) -> io::Result<()> {
    let (listeners, socket_files): (Vec<_>, Vec<_>) =
        bound.into_iter().map(|bound| (bound.listener, bound.file)).unzip();
    let timeout = reports.limits().timeout();
    let hangup = Hangup::catch()?;
    let Options { keys, paths, max_connections, is_secure } = options;
    let keys = Arc::new(keys);
    let table = Arc::new(Table::new(gate::cap(max_connections))?);
    let handler = Arc::new(Handler {
        reports: Arc::new(reports),
        table: Arc::clone(&table),
        paths: paths.clone(),
        keys: Arc::clone(&keys),
        started: Timestamp::now(),
        own_service: own_service(),
        requests: AtomicU64::new(0),
        stopping: AtomicBool::new(false),
        broken: eventfd(0, EventfdFlags::CLOEXEC)?,
    });
    let threads = Threads::new();
    for queue in Queue::ALL {
        for number in 0..queue.workers() {
            let reports = Arc::clone(&handler.reports);
            threads.spawn(format!("{queue:?}-{number}"), move || reports.work(queue))?;
        }
    }
    let reports = Arc::clone(&handler.reports);
    threads.spawn("clock".to_owned(), move || reports.watch_the_clock())?;
    let (listener, backend) = Backend::bind(is_secure)?;
    let inner = Arc::new(tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?);
    for number in 0..HANDLERS {
        let (handler, inner) = (Arc::clone(&handler), Arc::clone(&inner));
        threads.spawn(format!("handler-{number}"), move || handler.run(&inner))?;
    }
    let gate = Gate::open(listeners, table, Rules { keys: Arc::clone(&keys), paths }, backend)?;

    let end = wait(&handler, interrupt, &hangup, &keys, Notifier::new(&gate, exec));
    notifier::stopping();
    // Now, since a second signal leaves no time for it.
    drop(socket_files);
    if end.is_ok() {
        log::info!("stopping: finishing requests in progress; a second signal stops at once");
    }
    handler.stopping.store(true, Ordering::SeqCst);
    let until = Instant::now() + timeout + Duration::from_secs(2);
    gate.close(until);
    handler.reports.close();
    for _ in 0..HANDLERS {
        inner.unblock();
    }
    threads.join(until);
    end
}

/// Threads that are waited for, but not longer than one has time. Each holds a clone of the sender; when the last is
/// gone, so are they all.
struct Threads {
    alive: mpsc::Sender<()>,
    all_gone: mpsc::Receiver<()>,
}

impl Threads {
    fn new() -> Self {
        let (alive, all_gone) = mpsc::channel();
        Self { alive, all_gone }
    }

    fn spawn(&self, name: String, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let alive = self.alive.clone();
        thread::Builder::new().name(name).spawn(move || {
            run();
            drop(alive);
        })?;
        Ok(())
    }

    fn join(self, until: Instant) {
        drop(self.alive);
        let _ = self.all_gone.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

/// What the main thread waits for.
enum Event {
    Signal,
    Broken,
    Hangup,
}

/// Waits for a signal to stop, or for the end of accepting, which is an error. Meanwhile systemd gets its signs of
/// life, the certificate's dates are watched, and on SIGHUP keys are read again.
fn wait(
    handler: &Handler,
    interrupt: &Interrupt,
    hangup: &Hangup,
    keys: &Keys,
    mut notifier: Notifier<'_>,
) -> io::Result<()> {
    loop {
        let left = notifier.notify(handler.requests.load(Ordering::Relaxed));
        let left = left.into_iter().chain(keys.watch_expiry()).min();
        let events = Wait::new()
            .readable(interrupt, Event::Signal)
            .readable(&handler.broken, Event::Broken)
            .readable(hangup, Event::Hangup)
            .until(left.map(Deadline::after));
        for event in events {
            match event {
                Event::Signal => return Ok(()),
                Event::Broken => return Err(io::Error::other("it cannot accept any more connections")),
                Event::Hangup if hangup.take() => {
                    notifier::reloading();
                    keys.renew();
                    notifier::ready();
                }
                Event::Hangup => {}
            }
        }
    }
}
