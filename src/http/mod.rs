//! The HTTP server: the gate handles clients, tiny_http requests, and the reports questions.

mod access;
mod expiry;
mod gate;
mod key_file;
mod keys;
mod listen;
mod peer;
mod query;
mod reply;
mod reports;
mod route;
mod single_flight;
mod systemd;
mod tls;
mod wire;

use std::{
    io,
    os::unix::net::UnixListener,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::event::{EventfdFlags, eventfd};
use tiny_http::{Request, Server};

use self::{
    access::Access,
    gate::{CONNECTION_HEADER, Gate, Rules, SAY_HEADER, Table},
    peer::{Caller, Peer},
    reply::Reply,
    reports::Question,
    route::Route,
    single_flight::Queue,
    systemd::Attendant,
};
pub use self::{
    keys::Keys,
    listen::{Bound, Listener, bind, passed},
    reports::Reports,
};
use crate::{
    exec::Executor,
    service::Service,
    system::{Deadline, Hangup, Interrupt, Wait},
};

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    use crate::limits::Limits;

    /// A whole head has only what may be handed on.
    pub(crate) fn head(bytes: &[u8]) {
        super::gate::check_head(bytes);
    }

    pub(crate) fn route(method: &str, target: &str, limits: &Limits) {
        let _ = super::route::find(method, target, limits, Some("/status"));
    }
}

/// Threads that take requests from tiny_http. They never wait for a program.
const TAKERS: usize = 2;

/// The options of the server.
#[derive(Debug)]
pub struct Options {
    /// TLS and authentication.
    pub keys: Keys,
    /// The prefix under which all paths exist as well.
    pub path_prefix: Option<String>,
    /// The most connections at a time.
    pub max_connections: usize,
    /// The caller is not trusted to choose files (AT_SECURE).
    pub is_secure: bool,
}

/// Serves until a signal comes, then answers what is in flight: for at most the command timeout and
/// two seconds more.
///
/// # Errors
/// When there is no thread or descriptor left, or tiny_http accepts no more connections.
pub fn serve(
    bound: Vec<Bound>,
    reports: Reports,
    exec: &Executor,
    options: Options,
    interrupt: &Interrupt,
) -> io::Result<()> {
    let (listeners, socket_files): (Vec<_>, Vec<_>) =
        bound.into_iter().map(|bound| (bound.listener, bound.file)).unzip();
    let timeout = reports.limits().timeout;
    let hangup = Hangup::catch()?;
    let keys = Arc::new(options.keys);
    let rules = Rules {
        keys: Arc::clone(&keys),
        path_prefix: options.path_prefix.clone(),
        is_secure: options.is_secure,
    };
    let table = Arc::new(Table::new(gate::cap(options.max_connections))?);
    let shared = Arc::new(Shared {
        reports: Arc::new(reports),
        table: Arc::clone(&table),
        path_prefix: options.path_prefix,
        own_service: systemd::own_service(),
        requests: AtomicU64::new(0),
        stopping: AtomicBool::new(false),
        broken: eventfd(0, EventfdFlags::CLOEXEC)?,
    });
    // Each thread holds a clone; when the last is gone, so are they all.
    let (alive, all_gone) = mpsc::channel::<()>();
    let spawn = |name: String, run: Box<dyn FnOnce() + Send>| {
        let alive = alive.clone();
        thread::Builder::new().name(name).spawn(move || {
            run();
            drop(alive);
        })
    };
    for queue in Queue::ALL {
        for number in 0..queue.workers() {
            let reports = Arc::clone(&shared.reports);
            spawn(format!("{queue:?}-{number}"), Box::new(move || reports.work(queue)))?;
        }
    }
    let reports = Arc::clone(&shared.reports);
    spawn("clock".to_owned(), Box::new(move || reports.watch_the_clock()))?;

    let server = Mutex::new(None);
    let gate = Gate::open(listeners, table, rules, |listener: UnixListener| {
        let inner = Arc::new(Server::from_listener(listener, None).map_err(io::Error::other)?);
        for number in 0..TAKERS {
            let (shared, inner) = (Arc::clone(&shared), Arc::clone(&inner));
            spawn(format!("taker-{number}"), Box::new(move || take(&shared, &inner)))?;
        }
        *server.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner);
        Ok(())
    })?;
    drop(alive);

    let is_broken = wait(&shared, interrupt, &hangup, &keys, Attendant::new(&gate, exec));
    systemd::stopping();
    // Now, since a second signal leaves no time for it.
    drop(socket_files);
    if !is_broken {
        log::info!("stopping: finishing requests in progress; a second signal stops at once");
    }
    shared.stopping.store(true, Ordering::SeqCst);
    let until = Instant::now() + timeout + Duration::from_secs(2);
    gate.close(until);
    shared.reports.close();
    if let Some(inner) = server.into_inner().unwrap_or_else(PoisonError::into_inner) {
        for _ in 0..TAKERS {
            inner.unblock();
        }
    }
    let _ = all_gone.recv_timeout(until.saturating_duration_since(Instant::now()));
    if is_broken {
        return Err(io::Error::other("it cannot accept any more connections"));
    }
    Ok(())
}

