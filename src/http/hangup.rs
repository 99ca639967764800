//! SIGHUP, as something that can be waited for.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::{consts::SIGHUP, low_level::pipe};

/// Readable when SIGHUP has come since it was last taken.
#[derive(Debug)]
pub(super) struct Hangup(OwnedFd);

impl Hangup {
    /// From here on SIGHUP no longer ends the process.
    pub(super) fn catch() -> io::Result<Self> {
        let (readable, writable) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        pipe::register(SIGHUP, writable)?;
        Ok(Self(readable))
    }

    /// Whether it came; several at once are one.
    pub(super) fn take(&self) -> bool {
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
