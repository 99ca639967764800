//! A client's connection with or without TLS.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::fd::BorrowedFd,
    sync::Arc,
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection};

use super::LAST_CHANCE;
use crate::{
    http::{
        tls::subject,
        wire::{Seen, Wire},
    },
    system::Deadline,
};

/// The deadline of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// The time for a final alert or close_notify.
const FAREWELL: Duration = Duration::from_millis(100);

/// A client's connection, as plain bytes.
pub(super) struct Channel<'a> {
    wire: &'a Wire,
    tls: Option<Tls>,
}

struct Tls {
    session: Box<ServerConnection>,
    /// Plain bytes that are there already; no wait for the wire would see them.
    unread: usize,
}

impl<'a> Channel<'a> {
    pub(super) fn plain(wire: &'a Wire) -> Self {
        Self { wire, tls: None }
    }

    /// Performs the TLS handshake. Once `stop` is readable only a moment is left for it.
    /// Errors: `TimedOut`; `UnexpectedEof` when the client has disconnected or sent nothing; otherwise why the handshake
    /// failed. The client has received an alert where TLS allows one.
    pub(super) fn tls(wire: &'a Wire, config: Arc<ServerConfig>, stop: BorrowedFd<'_>) -> io::Result<Self> {
        let session = Box::new(ServerConnection::new(config).map_err(io::Error::other)?);
        let mut channel = Self { wire, tls: Some(Tls { session, unread: 0 }) };
        let (mut stop, mut deadline) = (Some(stop), Deadline::after(HANDSHAKE));
        let mut is_begun = false;
        while channel.tls.as_ref().is_some_and(|tls| tls.session.is_handshaking()) {
            match wire.wait(stop, Some(deadline)) {
                Seen::Ready => match channel.receive() {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {
                        is_begun = true;
                        channel.flush(deadline.left())?;
                    }
                    Err(error) if is_to_be_tried_again(&error) => {}
                    Err(error) => return Err(error),
                },
                Seen::Deadline if is_begun => return Err(io::ErrorKind::TimedOut.into()),
                Seen::Deadline => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no data received"));
                }
                Seen::Other => {
                    stop = None;
                    deadline = deadline.or_in(LAST_CHANCE);
                }
            }
        }
        Ok(channel)
    }

    /// The subject of the client's certificate, if it showed one; it was verified then.
    pub(super) fn subject(&self) -> Option<String> {
        let certificates = self.tls.as_ref()?.session.peer_certificates()?;
        certificates.first().map(subject)
    }

    /// Waits until there is something to read, or the other descriptor is readable.
    pub(super) fn wait(&self, other: Option<BorrowedFd<'_>>, deadline: Option<Deadline>) -> Seen {
        if self.tls.as_ref().is_some_and(|tls| tls.unread > 0) {
            return Seen::Ready;
        }
        self.wire.wait(other, deadline)
    }

    /// Reads what is there into the buffer's start; `Ok(0)` at the end.
    /// Errors: `WouldBlock` when nothing is there yet; else when the connection is broken.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.tls.is_none() {
            return self.wire.read(buffer);
        }
        if self.tls.as_ref().is_some_and(|tls| tls.unread == 0) {
            if self.receive()? == 0 {
                return Ok(0);
            }
            self.flush(FAREWELL)?;
        }
        let Some(tls) = &mut self.tls else { return Ok(0) };
        let count = tls.session.reader().read(buffer)?;
        tls.unread = tls.unread.saturating_sub(count);
        Ok(count)
    }

    /// Takes from the wire what is there; `Ok(0)` at its end.
    fn receive(&mut self) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return Ok(0) };
        let count = tls.session.read_tls(&mut Raw(self.wire))?;
        match tls.session.process_new_packets() {
            Ok(state) => {
                tls.unread = state.plaintext_bytes_to_read();
                Ok(count)
            }
            Err(error) => {
                // The alert, which says what was wrong.
                let _ = self.flush(FAREWELL);
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Writes all of it, as long as every so often some of it is taken.
    /// Errors: `TimedOut` when nothing was taken for that long; else when the connection is broken.
    pub(super) fn write_all(&mut self, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            let Some(tls) = &mut self.tls else { return self.wire.write_all(bytes, patience) };
            // As much as it buffers at a time.
            let count = tls.session.writer().write(bytes)?;
            bytes = bytes.get(count..).unwrap_or_default();
            self.flush(patience)?;
        }
        Ok(())
    }

    /// Writes what TLS has to say.
    fn flush(&mut self, patience: Duration) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.session.wants_write() {
            match tls.session.write_tls(&mut Raw(self.wire)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.wire.wait_for_room(Deadline::after(patience)) == Seen::Deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that nothing more will come.
    pub(super) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.session.send_close_notify();
            let _ = self.flush(FAREWELL);
        }
        self.wire.shutdown(Shutdown::Write);
    }
}

/// Whether an error only means that nothing is there yet.
pub(super) fn is_to_be_tried_again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The wire as rustls wants it.
struct Raw<'a>(&'a Wire);

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
