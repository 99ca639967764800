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

/// How long a step of ending all at once may take; there are two.
const AT_ONCE: Duration = Duration::from_millis(250);

/// Ends children in the background, so that nobody waits for one that does not want to go.
#[derive(Debug, Default)]
pub struct Reaper {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Programs on their way to being children.
    starting: usize,
    /// Children from their start until they are reaped.
    children: Vec<Tracked>,
    /// Children for which no thread could be had; looked after at the next start.
    unreaped: Vec<Child>,
    /// All of them were ended, and no other may be started.
    is_closed: bool,
}

/// A child that was not reaped yet.
#[derive(Debug)]
struct Tracked {
    id: Pid,
    invocation: Invocation,
    /// Since when it has been told to end.
    ending: Option<Timestamp>,
    /// SIGKILL was sent: the child may be reaped at any moment, and its number be another's.
    is_killed: bool,
    /// It survived SIGKILL.
    hangs: bool,
}

impl Tracked {
    /// Sends a signal to the whole group, unless its number may be another's by now.
    fn signal(&self, signal: Signal) {
        if !self.is_killed {
            // It may be gone already, which is what is wanted.
            let _ = kill_process_group(self.id, signal);
        }
    }

    fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.is_killed = true;
    }
}

/// Counts as a program until its child is tracked, so that none is missed when all are ended.
#[derive(Debug)]
pub struct Starting(Arc<Reaper>);

impl Drop for Starting {
    fn drop(&mut self) {
        self.0.state().starting -= 1;
        self.0.changed.notify_all();
    }
}

impl Reaper {
    /// To be held while a program is started.
    ///
    /// # Errors
    /// Why this must not be started now: the same is still within its grace, or any child of the
    /// program survives SIGKILL. A driver that holds one process would hold the next one too.
    pub fn begin(self: &Arc<Self>, invocation: &Invocation) -> Result<Starting, Error> {
        let mut state = self.state();
        // Those that were left to themselves.
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

    /// Programs that hang in the kernel, and since when.
    pub fn hung(&self) -> Vec<(Program, Timestamp)> {
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

    fn is_reaped(&self, id: Pid) {
        self.state().children.retain(|child| child.id != id);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every group that is being ended is gone, or has got its SIGKILL and hangs.
    pub fn settle(&self) {
        let is_going = |child: &Tracked| child.ending.is_some() && !child.hangs;
        drop(
            self.wait_while(self.state(), GRACE + 10 * HUNG_AFTER, |state| {
                state.children.iter().any(is_going)
            }),
        );
    }

    /// Ends every group at once, and lets no other begin. Returns when all are reaped, within half a second
    /// also where the kernel holds one.
    pub fn end_all(&self) {
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

/// A child that leads a process group of its own. Dropped in any way, the whole group is ended.
#[derive(Debug)]
pub struct Group {
    child: Option<Child>,
    id: Pid,
    pidfd: OwnedFd,
    reaper: Arc<Reaper>,
}

impl Group {
    /// Takes a child that was just started with a process group of its own, as was begun.
    ///
    /// # Errors
    /// When the kernel has no pidfd for it (before Linux 5.3); the child is ended then.
    pub fn new(mut child: Child, invocation: Invocation, begun: Starting) -> io::Result<Self> {
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
        self.reaper.change(self.id, Tracked::kill);
        let status = match self.child.take() {
            Some(mut child) => child.wait(),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        self.reaper.is_reaped(self.id);
        status
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
        reaper.change(id, Tracked::kill);
        if !matches!(child.wait_timeout(HUNG_AFTER), Ok(Some(_))) {
            log::warn!("process {} does not end on SIGKILL: it hangs in the kernel", child.id());
            reaper.change(id, |child| child.hangs = true);
            let _ = child.wait();
            log::warn!("process {} has ended after all", child.id());
        }
        reaper.is_reaped(id);
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
                let child = child.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(child) = child {
                    Self::finish(id, &pidfd, child, &reaper);
                }
            })
        });
        if spawned.is_err() {
            // No thread or descriptor to be had: no grace, then, and reaped at the next start.
            self.reaper.change(id, Tracked::kill);
            let child = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.reaper.state().unreaped.extend(child);
            self.reaper.is_reaped(id);
        }
    }
}
