//! One connection: heads in, answers out, each step with its own deadline.

use std::{io, os::fd::BorrowedFd, sync::Arc, time::Duration};

use super::{
    LAST_CHANCE, Rules, Ticket,
    answer::{self, Answer},
    backend::Backend,
    channel::{Channel, is_to_be_tried_again},
    head::Head,
    heads::Heads,
};
use crate::{
    auth::Denied,
    error::Error,
    http::{
        access,
        peer::{Caller, Peer},
        refusal::Refusal,
        reply::{Persistence, Reply},
        wire::{Seen, Wire},
    },
    system::Deadline,
};

/// From the connection's start to its first byte.
pub(super) const FIRST_BYTE: Duration = Duration::from_secs(5);

/// From a head's first byte to its last.
const WHOLE_HEAD: Duration = Duration::from_secs(10);

/// Between an answer and the first byte of the next request.
const IDLE: Duration = Duration::from_secs(30);

/// How long a reader may take nothing at all.
const READER: Duration = Duration::from_secs(10);

/// How long, and how much of, what a refused client still sends is read and thrown away, so that it
/// gets to read why.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Names the connection to tiny_http's side. No header of a client gets that far.
pub(crate) const CONNECTION_HEADER: &str = "X-Gate-Connection";

/// What the reply says about the client's connection: a [`Persistence`].
pub(crate) const PERSISTENCE_HEADER: &str = "X-Gate-Persistence";

/// Tells tiny_http's side how long Prometheus waits, in milliseconds.
pub(crate) const SCRAPE_HEADER: &str = "X-Gate-Scrape";

/// A client's connection.
pub(super) struct Connection<'a> {
    wire: &'a Wire,
    channel: Channel<'a>,
    /// The subject of the client's certificate, which was verified by the CAs of this generation.
    subject: Option<String>,
    generation: u64,
    ticket: &'a Ticket,
    backend: &'a Backend,
    rules: &'a Rules,
    stop: BorrowedFd<'a>,
    /// What was read and not yet used.
    heads: Heads,
}

/// How a conversation ends.
enum End {
    /// Nothing more to say.
    Quiet,
    /// With a reason for the client; and what was asked, as far as it is known, for the log.
    Refused(Refusal, Option<(&'static str, &'static str)>),
}

impl<'a> Connection<'a> {
    /// Serves a connection that has just been accepted, until either side has enough. `stop` is readable
    /// when no more requests are wanted.
    pub(super) fn serve(
        wire: &'a Wire,
        ticket: &'a Ticket,
        backend: &'a Backend,
        rules: &'a Rules,
        stop: BorrowedFd<'a>,
    ) {
        // Before the files of it are looked at, so that it is never too new.
        let generation = rules.generation();
        let channel = match rules.tls_for(wire) {
            None => Ok(Channel::plain(wire)),
            Some(config) => Channel::tls(wire, config, stop),
        };
        match channel {
            Ok(channel) => {
                let subject = channel.subject();
                Self {
                    wire,
                    channel,
                    subject,
                    generation,
                    ticket,
                    backend,
                    rules,
                    stop,
                    heads: Heads::default(),
                }
                .converse();
            }
            Err(error) => {
                access::without_tls(&ticket.peer(), &error);
                ticket.ends();
                wire.shutdown(std::net::Shutdown::Write);
                linger(wire);
            }
        }
    }

    /// Answers requests until either side has enough.
    fn converse(mut self) {
        let mut patience = FIRST_BYTE;
        let end = loop {
            match self.exchange(patience) {
                Ok(true) => patience = IDLE,
                Ok(false) => break End::Quiet,
                Err(end) => break end,
            }
        };
        if let End::Refused(refusal, asked) = end {
            let reply = Reply::refused(&refusal);
            access::refused(self.caller(self.subject()), asked, &reply);
            if self.channel.write_all(&reply.to_bytes(false, Persistence::Close), READER).is_err() {
                return;
            }
        }
        self.ticket.ends();
        // Ends our side, and reads on for a moment: closing with bytes unread would reset the connection,
        // and the client would lose what we said.
        self.channel.finish();
        linger(self.wire);
    }

