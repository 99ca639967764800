//! Ctrl-C, SIGTERM and the end of the terminal, as something that can be waited for.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
    low_level::pipe,
};

/// Readable from the first of the signals on. Nobody reads it, so it stays so for all.
#[derive(Debug)]
pub struct Interrupt {
    readable: OwnedFd,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From here on SIGINT and SIGTERM no longer end the process by themselves, nor does SIGHUP, if a
    /// terminal that goes away is to end it: what it started would stay otherwise.
    ///
    /// # Errors
    /// When no pipe can be made or the signals cannot be caught.
    pub fn catch(with_terminal: bool) -> io::Result<Self> {
        let (readable, writable) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let signal = Arc::new(AtomicUsize::new(0));
        let hangup = with_terminal.then_some((SIGHUP, 1));
        for (number, value) in [(SIGINT, 2), (SIGTERM, 15)].into_iter().chain(hangup) {
            // The number first: it has to be there when the pipe becomes readable.
            flag::register_usize(number, Arc::clone(&signal), value)?;
            pipe::register(number, writable.try_clone()?)?;
        }
        Ok(Self { readable, signal })
    }

    /// The number of the signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            number => i32::try_from(number).ok(),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.readable.as_fd()
    }
}
