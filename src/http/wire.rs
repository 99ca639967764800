//! One connection's bytes, each wait with its deadline.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    time::Duration,
};

use rustix::io::ioctl_fionread;

use crate::system::{Deadline, Wait};

/// A stream to a client or to tiny_http. Reads and writes never block, and other threads can see what its
/// own is doing with it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    doing: AtomicU8,
    has_spoken: AtomicBool,
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What its thread is doing: using it, or waiting for something to read, or for room to write.
const USING: u8 = 0;
const WAITING_TO_READ: u8 = 1;
const WAITING_TO_WRITE: u8 = 2;

/// What a wait saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The stream is ready.
    Ready,
    /// The other descriptor is.
    Other,
    /// The deadline has passed.
    Deadline,
}

impl Wire {
    /// Takes over a stream.
    /// Fails when it cannot be made non-blocking.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Answers are written in one piece; waiting for more of them would only be slow.
        stream.set_nodelay(true)?;
        Ok(Self::new(Stream::Tcp(stream)))
    }

    /// Takes over a stream.
    /// Fails when it cannot be made non-blocking.
    pub(crate) fn unix(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::new(Stream::Unix(stream)))
    }

    fn new(stream: Stream) -> Self {
        Self { stream, doing: AtomicU8::new(USING), has_spoken: AtomicBool::new(false) }
    }

    /// Whether it comes from a network.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.stream, Stream::Tcp(_))
    }

    /// Whether the other side has ever sent something that was read.
    pub(crate) fn has_spoken(&self) -> bool {
        self.has_spoken.load(Ordering::SeqCst)
    }

    /// Whether something has come that was not read.
    pub(crate) fn has_bytes(&self) -> bool {
        ioctl_fionread(self).unwrap_or_default() > 0
    }

    /// Whether the next move is ours, as far as its thread has said: it is at work, or has not yet taken what
    /// has come. Bytes are looked for first: the thread that takes them is seen to be at work then, until it has
    /// said what they are.
    pub(crate) fn is_our_move(&self) -> bool {
        let has_bytes = self.has_bytes();
        match self.doing.load(Ordering::SeqCst) {
            WAITING_TO_READ => has_bytes,
            WAITING_TO_WRITE => false,
            _ => true,
        }
    }

    /// Whether its thread waits for the other side to take what was written.
    pub(crate) fn waits_for_room(&self) -> bool {
        self.doing.load(Ordering::SeqCst) == WAITING_TO_WRITE
    }

    /// Ends it, also while another thread waits for it.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        // It may be gone already, which is what is wanted.
        let _ = match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(how),
            Stream::Unix(stream) => stream.shutdown(how),
        };
    }

    /// Waits until there is something to read, or the other descriptor is readable.
    pub(crate) fn wait(&self, other: Option<BorrowedFd<'_>>, deadline: Option<Deadline>) -> Seen {
        let mut wait = Wait::new().readable(self, Seen::Ready);
        if let Some(other) = &other {
            wait = wait.readable(other, Seen::Other);
        }
        self.wait_as(WAITING_TO_READ, wait, deadline)
    }

    fn wait_as(&self, doing: u8, wait: Wait<'_, Seen>, deadline: Option<Deadline>) -> Seen {
        self.doing.store(doing, Ordering::SeqCst);
        let seen = wait.until(deadline).first().copied().unwrap_or(Seen::Deadline);
        self.doing.store(USING, Ordering::SeqCst);
        seen
    }

    /// Reads what is there into the buffer's end; `Ok(0)` at the end of the stream.
    /// Errors: `WouldBlock` when nothing is there; else when the stream is broken.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &self.stream {
            Stream::Tcp(stream) => (&*stream).read(buffer),
            Stream::Unix(stream) => (&*stream).read(buffer),
        }?;
        if count > 0 {
            self.has_spoken.store(true, Ordering::SeqCst);
        }
        Ok(count)
    }

    /// Writes what there is room for.
    /// Errors: `WouldBlock` when there is none; else when the stream is broken.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.stream {
            Stream::Tcp(stream) => (&*stream).write(bytes),
            Stream::Unix(stream) => (&*stream).write(bytes),
        }
    }

    /// Waits until there is room to write.
    pub(crate) fn wait_for_room(&self, deadline: Deadline) -> Seen {
        self.wait_as(WAITING_TO_WRITE, Wait::new().writable(self, Seen::Ready), Some(deadline))
    }

    /// Writes all of it, as long as every so often some of it is taken.
    /// Errors: `TimedOut` when nothing was taken for that long; else when the stream is broken.
    pub(crate) fn write_all(&self, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.wait_for_room(Deadline::after(patience)) == Seen::Deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_move_is_ours_while_its_thread_works_or_bytes_are_there() -> io::Result<()> {
        let (ours, mut theirs) = UnixStream::pair()?;
        let wire = Wire::unix(ours)?;
        assert!(wire.is_our_move(), "its thread has not begun yet");
        wire.doing.store(WAITING_TO_READ, Ordering::SeqCst);
        assert!(!wire.is_our_move() && !wire.has_spoken());
        theirs.write_all(b"GET")?;
        assert!(wire.is_our_move() && !wire.has_spoken(), "they have come and are unread");
        assert_eq!(wire.read(&mut [0; 8])?, 3);
        assert!(!wire.is_our_move() && wire.has_spoken());
        wire.doing.store(WAITING_TO_WRITE, Ordering::SeqCst);
        theirs.write_all(b"GET")?;
        assert!(!wire.is_our_move() && wire.waits_for_room(), "a client that does not read may send on");
        assert_eq!(wire.wait(None, None), Seen::Ready);
        assert!(wire.is_our_move(), "it has been woken up");
        Ok(())
    }
}
