//! The two useful capabilities, and how to raise them: in a thread that ends afterwards.

use std::{io, panic, thread};

use rustix::thread::{CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities};

/// A capability that a subcommand can use (capabilities(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capability {
    /// Reads every file: for journalctl, without group `systemd-journal`.
    DacReadSearch,
    /// Listens on ports below 1024.
    NetBindService,
}

impl Capability {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::DacReadSearch, Self::NetBindService];

    /// As capabilities(7) and systemd write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DacReadSearch => "CAP_DAC_READ_SEARCH",
            Self::NetBindService => "CAP_NET_BIND_SERVICE",
        }
    }

    pub(super) fn set(self) -> CapabilitySet {
        match self {
            Self::DacReadSearch => CapabilitySet::DAC_READ_SEARCH,
            Self::NetBindService => CapabilitySet::NET_BIND_SERVICE,
        }
    }
}

/// Runs `act` alone with a permitted capability in effect.
/// Fails when it cannot be raised, or the thread cannot be started.
pub(super) fn raised<T: Send>(capability: Capability, act: impl FnOnce() -> T + Send) -> io::Result<T> {
    in_a_thread(|| {
        raise(capability, false)?;
        Ok(act())
    })
}

/// The same for starting a child, which inherits the capability.
/// Fails when it cannot be raised, or the thread or the child cannot be started.
pub(crate) fn lend<T: Send>(
    capability: Capability,
    start: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    in_a_thread(|| {
        raise(capability, true)?;
        start()
    })
}

/// Capabilities belong to threads: this one takes them with it when it ends.
fn in_a_thread<T: Send>(act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, act)?.join() {
        Ok(done) => done,
        Err(payload) => panic::resume_unwind(payload),
    })
}

fn raise(capability: Capability, for_children: bool) -> io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.effective |= capability.set();
    if for_children {
        sets.inheritable |= capability.set();
    }
    set_capabilities(None, sets)?;
    if for_children {
        configure_capability_in_ambient_set(capability.set(), true)?;
    }
    Ok(())
}
