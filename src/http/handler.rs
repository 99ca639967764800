//! Handles the requests that tiny_http has parsed.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tiny_http::{Request, Server};

use super::{
    access::{self, Access, Provenance},
    gate::{CONNECTION_HEADER, PERSISTENCE_HEADER, SCRAPE_HEADER, Table},
    keys::Keys,
    parts::{Question, Single},
    peer::{Caller, Peer},
    reply::{Persistence, Reply},
    reports::Reports,
    route::{Paths, Route},
    tls::Tls,
};
use crate::{report::metrics, service::Service};

/// What all requests share.
pub(super) struct Handler {
    pub reports: Arc<Reports>,
    pub table: Arc<Table>,
    pub paths: Paths,
    pub keys: Arc<Keys>,
    /// When the server began.
    pub started: Timestamp,
    /// The listed service whose unit we run in, if we do.
    pub own_service: Option<&'static Service>,
    /// How many requests have come.
    pub requests: AtomicU64,
    pub stopping: AtomicBool,
    /// Readable when tiny_http accepts no more connections.
    pub broken: OwnedFd,
}

impl Handler {
    /// Handles requests until told to stop. An error of `recv` at any other time is fatal: tiny_http accepts no
    /// more connections then, and the server would only look as if it were running.
    pub(super) fn run(self: &Arc<Self>, inner: &Server) {
        loop {
            match inner.recv() {
                Ok(request) => self.handle(request),
                Err(_) if self.stopping.load(Ordering::SeqCst) => return,
                Err(error) => {
                    log::error!("cannot accept any more connections: {error}");
                    let _ = rustix::io::write(&self.broken, &1u64.to_ne_bytes());
                    return;
                }
            }
        }
    }

    /// Answers at once if no program is needed, and leaves the rest to the reports.
    fn handle(self: &Arc<Self>, request: Request) {
        let begun = Instant::now();
        let method = request.method().as_str();
        if self.caller(&request).peer != Peer::Ourselves {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
        let (template, found) = self.paths.find(method, request.url(), self.reports.limits());
        let method = access::method(method);
        let answer = move |handler: &Self, request: Request, reply: Reply, provenance, is_own_log| {
            let caller = handler.caller(&request);
            let took = begun.elapsed();
            Access { caller, method, route: template, took, provenance, is_own_log }.log(&reply);
            handler.send(request, reply);
        };
        match found {
            Ok(Route::Ready(reply)) => answer(self, request, reply, Provenance::AtOnce, false),
            Err(refusal) => answer(self, request, Reply::refused(&refusal), Provenance::AtOnce, false),
            Ok(Route::Scrape) => {
                let handler = Arc::clone(self);
                let patience = patience(&request, self.reports.limits().timeout());
                self.reports.ask_for_metrics(patience, move |scrape| {
                    let certificate = handler.keys.tls().and_then(Tls::expires_at);
                    let text = scrape.text(certificate, handler.started);
                    let reply = Reply::of_type(metrics::CONTENT_TYPE, text.into_bytes().into());
                    answer(&handler, request, reply, Provenance::Started, false);
                });
            }
            Ok(Route::Ask(question)) => {
                let own = self.own_service;
                let is_own_log =
                    matches!(question, Question::One(Single::Logs(logs)) if Some(logs.service) == own);
                let handler = Arc::clone(self);
                self.reports.ask(question, move |document| {
                    let (reply, provenance) = match document {
                        Ok(document) if document.shared => {
                            (Reply::document(document.body), Provenance::Shared)
                        }
                        Ok(document) => (Reply::document(document.body), Provenance::Started),
                        Err(error) => (Reply::refused(&error.into()), Provenance::Started),
                    };
                    answer(&handler, request, reply, provenance, is_own_log);
                });
            }
        }
    }

    /// The caller of a request, by the id that the gate gave the connection.
    fn caller(&self, request: &Request) -> Caller {
        match header(request, CONNECTION_HEADER) {
            Some(_) => connection(request).map_or(Caller::unknown(Peer::Unknown), |id| self.table.caller(id)),
            None => Caller::unknown(Peer::Ourselves),
        }
    }

    /// Writes the answer. tiny_http's own responses name the server and are chunked when they are long,
    /// so the head is ours. The body is not copied through its socket: all who read the same answer share it.
    fn send(&self, request: Request, reply: Reply) {
        let is_head = *request.method() == tiny_http::Method::Head;
        let persistence = if self.stopping.load(Ordering::Relaxed) {
            Persistence::Close
        } else {
            let asked = header(&request, PERSISTENCE_HEADER).and_then(|name| name.parse().ok());
            asked.unwrap_or(Persistence::Unsaid)
        };
        let bytes = match connection(&request) {
            None => reply.to_bytes(is_head, persistence),
            Some(id) => {
                let head = reply.head(persistence);
                // Before its head is there: the connection looks for it then.
                if !is_head {
                    self.table.hand_over(id, reply.into_body());
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
}

/// How long an answer for monitors may take: as long as a program may, and less than Prometheus waits.
fn patience(request: &Request, timeout: Duration) -> Duration {
    const UNSAID: Duration = Duration::from_secs(8);
    const RESERVE: Duration = Duration::from_millis(500);
    let scrape = header(request, SCRAPE_HEADER).and_then(|timeout| timeout.parse().ok());
    timeout.min(scrape.map_or(UNSAID, |scrape| Duration::from_millis(scrape).saturating_sub(RESERVE)))
}

/// The connection that it came from, unless the gate asks for itself.
fn connection(request: &Request) -> Option<u64> {
    header(request, CONNECTION_HEADER)?.parse().ok()
}

/// A header of the gate's.
fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.as_str())
}