    /// One request and its answer; says whether there may be another.
    fn exchange(&mut self, patience: Duration) -> Result<bool, End> {
        let Some(mut head) = self.head(patience)? else {
            if patience == FIRST_BYTE {
                access::silent(&self.ticket.peer(), "closed without a request");
            }
            return Ok(false);
        };
        // A client whose CA may be gone by now has to come again to show its certificate.
        if self.subject.is_some() && self.generation != self.rules.generation() {
            head.keep_alive = false;
        }
        let answer = match self.judge(&head) {
            Ok(identity) => {
                self.ticket.asks(identity);
                self.ask(&head)
            }
            Err(mut denied) => {
                self.ticket.asks(None);
                let caller = self.caller(denied.identity.take());
                let reply = Reply::denied(denied, &self.rules.guard().challenge());
                access::refused(caller, Some(self.rules.named(&head.method, &head.target)), &reply);
                Ok(reply.to_bytes(head.method == "HEAD", head.persistence()).into())
            }
        };
        let goes_on = match &answer {
            Ok(answer) => self.ticket.record_answer(answer.own(), answer.shared()),
            Err(_) => self.ticket.record_answer(0, None),
        };
        let Ok(answer) = answer else {
            let asked = self.rules.named(&head.method, &head.target);
            return Err(End::Refused(Error::Internal.into(), Some(asked)));
        };
        for piece in answer.pieces() {
            if self.channel.write_all(piece, READER).is_err() {
                return Ok(false);
            }
        }
        self.ticket.record_read();
        Ok(goes_on && head.keep_alive)
    }

    /// The client's identity, or why it is refused. No command has been considered yet.
    fn judge(&self, head: &Head) -> Result<Option<String>, Denied> {
        // The watchdog has no credentials, and requests nothing but `/health`.
        if self.rules.is_open(&head.target) || self.ticket.peer() == Peer::Ourselves {
            return Ok(None);
        }
        self.rules.guard().judge(self.subject.as_deref(), &head.credentials)
    }

    /// The caller for the log.
    fn caller(&self, identity: Option<String>) -> Caller {
        Caller { peer: self.ticket.peer(), identity: identity.map(Arc::from) }
    }

    /// The identity from the client certificate, whatever the request is.
    fn subject(&self) -> Option<String> {
        self.subject.as_ref().map(|subject| format!("cert:{subject}"))
    }

    /// The next head; `None` when the client is done.
    fn head(&mut self, patience: Duration) -> Result<Option<Head>, End> {
        let mut deadline = Deadline::after(patience);
        let mut begun = false;
        let mut stop = Some(self.stop);
        loop {
            match self.heads.next() {
                Ok(Some(head)) => return Ok(Some(head)),
                Ok(None) => {}
                Err(refusal) => return Err(self.refused(refusal)),
            }
            if !self.heads.is_empty() && !begun {
                begun = true;
                deadline = Deadline::after(WHOLE_HEAD);
            }
            match self.channel.wait(stop, Some(deadline)) {
                Seen::Ready => {
                    if !self.read() {
                        return Ok(None);
                    }
                }
                // An idle keep-alive connection is closed without an error.
                Seen::Other if patience == IDLE && !begun => return Ok(None),
                Seen::Other => {
                    stop = None;
                    deadline = deadline.or_in(LAST_CHANCE);
                }
                Seen::Deadline if begun => return Err(self.refused(Refusal::RequestTimeout)),
                // Nothing was sent, so there is nothing to answer.
                Seen::Deadline => return Ok(None),
            }
        }
    }

    /// What is there of a head is refused.
    fn refused(&self, refusal: Refusal) -> End {
        End::Refused(refusal, self.heads.asked().map(|(method, target)| self.rules.named(method, target)))
    }

    /// Reads available bytes, never beyond the limit of a head; says whether more may come.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 2048];
        let size = self.heads.room().min(buffer.len());
        let (buffer, _) = buffer.split_at_mut(size);
        match self.channel.read(buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.heads.push(buffer.get(..count).unwrap_or_default());
                true
            }
            Err(error) => is_to_be_tried_again(&error),
        }
    }

    /// Hands the head on, rebuilt from what was understood of it, and waits for the answer. How long
    /// that takes is the business of who gives it.
    fn ask(&mut self, head: &Head) -> io::Result<Answer> {
        let scrape = head
            .scrape_timeout
            .map_or(String::new(), |timeout| format!("{SCRAPE_HEADER}: {}\r\n", timeout.as_millis()));
        let request = format!(
            "{} {} HTTP/1.1\r\nHost: gate\r\n{CONNECTION_HEADER}: {}\r\n{PERSISTENCE_HEADER}: {}\r\n{scrape}\r\n",
            head.method,
            head.target,
            self.ticket.id(),
            head.persistence()
        );
        let inner = self.backend.take()?;
        inner.write_all(request.as_bytes(), READER)?;
        let answer = answer::Head::read(&inner, None)?;
        self.backend.give_back(inner);
        Answer::new(answer, self.ticket.take_body(), head.method == "HEAD")
    }
}

/// Reads and discards for a moment what the client still sends.
fn linger(wire: &Wire) {
    let deadline = Deadline::after(LINGER);
    let mut buffer = [0; 1024];
    let mut read = 0;
    while read < LINGER_BYTES && wire.wait(None, Some(deadline)) == Seen::Ready {
        match wire.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => read += count,
            Err(error) if is_to_be_tried_again(&error) => {}
            Err(_) => return,
        }
    }
}
