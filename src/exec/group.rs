//! Ends child processes: signals the whole process group and reaps the child.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::{Child, ExitStatus},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use jiff::Timestamp;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use wait_timeout::ChildExt;

use super::Invocation;
use crate::{
    error::Error,
    program::Program,
    system::{Deadline, Wait, lock},
};

/// The time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(1);

/// A process that still exists this long after SIGKILL is stuck in the kernel.
const HUNG_AFTER: Duration = Duration::from_millis(100);

/// The time limit of each of the two steps of ending all children at once.
const AT_ONCE: Duration = Duration::from_millis(250);

/// Ends children in the background, so that no request waits for a child that ignores SIGTERM.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The number of programs that are being started.
    starting: usize,
    /// Children that are not reaped yet.
    children: Vec<Tracked>,
    /// Children without a reaper thread; checked at the next start.
    unreaped: Vec<Child>,
    /// All children were ended, and no more may be started.
    is_closed: bool,
}

/// A child that is not reaped yet.
#[derive(Debug)]
struct Tracked {
    id: Pid,
    invocation: Invocation,
    /// Since when it has been told to end.
    ending: Option<Timestamp>,
    /// SIGKILL was sent: the child may be reaped at any moment and its id reused.
    is_killed: bool,
    /// It survived SIGKILL.
    hangs: bool,
}

impl Tracked {
    /// Sends a signal to the whole group, unless its id may be reused by now.
    fn signal(&self, signal: Signal) {
        if !self.is_killed {
            // An error means that it has already exited.
            let _ = kill_process_group(self.id, signal);
        }
    }

    /// It is being ended, and may still exit.
    fn is_going(&self) -> bool {
        self.ending.is_some() && !self.hangs
    }

    fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.is_killed = true;
    }
}

/// Counts a program until its child is tracked, so that ending all misses none.
#[derive(Debug)]
pub(super) struct Starting(Arc<Reaper>);

impl Drop for Starting {
    fn drop(&mut self) {
        self.0.state().starting -= 1;
        self.0.changed.notify_all();
    }
}

impl Reaper {
    /// Must be held while a program is started.
    /// Errors: `Busy` if the same invocation is still being ended; `DriverHung` if a child of the program has survived
    /// SIGKILL: a driver that blocks one process would block the next one too.
    pub(super) fn begin(self: &Arc<Self>, invocation: &Invocation) -> Result<Starting, Error> {
        let mut state = self.state();
        // Those without a reaper thread.
        state.unreaped.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let of_program = |child: &&Tracked| child.invocation.program() == invocation.program();
        if let Some(hung) = state.children.iter().filter(of_program).find(|child| child.hangs) {
            return Err(Error::DriverHung {
                program: invocation.program(),
                since: format!("{:.0}", hung.ending.unwrap_or_default()),
            });
        }
        let is_same = |child: &Tracked| child.ending.is_some() && child.invocation == *invocation;
        if state.is_closed || state.children.iter().any(is_same) {
            return Err(Error::Busy);
        }
        state.starting += 1;
        Ok(Starting(Arc::clone(self)))
    }

    /// Programs that are stuck in the kernel, and since when.
    pub(super) fn hung(&self) -> Vec<(Program, Timestamp)> {
        let state = self.state();
        let hung = state.children.iter().filter(|child| child.hangs);
        hung.map(|child| (child.invocation.program(), child.ending.unwrap_or_default())).collect()
    }

    fn change(&self, id: Pid, change: impl FnOnce(&mut Tracked)) {
        if let Some(child) = self.state().children.iter_mut().find(|child| child.id == id) {
            change(child);
        }
        self.changed.notify_all();
    }

