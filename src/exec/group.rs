//! The end of what was started: every process of a child's group goes, and the child is reaped.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::{Child, ExitStatus},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};
use wait_timeout::ChildExt;

use super::{Invocation, Program, deadline::timespec};
use crate::error::Error;

/// How long a group has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(1);

/// A process that is still there this long after SIGKILL hangs in the kernel.
const HUNG_AFTER: Duration = Duration::from_millis(100);

/// Ends children in the background, so that nobody waits for one that does not want to go.
#[derive(Debug, Default)]
pub struct Reaper {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Children from SIGTERM until they are reaped.
    ending: Vec<Ending>,
    /// Children for which no thread could be had; looked after at the next start.
    unreaped: Vec<Child>,
}

/// A child that was told to end and has not done so yet.
#[derive(Debug)]
struct Ending {
    id: Pid,
    invocation: Invocation,
    since: Timestamp,
    /// It survived SIGKILL.
    hangs: bool,
}

impl Reaper {
    /// Why this must not be started now: the same is still within its grace, or any child of the
    /// program survives SIGKILL. A driver that holds one process would hold the next one too.
    pub fn refusal(&self, invocation: &Invocation) -> Option<Error> {
        let state = self.state();
        let of_program = |ending: &&Ending| ending.invocation.program() == invocation.program();
        if let Some(hung) = state.ending.iter().filter(of_program).find(|ending| ending.hangs) {
            return Some(Error::DriverHung {
                program: invocation.program(),
                since: format!("{:.0}", hung.since),
            });
        }
        let is_same = |ending: &Ending| ending.invocation == *invocation;
        state.ending.iter().any(is_same).then_some(Error::Busy)
    }

    /// Programs that hang in the kernel, and since when.
    pub fn hung(&self) -> Vec<(Program, Timestamp)> {
        let state = self.state();
        state
            .ending
            .iter()
            .filter(|ending| ending.hangs)
            .map(|ending| (ending.invocation.program(), ending.since))
            .collect()
    }

    fn change(&self, id: Pid, change: impl FnOnce(&mut Ending)) {
        if let Some(ending) = self.state().ending.iter_mut().find(|ending| ending.id == id) {
            change(ending);
        }
        self.changed.notify_all();
    }

    fn is_reaped(&self, id: Pid) {
        self.state().ending.retain(|ending| ending.id != id);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reaps children that were left to themselves.
    pub fn sweep(&self) {
        self.state().unreaped.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    /// Waits until every group that is being ended is gone, or has got its SIGKILL and hangs.
    pub fn settle(&self) {
        let until = Instant::now() + GRACE + 10 * HUNG_AFTER;
        let mut state = self.state();
        while state.ending.iter().any(|ending| !ending.hangs) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A child that leads a process group of its own. Dropped in any way, the whole group is ended.
#[derive(Debug)]
pub struct Group {
    child: Option<Child>,
    invocation: Invocation,
    id: Pid,
    pidfd: OwnedFd,
    reaper: Arc<Reaper>,
}

impl Group {
    /// Takes a child that was just started with a process group of its own.
    ///
    /// # Errors
    /// When the kernel has no pidfd for it (before Linux 5.3); the child is ended then.
    pub fn new(mut child: Child, invocation: Invocation, reaper: &Arc<Reaper>) -> io::Result<Self> {
        let id = Pid::from_child(&child);
        match pidfd_open(id, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { child: Some(child), invocation, id, pidfd, reaper: Arc::clone(reaper) }),
            Err(error) => {
                let _ = kill_process_group(id, Signal::KILL);
                child.wait()?;
                Err(error.into())
            }
        }
    }

    /// Readable once the child has ended. It is not reaped by that, so its number stays taken.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// The child has ended: takes the rest of its group along and says how it ended.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn ended(mut self) -> io::Result<ExitStatus> {
        // Before reaping: until then nobody else can have the group's number.
        self.signal(Signal::KILL);
        match self.child.take() {
            Some(mut child) => child.wait(),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn signal(&self, signal: Signal) {
        // It may be gone already, which is what is wanted.
        let _ = kill_process_group(self.id, signal);
    }

    /// TERM was sent: gives it its grace, then KILL, then reaps it however long that takes.
    fn finish(id: Pid, pidfd: &OwnedFd, mut child: Child, reaper: &Reaper) {
        let until = Instant::now() + GRACE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(left))) {
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
        // Also when the child went by itself: what it started may still be there.
        let _ = kill_process_group(id, Signal::KILL);
        if !matches!(child.wait_timeout(HUNG_AFTER), Ok(Some(_))) {
            log::warn!("process {} does not end on SIGKILL: it hangs in the kernel", child.id());
            reaper.change(id, |ending| ending.hangs = true);
            let _ = child.wait();
            log::warn!("process {} has ended after all", child.id());
        }
        reaper.is_reaped(id);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.child.take() else { return };
        self.signal(Signal::TERM);
        let (id, reaper) = (self.id, Arc::clone(&self.reaper));
        let shared = Arc::new(Mutex::new(Some(child)));
        let pidfd = self.pidfd.try_clone();
        self.reaper.state().ending.push(Ending {
            id,
            invocation: self.invocation.clone(),
            since: Timestamp::now(),
            hangs: false,
        });
        let spawned = pidfd.and_then(|pidfd| {
            let child = Arc::clone(&shared);
            thread::Builder::new().name("reaper".to_owned()).stack_size(128 * 1024).spawn(move || {
                let child = child.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(child) = child {
                    Self::finish(id, &pidfd, child, &reaper);
                }
            })
        });
        if spawned.is_err() {
            // No thread or descriptor to be had: no grace, then, and reaped at the next start.
            self.signal(Signal::KILL);
            let child = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.reaper.state().unreaped.extend(child);
            self.reaper.is_reaped(id);
        }
    }
}
