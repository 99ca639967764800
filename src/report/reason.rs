//! Why the verdict is what it is: one sentence about each service and the GPUs.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{
    GpuReason, UnitStatus,
    clock::Clock,
    gpu::{GpuReport, GpuStatus},
    gpu_health::{self, Code},
    health::{GpuFaults, Health},
    last_log::{Found, LastLog},
    status::ServiceStatus,
    subject::Subject,
    trouble::{Severity, Trouble},
    unit_reason::{self, Finding},
};
use crate::{error::Error, redact, service::Service};

/// One sentence about one service or the GPUs, with a code for scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reason {
    /// What it is about.
    pub subject: Subject,
    /// What kind of trouble.
    #[serde(rename = "code")]
    pub kind: Kind,
    /// The index of the GPU, where it is about one.
    pub gpu: Option<u16>,
    /// The sentence.
    pub text: String,
    /// The same for people who look now, with ages in place of times.
    #[serde(skip)]
    pub spoken: String,
    /// The log line that most likely tells why.
    #[serde(skip_serializing_if = "Evidence::is_off")]
    pub last_log: Evidence,
    /// What a program said, for the operator's terminal only: the line that says most.
    #[serde(skip)]
    pub said: Option<String>,
    #[serde(skip)]
    severity: Severity,
}

/// What kind of trouble a reason is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The unit is not as it should be.
    Unit(Trouble),
    /// nvidia-smi failed.
    Gpu(GpuReason),
    /// It did not, and this is wrong with a GPU.
    Finding(Code),
    /// Nothing is known, for this cause.
    Unanswered(Error),
    /// The unit is masked, which the operator allows.
    MaskedOk,
    /// systemd has not read the unit file.
    DaemonReloadNeeded,
}

impl Kind {
    /// The code that scripts match on.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unit(trouble) => trouble.code(),
            Self::Gpu(reason) => reason.code(),
            Self::Finding(code) => code.name(),
            Self::Unanswered(error) => error.code(),
            Self::MaskedOk => "masked_ok",
            Self::DaemonReloadNeeded => "daemon_reload_needed",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The log line of a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// No lines are looked for.
    #[default]
    Off,
    /// There is none: nothing failed, nothing was logged, or there was no permission or no time.
    Missing,
    Line(LastLog),
}

impl Evidence {
    /// How many secrets were taken out of it.
    pub(super) fn redacted(&self) -> u64 {
        match self {
            Self::Line(line) => redact::count(&line.message),
            Self::Off | Self::Missing => 0,
        }
    }

    fn is_off(&self) -> bool {
        *self == Self::Off
    }

    /// The line, if there is one.
    pub(crate) fn line(&self) -> Option<&LastLog> {
        match self {
            Self::Line(line) => Some(line),
            Self::Off | Self::Missing => None,
        }
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.line().serialize(serializer)
    }
}

impl Reason {
    fn new(subject: Subject, kind: Kind, severity: Severity, text: String) -> Self {
        let spoken = text.clone();
        Self { subject, kind, gpu: None, text, spoken, last_log: Evidence::Off, said: None, severity }
    }

    fn of_unit(service: &'static Service, status: &UnitStatus, now: Timestamp) -> Self {
        let Finding { trouble, severity, text } = unit_reason::of_unit(status, Clock::Absolute);
        let spoken = unit_reason::of_unit(status, Clock::Ages(now)).text;
        Self { spoken, ..Self::new(Subject::Service(service), Kind::Unit(trouble), severity, text) }
    }

    fn of_finding(finding: &gpu_health::Finding) -> Self {
        let severity = match finding.severity {
            gpu_health::Severity::Fault => Severity::Broken,
            gpu_health::Severity::Warning => Severity::Changing,
        };
        let text = finding.text.clone();
        let spoken = format!("{text}: {}", finding.code.advice());
        let reason = Self::new(Subject::Gpu, Kind::Finding(finding.code), severity, text);
        Self { gpu: finding.gpu, spoken, ..reason }
    }

    fn unknown(subject: Subject, error: &Error) -> Self {
        let said = error.detail().map(str::to_owned);
        let text = format!("state unknown: {error}");
        let reason = Self::new(subject, Kind::Unanswered(error.clone()), Severity::Unknown, text);
        Self { spoken: error.to_string(), said, ..reason }
    }

