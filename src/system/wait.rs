//! Waits for descriptors: the only place that calls poll(2).

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Deadline;

/// Descriptors to wait for, each with the event that it brings.
#[derive(Debug)]
pub(crate) struct Wait<'fd, E> {
    descriptors: Vec<PollFd<'fd>>,
    events: Vec<E>,
}

impl<'fd, E> Wait<'fd, E> {
    pub(crate) fn new() -> Self {
        Self { descriptors: Vec::new(), events: Vec::new() }
    }

    /// `event` comes when there is something to read, or the end of it.
    pub(crate) fn readable(self, descriptor: &'fd impl AsFd, event: E) -> Self {
        self.on(descriptor, PollFlags::IN, event)
    }

    /// `event` comes when there is room to write.
    pub(crate) fn writable(self, descriptor: &'fd impl AsFd, event: E) -> Self {
        self.on(descriptor, PollFlags::OUT, event)
    }

    /// `event` comes when the other end has been closed, which poll(2) reports without being asked.
    pub(crate) fn closed(self, descriptor: &'fd impl AsFd, event: E) -> Self {
        self.on(descriptor, PollFlags::empty(), event)
    }

    fn on(mut self, descriptor: &'fd impl AsFd, flags: PollFlags, event: E) -> Self {
        self.descriptors.push(PollFd::new(descriptor, flags));
        self.events.push(event);
        self
    }

    /// Waits for the first events, and returns all that have come, in the order in which they were asked for; none if
    /// the deadline has passed. A signal does not end the wait: what must notice one has a descriptor for it.
    pub(crate) fn until(mut self, deadline: Option<Deadline>) -> Vec<E> {
        loop {
            let left = deadline.map(Deadline::left);
            if left.is_some_and(|left| left.is_zero()) {
                return Vec::new();
            }
            // A time that does not fit is as good as none.
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut self.descriptors, left.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                // Of its other errors none can come: the descriptors are ours and few.
                Err(_) => return Vec::new(),
            }
        }
        let mut descriptors = self.descriptors.iter();
        self.events.retain(|_| descriptors.next().is_some_and(|one| !one.revents().is_empty()));
        self.events
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
            mpsc,
        },
        thread,
        time::Duration,
    };

    use nix::sys::{
        pthread::{pthread_kill, pthread_self},
        signal::Signal,
    };
    use rustix::pipe::pipe;
    use signal_hook::{consts::SIGUSR1, flag};

    use super::*;

    #[test]
    fn all_events_come_in_the_order_in_which_they_were_asked_for() -> io::Result<()> {
        let (empty, _kept) = pipe()?;
        let (full, writer) = pipe()?;
        rustix::io::write(&writer, b"x")?;
        let (reader, broken) = pipe()?;
        drop(reader);
        let wait = Wait::new().readable(&empty, "empty").writable(&writer, "room").readable(&full, "bytes");
        assert_eq!(wait.closed(&broken, "gone").until(None), ["room", "bytes", "gone"]);
        Ok(())
    }

    #[test]
    fn nothing_comes_once_the_deadline_has_passed() -> io::Result<()> {
        let (empty, _kept) = pipe()?;
        assert_eq!(
            Wait::new().readable(&empty, ()).until(Some(Deadline::after(Duration::from_millis(1)))),
            []
        );
        let (full, writer) = pipe()?;
        rustix::io::write(&writer, b"x")?;
        assert_eq!(Wait::new().readable(&full, ()).until(Some(Deadline::after(Duration::ZERO))), []);
        Ok(())
    }

    #[test]
    fn a_signal_does_not_end_the_wait() -> io::Result<()> {
        let noticed = Arc::new(AtomicBool::new(false));
        flag::register(SIGUSR1, Arc::clone(&noticed))?;
        let (reader, writer) = pipe()?;
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                tell.send(pthread_self()).unwrap();
                Wait::new().readable(&reader, "bytes").until(Some(Deadline::after(Duration::from_mins(1))))
            });
            let thread = told.recv().unwrap();
            // The first may come before poll(2) has begun, the others do not.
            for _ in 0..100 {
                pthread_kill(thread, Signal::SIGUSR1).unwrap();
                while !noticed.swap(false, Ordering::SeqCst) && !waiter.is_finished() {
                    thread::yield_now();
                }
            }
            rustix::io::write(&writer, b"x")?;
            assert_eq!(waiter.join().unwrap(), ["bytes"]);
            Ok(())
        })
    }
}
