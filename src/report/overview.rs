//! All seven services and the GPUs at once, and one verdict.

use std::{panic, sync::Arc, thread, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Ask,
    gpu::{self, GpuReport},
    gpu_ask,
    health::{FABRIC_MANAGER, Health},
    last_log::{self, Found, LastLog, LastLogs, Run},
    reason::{self, Reason},
    status::{self, ServiceStatus},
    subject::Subject,
    timestamp,
};
use crate::{error::Error, exec::Executor, service, system::Deadline};

/// How many services of one overview get a log line: the worst.
const MOST_LINES: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// All seven services are healthy and nvidia-smi ended well.
    Ok,
    /// Anything else; the reasons say what.
    Degraded,
}

/// The overview document.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    pub status: Verdict,
    /// All seven, in the order of the allowlist.
    pub services: Arc<Vec<ServiceStatus>>,
    pub gpu: Arc<GpuReport>,
    timestamp: String,
    /// What is wrong, worst first.
    pub reasons: Vec<Reason>,
    /// What does not degrade and should be known.
    pub warnings: Vec<Reason>,
    /// How many secrets were taken out of log lines and of nvidia-smi's text.
    redacted: u64,
    #[serde(skip_serializing_if = "is_false")]
    demo: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Overview {
    /// When it was collected, for people: `2026-11-24 11:51:44 UTC`.
    pub(crate) fn collected_at(&self) -> String {
        timestamp::sentence(&self.timestamp)
    }

    /// Whether neither systemd nor nvidia-smi could be asked.
    pub(crate) fn is_blind(&self) -> bool {
        self.gpu.error.is_some()
            && self.gpu.rows().is_none()
            && self.services.iter().all(|service| service.error.is_some())
    }
}

/// Asks systemd and nvidia-smi at the same time. A part that could not be asked carries its error. The log lines of
/// services that ended badly are read while nvidia-smi may still run.
/// Errors: only [`Error::Interrupted`].
pub(crate) fn collect(ask: &Ask, deadline: Deadline, last_logs: &LastLogs) -> Result<Overview, Error> {
    let question = gpu::Question::OVERVIEW;
    let every: Vec<_> = service::all().iter().collect();
    let (services, gpu) = thread::scope(|scope| {
        let ask_gpu = || gpu_ask::collect(ask, deadline, question);
        let asking = thread::Builder::new().name("gpu".to_owned()).spawn_scoped(scope, ask_gpu);
        let services = status::collect_all(ask, deadline, &every).and_then(|services| {
            let lines = |runs: Vec<Run>| ask_for_lines(ask, deadline, &runs);
            Services::with_last_logs(services, last_logs, ask.exec.now(), lines)
        });
        let gpu = match asking {
            Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            // No thread to be had: one after the other, then.
            Err(_) => ask_gpu(),
        };
        (services, gpu)
    });
    if let Err(Error::Interrupted(signal)) = gpu {
        return Err(Error::Interrupted(signal));
    }
    Ok(of_parts(&ask.exec, Ok(Arc::new(services?)), gpu.map(Arc::new), Duration::ZERO, last_logs.is_on()))
}

/// Asks for all lines at the same time.
fn ask_for_lines(ask: &Ask, deadline: Deadline, runs: &[Run]) -> Result<Vec<(Run, Option<LastLog>)>, Error> {
    let deadline = deadline.or_in(last_log::PATIENCE);
    let read = |run: &Run| last_log::collect(ask, deadline, run);
    thread::scope(|scope| {
        let Some((first, others)) = runs.split_first() else { return Ok(Vec::new()) };
        let read = &read;
        let asking: Vec<_> = others
            .iter()
            .map(|run| thread::Builder::new().name("log".to_owned()).spawn_scoped(scope, move || read(run)))
            .collect();
        let mut lines = vec![read(first)];
        for (run, asking) in others.iter().zip(asking) {
            lines.push(match asking {
                Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
                Err(_) => read(run),
            });
        }
        runs.iter().cloned().zip(lines).map(|(run, line)| Ok((run, line?))).collect()
    })
}

/// All seven services, and the log lines of those that ended badly.
#[derive(Debug)]
pub(crate) struct Services {
    /// In the order of the allowlist.
    pub statuses: Arc<Vec<ServiceStatus>>,
    last_logs: Found,
}

impl Services {
    /// Finds the lines of those that ended badly; `ask` is as in [`LastLogs::find`].
    /// Errors: those of `ask`.
    pub(crate) fn with_last_logs<E>(
        statuses: Vec<ServiceStatus>,
        last_logs: &LastLogs,
        now: Timestamp,
        ask: impl FnOnce(Vec<Run>) -> Result<Vec<(Run, Option<LastLog>)>, E>,
    ) -> Result<Self, E> {
        let found = if last_logs.is_on() {
            let runs = wanted(&reason::against(&statuses, None, now), &statuses, now);
            last_logs.find(runs, ask)?
        } else {
            Found::new()
        };
        Ok(Self { statuses: Arc::new(statuses), last_logs: found })
    }
}

/// The runs whose lines are wanted: of the services that failed, restart or ended badly, the worst.
fn wanted(reasons: &[Reason], services: &[ServiceStatus], now: Timestamp) -> Vec<Run> {
    let run = |reason: &Reason| {
        let answer = services.iter().find(|answer| reason.subject == Subject::Service(answer.service))?;
        let status = answer.status.as_ref().filter(|status| status.ended_badly())?;
        Some(Run::of(answer.service, status, now))
    };
    reasons.iter().filter_map(run).take(MOST_LINES).collect()
}

/// Puts the verdict on answers that are already there; `age` is that of the older one. A part that
/// could not be asked carries its error. `has_last_logs`: whether reasons have a log line, or null in its place.
pub(crate) fn of_parts(
    exec: &Executor,
    services: Result<Arc<Services>, Error>,
    gpu: Result<Arc<GpuReport>, Error>,
    age: Duration,
    has_last_logs: bool,
) -> Overview {
    let services = services.unwrap_or_else(|error| {
        Arc::new(Services { statuses: Arc::new(status::unanswered(&error)), last_logs: Found::new() })
    });
    let gpu = gpu.unwrap_or_else(|error| Arc::new(gpu::unanswered(gpu::Question::OVERVIEW, error)));
    let statuses = &services.statuses;
    let has_fabric = statuses
        .iter()
        .any(|status| status.service.id() == FABRIC_MANAGER && status.health != Some(Health::MaskedOk));
    let gpu = if has_fabric && !gpu.of_fabric.is_empty() { Arc::new(gpu.with_fabric()) } else { gpu };
    let is_ok = gpu.is_well() && statuses.iter().all(|service| service.healthy);
    let collected_at = Timestamp::from_nanosecond(exec.now().as_nanosecond() - age.as_nanos().cast_signed());
    let mut reasons = reason::against(statuses, Some(&gpu), exec.now());
    let mut warnings = reason::warnings(statuses, Some(&gpu), exec.now());
    if has_last_logs {
        reason::with_last_logs(&mut reasons, &services.last_logs);
        reason::with_last_logs(&mut warnings, &Found::new());
    }
    let redacted = reasons.iter().map(|reason| reason.last_log.redacted()).sum::<u64>() + gpu.redacted;
    Overview {
        redacted,
        status: if is_ok { Verdict::Ok } else { Verdict::Degraded },
        reasons,
        warnings,
        services: Arc::clone(statuses),
        gpu,
        timestamp: timestamp::rfc_3339(collected_at.unwrap_or_else(|_| exec.now())),
        demo: exec.is_demo(),
    }
}
