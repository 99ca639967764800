//! Signals as descriptors to poll: SIGINT and SIGTERM, which end the process, and SIGHUP.

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

/// Becomes readable with the first signal and stays readable, since its byte is never read.
#[derive(Debug)]
pub(crate) struct Interrupt {
    readable: OwnedFd,
    /// A byte for each signal.
    each: OwnedFd,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Catches SIGINT and SIGTERM. With `with_terminal`, SIGHUP is caught too, so children are ended when the
    /// terminal closes.
    /// Fails when a pipe cannot be created or a signal cannot be caught.
    pub(crate) fn catch(with_terminal: bool) -> io::Result<Self> {
        let (readable, writable) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (each, every) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let signal = Arc::new(AtomicUsize::new(0));
        let hangup = with_terminal.then_some((SIGHUP, 1));
        for (number, value) in [(SIGINT, 2), (SIGTERM, 15)].into_iter().chain(hangup) {
            // The number first: it must be set when the pipe becomes readable.
            flag::register_usize(number, Arc::clone(&signal), value)?;
            pipe::register(number, writable.try_clone()?)?;
            pipe::register(number, every.try_clone()?)?;
        }
        Ok(Self { readable, each, signal })
    }

    /// Ends all children, with `end_all`, and this process at once on the second signal. In its own thread, since all others may be
    /// blocked, by a driver or by a pipe without a reader.
    /// Fails when the thread cannot be started.
    pub(crate) fn end_at_the_second(
        self: &Arc<Self>,
        end_all: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let interrupt = Arc::clone(self);
        let wait = move || {
            if interrupt.next() && interrupt.next() {
                end_all();
                // No destructor and no flush, which could block as well.
                low_level::exit(128 + interrupt.signal().unwrap_or(0));
            }
        };
        thread::Builder::new().name("impatience".to_owned()).stack_size(128 * 1024).spawn(wait)?;
        Ok(())
    }

    /// Waits for the next signal; false if no more can come.
    fn next(&self) -> bool {
        loop {
            match rustix::io::read(&self.each, &mut [0; 1]) {
                Err(rustix::io::Errno::INTR) => {}
                read => return read == Ok(1),
            }
        }
    }

    /// The number of the first signal, if there was one.
    pub(crate) fn signal(&self) -> Option<i32> {
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

/// Readable when SIGHUP has come since it was last taken.
#[derive(Debug)]
pub(crate) struct Hangup(OwnedFd);

impl Hangup {
    /// From here on SIGHUP no longer ends the process.
    /// Fails when a pipe cannot be created or the signal cannot be caught.
    pub(crate) fn catch() -> io::Result<Self> {
        let (readable, writable) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
        pipe::register(SIGHUP, writable)?;
        Ok(Self(readable))
    }

    /// Whether it came; several at once are one.
    pub(crate) fn take(&self) -> bool {
        let mut bytes = [0; 64];
        let mut came = false;
        while rustix::io::read(&self.0, &mut bytes).is_ok_and(|count| count > 0) {
            came = true;
        }
        came
    }
}

impl AsFd for Hangup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
