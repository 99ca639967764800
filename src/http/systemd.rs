//! What systemd is told: that we are ready, how it goes, and that we live.

use std::{
    env, fs,
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use sd_notify::NotifyState;

use super::gate::Gate;
use crate::{
    exec::Executor,
    service::{self, Service},
};

/// How often the status line is renewed when no watchdog asks for more.
const STATUS: Duration = Duration::from_secs(10);

/// An accept loop comes round once a second; one that has not for so long does not live.
const STALLED: Duration = Duration::from_secs(4);

/// How long our own `/health` may take.
const HEALTH: Duration = Duration::from_secs(2);

/// Tells systemd, if it wants to know.
pub(super) struct Attendant<'a> {
    gate: &'a Gate,
    exec: &'a Executor,
    interval: Option<Duration>,
    has_watchdog: bool,
    next: Instant,
    /// Each accept loop's count, and since when it is the same.
    beats: Vec<(u64, Instant)>,
}

impl<'a> Attendant<'a> {
    /// Says that we are ready.
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
            beats: gate.beats().into_iter().map(|beat| (beat, now)).collect(),
        }
    }

    /// Tells what there is to tell if it is time; says when it will be time again.
    pub(super) fn attend(&mut self, requests: u64) -> Option<Duration> {
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

    /// Whether each accept loop has come round lately.
    fn accepts(&mut self, now: Instant) -> bool {
        for (seen, beat) in self.beats.iter_mut().zip(self.gate.beats()) {
            if seen.0 != beat {
                *seen = (beat, now);
            }
        }
        let stalled = self.beats.iter().any(|(_, since)| now.duration_since(*since) > STALLED);
        if stalled {
            log::error!("an accept loop stands still");
        }
        !stalled
    }

    /// Whether a connection that enters right behind accept gets its `/health`. One over TCP could
    /// not be made where the unit has a network of its own.
    fn answers(&self) -> bool {
        let ask = || -> io::Result<bool> {
            let mut stream = self.gate.connect()?;
            stream.set_read_timeout(Some(HEALTH))?;
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: watchdog\r\nConnection: close\r\n\r\n")?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            Ok(answer == *b"HTTP/1.1 200")
        };
        let is_well = ask();
        if !matches!(is_well, Ok(true)) {
            log::error!("our own /health is not answered: {is_well:?}");
        }
        matches!(is_well, Ok(true))
    }
}

/// Says that we answer, at the start and after reading keys again.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Says that we are about to read keys again (sd_notify(3)).
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Says that we are about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Nobody has to listen.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::debug!("systemd could not be told: {error}");
    }
}

/// The listed service whose unit this process runs in: its journal has our own log.
pub(super) fn own_service() -> Option<&'static Service> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    cgroups.lines().find_map(|line| {
        let unit = line.rsplit('/').next()?;
        service::all().iter().find(|service| service.unit() == unit)
    })
}
