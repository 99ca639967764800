//! One connection's bytes, each wait with its deadline.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::exec::Deadline;

/// A stream to a client or to tiny_http. Reads and writes never block.
#[derive(Debug)]
pub enum Wire {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
}

/// What a wait saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The stream is ready.
    Ready,
    /// The other descriptor is.
    Other,
    /// The deadline has passed.
    Deadline,
}

impl Wire {
    /// Takes over a stream.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        // Answers are written in one piece; waiting for more of them would only be slow.
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// Takes over a stream.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn unix(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::Unix(stream))
    }

    /// Ends it, also while another thread waits for it.
    pub fn shutdown(&self, how: Shutdown) {
        // It may be gone already, which is what is wanted.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        };
    }

    /// Waits until there is something to read, or the other descriptor is readable.
    pub fn wait(&self, other: Option<BorrowedFd<'_>>, deadline: Option<Deadline>) -> Seen {
        self.wait_for(PollFlags::IN, other, deadline)
    }

    fn wait_for(&self, flags: PollFlags, other: Option<BorrowedFd<'_>>, deadline: Option<Deadline>) -> Seen {
        loop {
            let left = deadline.map(Deadline::left);
            if left.is_some_and(|left| left.is_zero()) {
                return Seen::Deadline;
            }
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let mut fds = [
                PollFd::from_borrowed_fd(self.as_fd(), flags),
                PollFd::from_borrowed_fd(other.unwrap_or(self.as_fd()), PollFlags::IN),
            ];
            let fds = if other.is_some() { &mut fds[..] } else { &mut fds[..1] };
            // Interrupted or out of time: the next round sees which.
            if poll(fds, timeout.as_ref()).is_err() {
                continue;
            }
            if !fds[0].revents().is_empty() {
                return Seen::Ready;
            }
            if other.is_some() && !fds[1].revents().is_empty() {
                return Seen::Other;
            }
        }
    }

    /// Reads what is there into the buffer's end; `Ok(0)` at the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; else when the stream is broken.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
        }
    }

    /// Writes what there is room for.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; else when the stream is broken.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(bytes),
            Self::Unix(stream) => (&*stream).write(bytes),
        }
    }

    /// Waits until there is room to write.
    pub fn wait_for_room(&self, deadline: Deadline) -> Seen {
        self.wait_for(PollFlags::OUT, None, Some(deadline))
    }

    /// Writes all of it, as long as every so often some of it is taken.
    ///
    /// # Errors
    /// `TimedOut` when nothing was taken for that long; else when the stream is broken.
    pub fn write_all(&self, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
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
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}
