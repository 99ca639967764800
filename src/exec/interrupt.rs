//! Ctrl-C and SIGTERM, as something that can be waited for.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
    low_level::pipe,
};

/// Readable from the first SIGINT or SIGTERM on. Nobody reads it, so it stays so for all.
#[derive(Debug)]
pub struct Interrupt {
    readable: OwnedFd,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From here on the two signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When no pipe can be made or the signals cannot be caught.
    pub fn catch() -> io::Result<Self> {
        let (readable, writable) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let signal = Arc::new(AtomicUsize::new(0));
        for (number, value) in [(SIGINT, 2), (SIGTERM, 15)] {
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