    fn forget(&self, id: Pid) {
        self.state().children.retain(|child| child.id != id);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until every group that is being ended has exited, or has survived SIGKILL.
    pub(super) fn settle(&self) {
        let is_going = |state: &State| state.children.iter().any(Tracked::is_going);
        drop(self.wait_while(self.state(), GRACE + 10 * HUNG_AFTER, is_going));
    }

    /// The same for those of one program, at most until the deadline.
    pub(super) fn settle_program(&self, program: Program, deadline: Deadline) {
        let is_going = |child: &Tracked| child.is_going() && child.invocation.program() == program;
        drop(self.wait_while(self.state(), deadline.left(), |state| state.children.iter().any(is_going)));
    }

    /// Ends every group at once, and prevents new ones. Returns when all are reaped, or after half a second if
    /// one is stuck in the kernel.
    pub(super) fn end_all(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let mut state = self.wait_while(state, AT_ONCE, |state| state.starting > 0);
        state.children.iter_mut().for_each(Tracked::kill);
        drop(self.wait_while(state, AT_ONCE, |state| !state.children.is_empty()));
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        most: Duration,
        condition: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout_while(state, most, |state| condition(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A child that leads its own process group. Dropping it ends the whole group.
#[derive(Debug)]
pub(super) struct Group {
    child: Option<Child>,
    id: Pid,
    pidfd: OwnedFd,
    reaper: Arc<Reaper>,
}

impl Group {
    /// Takes a child that has just been started in its own process group.
    /// Fails when the kernel has no pidfd for it (before Linux 5.3); the child is killed then.
    pub(super) fn new(mut child: Child, invocation: Invocation, begun: Starting) -> io::Result<Self> {
        let id = Pid::from_child(&child);
        match pidfd_open(id, PidfdFlags::empty()) {
            Ok(pidfd) => {
                let reaper = Arc::clone(&begun.0);
                let tracked = Tracked { id, invocation, ending: None, is_killed: false, hangs: false };
                reaper.state().children.push(tracked);
                drop(begun);
                Ok(Self { child: Some(child), id, pidfd, reaper })
            }
            Err(error) => {
                let _ = kill_process_group(id, Signal::KILL);
                child.wait()?;
                Err(error.into())
            }
        }
    }

    /// The child has exited: kills the rest of its group and returns its exit status.
    /// Fails when it cannot be waited for.
    pub(super) fn ended(mut self) -> io::Result<ExitStatus> {
        // Before reaping: until then the id of the group cannot be reused.
        self.reaper.change(self.id, Tracked::kill);
        let status = match self.child.take() {
            Some(mut child) => child.wait(),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        self.reaper.forget(self.id);
        status
    }

    /// After SIGTERM: waits for the grace period, sends SIGKILL, and reaps the child however long that takes.
    fn finish(id: Pid, pidfd: &OwnedFd, mut child: Child, reaper: &Reaper) {
        Wait::new().readable(pidfd, ()).until(Some(Deadline::after(GRACE)));
        // Also if the child has exited: its own children may still exist.
        reaper.change(id, Tracked::kill);
        if !matches!(child.wait_timeout(HUNG_AFTER), Ok(Some(_))) {
            log::warn!("process {} survived SIGKILL and is stuck in the kernel", child.id());
            reaper.change(id, |child| child.hangs = true);
            let _ = child.wait();
            log::warn!("process {} has finally exited", child.id());
        }
        reaper.forget(id);
    }
}

/// Readable once the child has exited. The child is not reaped yet, so its id is not reused.
impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.child.take() else { return };
        let (id, reaper) = (self.id, Arc::clone(&self.reaper));
        reaper.change(id, |child| {
            child.signal(Signal::TERM);
            child.ending = Some(Timestamp::now());
        });
        let shared = Arc::new(Mutex::new(Some(child)));
        let pidfd = self.pidfd.try_clone();
        let spawned = pidfd.and_then(|pidfd| {
            let child = Arc::clone(&shared);
            thread::Builder::new().name("reaper".to_owned()).stack_size(128 * 1024).spawn(move || {
                let child = lock(&child).take();
                if let Some(child) = child {
                    Self::finish(id, &pidfd, child, &reaper);
                }
            })
        });
        if spawned.is_err() {
            // Without a thread or descriptor: kill at once, and reap at the next start.
            self.reaper.change(id, Tracked::kill);
            let child = lock(&shared).take();
            self.reaper.state().unreaped.extend(child);
            self.reaper.forget(id);
        }
    }
}
