//! Ctrl-C, SIGTERM and the end of the terminal, as something that can be waited for.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
    low_level::{self, pipe},
};

use super::Executor;

/// Readable from the first of the signals on. Nobody reads it, so it stays so for all.
#[derive(Debug)]
pub struct Interrupt {
    readable: OwnedFd,
    /// A byte for each signal.
    each: OwnedFd,
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
        let (each, every) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let signal = Arc::new(AtomicUsize::new(0));
        let hangup = with_terminal.then_some((SIGHUP, 1));
        for (number, value) in [(SIGINT, 2), (SIGTERM, 15)].into_iter().chain(hangup) {
            // The number first: it has to be there when the pipe becomes readable.
            flag::register_usize(number, Arc::clone(&signal), value)?;
            pipe::register(number, writable.try_clone()?)?;
            pipe::register(number, every.try_clone()?)?;
        }
        Ok(Self { readable, each, signal })
    }

    /// From the second signal on there is no more patience: what was started is ended at once, and this process
    /// with it. A thread of its own, since all others may hang, in a driver's file or in a pipe that nobody reads.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn end_at_the_second(self: &Arc<Self>, exec: &Arc<Executor>) -> io::Result<()> {
        let (interrupt, exec) = (Arc::clone(self), Arc::clone(exec));
        let wait = move || {
            if interrupt.next() && interrupt.next() {
                exec.end_all();
                // No destructor and no flush, which could hang as well.
                low_level::exit(128 + interrupt.signal().unwrap_or(0));
            }
        };
        thread::Builder::new().name("impatience".to_owned()).stack_size(128 * 1024).spawn(wait)?;
        Ok(())
    }

    /// Waits for the next signal; false where none can come any more.
    fn next(&self) -> bool {
        loop {
            match rustix::io::read(&self.each, &mut [0; 1]) {
                Err(rustix::io::Errno::INTR) => {}
                read => return read == Ok(1),
            }
        }
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