struct Shared {
    reports: Arc<Reports>,
    table: Arc<Table>,
    path_prefix: Option<String>,
    /// The listed service whose unit we run in, if we do.
    own_service: Option<&'static Service>,
    requests: AtomicU64,
    stopping: AtomicBool,
    broken: rustix::fd::OwnedFd,
}

/// Waits for a signal to stop, or for the end of accepting; says whether it was the latter. Meanwhile
/// systemd gets its signs of life, the certificate's dates are watched, and on SIGHUP keys are read again.
fn wait(
    shared: &Shared,
    interrupt: &Interrupt,
    hangup: &Hangup,
    keys: &Keys,
    mut attendant: Attendant<'_>,
) -> bool {
    loop {
        let left = attendant.attend(shared.requests.load(Ordering::Relaxed));
        let left = left.into_iter().chain(keys.watch_expiry()).min();
        let events = Wait::new()
            .readable(interrupt, Event::Signal)
            .readable(&shared.broken, Event::Broken)
            .readable(hangup, Event::Hangup)
            .until(left.map(Deadline::after));
        for event in events {
            match event {
                Event::Signal => return false,
                Event::Broken => return true,
                Event::Hangup if hangup.take() => {
                    systemd::reloading();
                    keys.renew();
                    systemd::ready();
                }
                Event::Hangup => {}
            }
        }
    }
}

/// What the main thread waits for.
enum Event {
    Signal,
    Broken,
    Hangup,
}

/// Takes requests until told to stop. An error of `recv` at any other time is fatal: tiny_http accepts no
/// more connections then, and the server would only look as if it were running.
fn take(shared: &Arc<Shared>, inner: &Server) {
    loop {
        match inner.recv() {
            Ok(request) => respond(shared, request),
            Err(_) if shared.stopping.load(Ordering::SeqCst) => return,
            Err(error) => {
                log::error!("cannot accept any more connections: {error}");
                let _ = rustix::io::write(&shared.broken, &1u64.to_ne_bytes());
                return;
            }
        }
    }
}

/// Answers at once if no program is needed, and leaves the rest to the reports.
fn respond(shared: &Arc<Shared>, request: Request) {
    let begun = Instant::now();
    let method = access::method(request.method().as_str());
    if caller(shared, &request).peer != Peer::Ourselves {
        shared.requests.fetch_add(1, Ordering::Relaxed);
    }
    let limits = shared.reports.limits();
    let (template, found) =
        route::find(request.method().as_str(), request.url(), limits, shared.path_prefix.as_deref());
    let access = move |shared: &Shared, request: &Request, route, how, is_own_log| Access {
        caller: caller(shared, request),
        method,
        route,
        took: begun.elapsed(),
        how,
        is_own_log,
    };
    let at_once = |request: Request, reply: Reply| {
        access(shared, &request, template, "-", false).log(&reply);
        send(shared, request, reply);
    };
    match found {
        Ok(Route::Ready(reply)) => at_once(request, reply),
        Err(error) => at_once(request, Reply::error(&error)),
        Ok(Route::Ask(question)) => {
            let own = shared.own_service;
            let is_own_log = matches!(question, Question::Logs(logs) if Some(logs.service) == own);
            let for_later = Arc::clone(shared);
            shared.reports.ask(question, move |answer| {
                let shared = &for_later;
                let (reply, how) = match answer {
                    Ok(document) => {
                        (Reply::document(document.body), if document.shared { "shared" } else { "run" })
                    }
                    Err(error) => (Reply::error(&error), "run"),
                };
                access(shared, &request, template, how, is_own_log).log(&reply);
                send(shared, request, reply);
            });
        }
    }
}

/// The caller of a request, by the id that the gate gave the connection.
fn caller(shared: &Shared, request: &Request) -> Caller {
    match header(request, CONNECTION_HEADER) {
        Some(_) => connection(request).map_or(Caller::unknown(Peer::Unknown), |id| shared.table.caller(id)),
        None => Caller::unknown(Peer::Ourselves),
    }
}

/// The connection that it came from, unless the gate asks for itself.
fn connection(request: &Request) -> Option<u64> {
    header(request, CONNECTION_HEADER)?.parse().ok()
}

/// A header of the gate's.
fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.as_str())
}

/// Writes the answer. tiny_http's own responses name the server and are chunked when they are long,
/// so the head is ours. The body is not copied through its socket: all who read the same answer share it.
fn send(shared: &Shared, request: Request, reply: Reply) {
    let is_head = *request.method() == tiny_http::Method::Head;
    let say = match header(&request, SAY_HEADER) {
        _ if shared.stopping.load(Ordering::Relaxed) => Some("close"),
        Some("close") => Some("close"),
        Some("keep-alive") => Some("keep-alive"),
        _ => None,
    };
    let bytes = match connection(&request) {
        None => reply.to_bytes(is_head, say),
        Some(id) => {
            let head = reply.head(say);
            // Before its head is there: the connection looks for it then.
            if !is_head {
                shared.table.hand_over(id, reply.into_body());
            }
            head.into_bytes()
        }
    };
    let mut writer = request.into_writer();
    let written = io::Write::write_all(&mut writer, &bytes);
    // The gate reads whole heads, whatever its client does, so this is short.
    if let Err(error) = written.and_then(|()| io::Write::flush(&mut writer)) {
        log::debug!("could not send an answer: {error}");
    }
}
