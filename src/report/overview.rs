//! All seven services and the GPUs at once, and one verdict.

use std::{panic, sync::Arc, thread, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    gpu::{self, GpuReport, GpuStatus},
    health::HealthRule,
    reason::{self, Reason},
    status::{self, ServiceStatus},
    timestamp,
};
use crate::{
    error::Error,
    exec::{Deadline, Executor},
    limits::Limits,
    service,
};

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All seven services are healthy and nvidia-smi ended well.
    Ok,
    /// Anything else; the reasons say what.
    Degraded,
}

/// The overview document.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The verdict.
    pub status: Verdict,
    /// All seven, in the order of the allowlist.
    pub services: Arc<Vec<ServiceStatus>>,
    /// The GPUs.
    pub gpu: Arc<GpuReport>,
    timestamp: String,
    /// What is wrong, worst first.
    pub reasons: Vec<Reason>,
    /// What is healthy only because the operator said so.
    pub warnings: Vec<Reason>,
    age_ms: u64,
    #[serde(skip_serializing_if = "is_false")]
    demo: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Overview {
    /// When it was collected, for people: `2026-11-24 11:51:44 UTC`.
    #[must_use]
    pub fn collected_at(&self) -> String {
        timestamp::sentence(&self.timestamp)
    }

    /// Whether neither systemd nor nvidia-smi could be asked.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.gpu.error.is_some() && self.services.iter().all(|service| service.error.is_some())
    }
}

/// Asks systemd and nvidia-smi at the same time. A part that could not be asked carries its error.
///
/// # Errors
/// Only [`Error::Interrupted`].
pub fn collect(
    exec: &Executor,
    limits: &Limits,
    deadline: Deadline,
    rule: &HealthRule,
) -> Result<Overview, Error> {
    let question = gpu::Question::default();
    let every: Vec<_> = service::all().iter().collect();
    let (services, gpu) = thread::scope(|scope| {
        let ask_gpu = || gpu::collect(exec, limits, deadline, question);
        let asking = thread::Builder::new().name("gpu".to_owned()).spawn_scoped(scope, ask_gpu);
        let services = status::collect_all(exec, deadline, rule, &every);
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
    Ok(of_parts(exec, Ok(Arc::new(services?)), gpu.map(Arc::new), Duration::ZERO))
}

/// Puts the verdict on answers that are already there; `age` is that of the older one. A part that
/// could not be asked carries its error.
#[must_use]
pub fn of_parts(
    exec: &Executor,
    services: Result<Arc<Vec<ServiceStatus>>, Error>,
    gpu: Result<Arc<GpuReport>, Error>,
    age: Duration,
) -> Overview {
    let services = services.unwrap_or_else(|error| Arc::new(status::unanswered(&error)));
    let gpu = gpu.unwrap_or_else(|error| Arc::new(gpu::unanswered(gpu::Question::default(), error)));
    let is_ok = gpu.status == GpuStatus::Ok && services.iter().all(|service| service.healthy);
    let collected_at = Timestamp::from_nanosecond(exec.now().as_nanosecond() - age.as_nanos().cast_signed());
    Overview {
        status: if is_ok { Verdict::Ok } else { Verdict::Degraded },
        reasons: reason::against(&services, Some(&gpu)),
        warnings: reason::warnings(&services),
        services,
        gpu,
        timestamp: timestamp::rfc_3339(collected_at.unwrap_or_else(|_| exec.now())),
        age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
        demo: exec.is_demo(),
    }
}
