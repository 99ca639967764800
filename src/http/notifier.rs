//! Notifies systemd of readiness, status and watchdog (sd_notify(3)).

use std::{
    env,
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use sd_notify::NotifyState;

use super::gate::Gate;
use crate::exec::Executor;

/// How often the status line is updated if no watchdog needs it more often.
const STATUS: Duration = Duration::from_secs(10);

/// An accept loop runs at least once a second; after this time without a round it has stalled.
const STALLED: Duration = Duration::from_secs(4);

/// How long the self-check of `/health` may take.
const HEALTH: Duration = Duration::from_secs(2);

/// Notifies systemd, if there is a notification socket.
pub(super) struct Notifier<'a> {
    gate: &'a Gate,
    exec: &'a Executor,
    interval: Option<Duration>,
    has_watchdog: bool,
    next: Instant,
    /// Each accept loop's count, and since when it is the same.
    rounds: Vec<(u64, Instant)>,
}

impl<'a> Notifier<'a> {
    /// Reports readiness.
    pub(super) fn new(gate: &'a Gate, exec: &'a Executor) -> Self {
        let watchdog = sd_notify::watchdog_enabled();
        let is_asked = env::var_os("NOTIFY_SOCKET").is_some();
        ready();
        let now = Instant::now();
        Self {
            gate,
            exec,
            // Half of the time is what sd_watchdog_enabled(3) recommends.
            interval: watchdog.map(|time| (time / 2).min(STATUS)).or(is_asked.then_some(STATUS)),
            has_watchdog: watchdog.is_some(),
            next: now,
            rounds: gate.rounds().into_iter().map(|round| (round, now)).collect(),
        }
    }

    /// Sends what is due; returns when the next notification is due.
    pub(super) fn notify(&mut self, requests: u64) -> Option<Duration> {
        let interval = self.interval?;
        let now = Instant::now();
        if now >= self.next {
            self.next = now + interval;
            let hung = self.exec.hung();
            let hung: Vec<_> =
                hung.iter().map(|(program, since)| format!("{program} since {since:.0}")).collect();
            let trouble =
                if hung.is_empty() { String::new() } else { format!("; hung: {}", hung.join(", ")) };
            tell(&[NotifyState::Status(&format!("serving; {requests} requests{trouble}"))]);
            if self.has_watchdog && self.accepts(now) && self.answers() {
                tell(&[NotifyState::Watchdog]);
            }
        }
        Some(self.next.saturating_duration_since(Instant::now()))
    }

    /// Whether each accept loop has run recently.
    fn accepts(&mut self, now: Instant) -> bool {
        for (seen, round) in self.rounds.iter_mut().zip(self.gate.rounds()) {
            if seen.0 != round {
                *seen = (round, now);
            }
        }
        let stalled = self.rounds.iter().any(|(_, since)| now.duration_since(*since) > STALLED);
        if stalled {
            log::error!("accept loop stalled");
        }
        !stalled
    }

    /// Whether an internal connection, which enters right after accept, gets its `/health`. A TCP connection
    /// would fail in a unit with a private network.
    fn answers(&self) -> bool {
        let ask = || -> io::Result<bool> {
            let mut stream = self.gate.connect()?;
            stream.set_read_timeout(Some(HEALTH))?;
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: watchdog\r\nConnection: close\r\n\r\n")?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            Ok(answer == *b"HTTP/1.1 200")
        };
        match ask() {
            Ok(true) => return true,
            Ok(false) => log::error!("health self-check failed: the status is not 200"),
            Err(error) => log::error!("health self-check failed: {error}"),
        }
        false
    }
}

/// Reports readiness, at startup and after a reload.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Reports the start of a reload (sd_notify(3)).
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Reports the start of the shutdown.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A failure is no reason to stop.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::debug!("could not notify systemd: {error}");
    }
}