    /// Why nothing is known of the subject, if that is the trouble.
    pub(crate) fn error(&self) -> Option<&Error> {
        match &self.kind {
            Kind::Unanswered(error) => Some(error),
            Kind::Unit(_) | Kind::Gpu(_) | Kind::Finding(_) | Kind::MaskedOk | Kind::DaemonReloadNeeded => {
                None
            }
        }
    }
}

/// The reasons against these answers, worst first; within that in the order of the allowlist,
/// the GPUs last.
pub(crate) fn against(services: &[ServiceStatus], gpu: Option<&GpuReport>, now: Timestamp) -> Vec<Reason> {
    let of_service = |answer| of_service(answer, now);
    let mut reasons: Vec<Reason> = services
        .iter()
        .filter_map(of_service)
        .chain(gpu.filter(|gpu| !gpu.is_explained()).and_then(of_gpu))
        .collect();
    if let Some(gpu) = gpu.filter(|gpu| gpu.is_degraded()) {
        reasons.extend(gpu.faults().map(Reason::of_finding));
    }
    reasons.sort_by_key(|reason| reason.severity);
    reasons
}

/// Puts the lines that were found to their reasons.
pub(super) fn with_last_logs(reasons: &mut [Reason], found: &Found) {
    for reason in reasons {
        reason.last_log = found.get(reason.subject.name()).cloned().map_or(Evidence::Missing, Evidence::Line);
    }
}

/// What does not degrade and should be known: units that are healthy only because the operator allows for
/// it, unit files that systemd has not read, and GPUs that should be looked at.
pub(crate) fn warnings(services: &[ServiceStatus], gpu: Option<&GpuReport>, now: Timestamp) -> Vec<Reason> {
    let of_services =
        services.iter().flat_map(|answer| [masked_ok(answer, now), daemon_reload(answer)]).flatten();
    let findings = gpu.map(|gpu| gpu.findings.as_slice()).unwrap_or_default().iter();
    let is_warning = |finding: &&gpu_health::Finding| {
        let is_fault = finding.severity == gpu_health::Severity::Fault;
        // The reason of a run that failed says the same as its text.
        gpu.is_some_and(|gpu| gpu.reason.is_none_or(|reason| reason.code() != finding.code.name()))
            && !(is_fault && gpu.is_some_and(|gpu| gpu.if_faulty == GpuFaults::Degrade))
    };
    of_services.chain(findings.filter(is_warning).map(Reason::of_finding)).collect()
}

fn masked_ok(answer: &ServiceStatus, now: Timestamp) -> Option<Reason> {
    let status = answer.status.as_ref().filter(|_| answer.health == Some(Health::MaskedOk))?;
    let mut reason = Reason::of_unit(answer.service, status, now);
    reason.kind = Kind::MaskedOk;
    for text in [&mut reason.text, &mut reason.spoken] {
        text.push_str(" (--masked-ok allows this)");
    }
    Some(reason)
}

fn daemon_reload(answer: &ServiceStatus) -> Option<Reason> {
    answer.status.as_ref().filter(|status| status.needs_daemon_reload)?;
    let text = "its unit file changed after systemd loaded it: run `systemctl daemon-reload`".to_owned();
    Some(Reason::new(Subject::Service(answer.service), Kind::DaemonReloadNeeded, Severity::Changing, text))
}

fn of_service(answer: &ServiceStatus, now: Timestamp) -> Option<Reason> {
    if answer.healthy {
        return None;
    }
    let subject = Subject::Service(answer.service);
    Some(match (&answer.error, &answer.status) {
        (Some(error), _) => Reason::unknown(subject, error),
        (None, Some(status)) => Reason::of_unit(answer.service, status, now),
        (None, None) => Reason::unknown(subject, &Error::Internal),
    })
}

/// What is wrong with the GPUs' answer; `None` if nothing is.
pub(crate) fn of_gpu(report: &GpuReport) -> Option<Reason> {
    if report.status == GpuStatus::Ok {
        return None;
    }
    if let Some(error) = &report.error {
        return Some(Reason::unknown(Subject::Gpu, error));
    }
    let reason = report.reason?;
    let said = report.said().map(str::to_owned);
    let text = reason.sentence(report.exit_code.unwrap_or_default(), report.is_silent());
    Some(Reason { said, ..Reason::new(Subject::Gpu, Kind::Gpu(reason), Severity::Broken, text) })
}
