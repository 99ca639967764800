//! What nvidia-smi reports: its own text, and one row per GPU if asked for.

use serde::{Serialize, Serializer};

use super::{
    GpuReason, GpuRow,
    gpu_health::{self, Finding, Severity, State},
    gpu_text::Spoken,
    health::GpuFaults,
};
use crate::{
    error::Error,
    exec::{Captured, Detail, Gpu, Invocation},
    program::Exit,
    redact,
};

/// What is asked of nvidia-smi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    /// Its banner or its long report.
    pub detail: Detail,
    /// About which GPUs.
    pub gpu: Gpu,
    /// With one parsed row a GPU.
    pub parsed: bool,
}

impl Question {
    /// What an overview asks.
    pub(crate) const OVERVIEW: Self = Self { detail: Detail::Summary, gpu: Gpu::All, parsed: true };
}

/// Whether nvidia-smi ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GpuStatus {
    /// With exit code 0.
    Ok,
    /// With anything else, or not at all.
    Error,
}

/// The GPU document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GpuReport {
    command: Vec<String>,
    /// As a shell shows it; `None` when it could not be asked.
    pub exit_code: Option<i32>,
    /// What it printed, up to the cap.
    pub stdout: String,
    /// What it printed as errors, up to the cap.
    pub stderr: String,
    stdout_lines: Vec<String>,
    stderr_lines: Vec<String>,
    /// There was more on stdout.
    pub stdout_truncated: bool,
    /// There was more on stderr.
    pub stderr_truncated: bool,
    /// How many secrets were taken out of both.
    pub redacted: u64,
    detail: bool,
    gpu: String,
    /// Whether it ended well.
    pub status: GpuStatus,
    /// Why it did not.
    pub reason: Option<GpuReason>,
    /// What to do next, where that is known.
    pub hint: Option<&'static str>,
    /// What is known of the GPUs, in one word: the worst of the findings.
    pub health: State,
    /// How old the answer of the health query was when this document was made, in milliseconds; `None` without one.
    pub health_age_ms: Option<u64>,
    /// The columns of the health query that this driver does not have.
    pub unreported: Vec<&'static str>,
    /// What is wrong with single GPUs, as far as this text and the health query tell, the faults first.
    pub findings: Vec<Finding>,
    /// What is wrong with the fabric, where the operator allows a VM without one.
    #[serde(skip)]
    pub of_fabric: Vec<Finding>,
    /// What a fault among them does to the verdict.
    #[serde(skip)]
    pub if_faulty: GpuFaults,
    #[serde(skip_serializing_if = "Rows::is_unasked")]
    pub gpus: Rows,
    /// How many lines of the query's answer could not be read as whole rows; with the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_unread: Option<usize>,
    /// These lines.
    #[serde(skip)]
    pub unread: Vec<String>,
    /// Why the query for the rows failed.
    #[serde(skip)]
    pub query_error: Option<Error>,
    /// Why it could not be asked; only in the overview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    #[serde(skip)]
    spoken: Spoken,
}

/// The rows of a report.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// They were not asked for.
    Unasked,
    /// The query for them failed.
    Failed,
    /// One per GPU.
    Read(Vec<GpuRow>),
}

impl Rows {
    fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked)
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unasked | Self::Failed => serializer.serialize_none(),
            Self::Read(rows) => rows.serialize(serializer),
        }
    }
}

impl GpuReport {
    /// Whether nvidia-smi ended well and no GPU has a fault that degrades.
    pub(crate) fn is_well(&self) -> bool {
        self.status == GpuStatus::Ok && !self.is_degraded()
    }

    /// Whether a GPU has a fault that degrades, which says more than how nvidia-smi ended.
    pub(crate) fn is_degraded(&self) -> bool {
        let has_faults = self.if_faulty == GpuFaults::Degrade && self.faults().next().is_some();
        has_faults && (self.status == GpuStatus::Ok || self.names_the_bad())
    }

    /// Whether nvidia-smi failed, and rows and findings tell which GPUs are to blame for it.
    fn names_the_bad(&self) -> bool {
        matches!(self.rows(), Some(rows) if rows.iter().any(|row| row.health != State::Unknown))
            && self.faults().any(|fault| fault.gpu.is_some())
    }

    /// Whether the faults of single GPUs say all that there is to say.
    pub(super) fn is_explained(&self) -> bool {
        self.is_degraded() && !matches!(self.error, Some(Error::DriverHung { .. }))
    }

    /// Adds what nvidia-smi printed about a single GPU, as far as there is room.
    pub(super) fn append(&mut self, text: &str, room: usize) {
        for line in text.lines() {
            if self.stdout.len() + line.len() >= room {
                self.stdout_truncated = true;
                return;
            }
            self.redacted += redact::count(line);
            self.stdout.push_str(line);
            self.stdout.push('\n');
            self.stdout_lines.push(line.to_owned());
        }
    }

    /// Says in one word what the findings are about, of all GPUs and of each row. `is_judged`: without findings all is
    /// well.
    pub(super) fn judge(&mut self, is_judged: bool) {
        self.health = State::of(&self.findings, is_judged);
        let Rows::Read(rows) = &mut self.gpus else { return };
        for row in rows {
            for finding in self.findings.iter_mut().filter(|finding| finding.gpu == row.number()) {
                finding.uuid = finding.uuid.take().or_else(|| row.uuid.clone());
            }
            let is_of_it = |finding: &&Finding| finding.gpu == row.number() && finding.gpu.is_some();
            let of_it: Vec<Finding> = self.findings.iter().filter(is_of_it).cloned().collect();
            row.health = State::of(&of_it, row.is_read());
        }
    }

    /// The same with what was found about the fabric, for a VM that turns out to have NVSwitches.
    pub(super) fn with_fabric(&self) -> Self {
        let mut report = self.clone();
        let of_fabric = std::mem::take(&mut report.of_fabric);
        gpu_health::add(&mut report.findings, &of_fabric);
        report.judge(self.health != State::Unknown);
        report
    }

    /// The rows, if any were read.
    pub(crate) fn rows(&self) -> Option<&[GpuRow]> {
        match &self.gpus {
            Rows::Read(rows) => Some(rows),
            Rows::Unasked | Rows::Failed => None,
        }
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Fault)
    }

    /// The messages in nvidia-smi's text, the last first, at most four: also of text that was too long to be kept.
    pub(crate) fn excerpt(&self) -> impl Iterator<Item = &str> {
        self.spoken.messages.iter().map(String::as_str)
    }

    /// The message that most likely tells the cause.
    pub(crate) fn said(&self) -> Option<&str> {
        self.spoken.best()
    }

    /// It printed nothing at all.
    pub(crate) fn is_silent(&self) -> bool {
        !self.spoken.is_anything
    }
}

/// The document of a run that ended. Pure.
pub(super) fn answered(
    question: Question,
    exit: Exit,
    stdout: Captured,
    stderr: Captured,
    spoken: Spoken,
) -> GpuReport {
    let reason = match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(GpuReason::of(code, spoken.reason)),
        Exit::Signal(_) => Some(GpuReason::Signal),
    };
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    GpuReport {
        command: Invocation::Smi { detail: question.detail, gpu: question.gpu }.command(),
        exit_code: Some(exit.code()),
        stdout_lines: lines(&stdout.text),
        stderr_lines: lines(&stderr.text),
        stdout_truncated: stdout.truncated,
        stderr_truncated: stderr.truncated,
        redacted: redact::count(&stdout.text) + redact::count(&stderr.text),
        stdout: stdout.text,
        stderr: stderr.text,
        detail: question.detail == Detail::Full,
        gpu: question.gpu.to_string(),
        status: if reason.is_none() { GpuStatus::Ok } else { GpuStatus::Error },
        reason,
        hint: reason.and_then(GpuReason::hint),
        health: State::Unknown,
        health_age_ms: None,
        unreported: Vec::new(),
        findings: Vec::new(),
        of_fabric: Vec::new(),
        if_faulty: GpuFaults::Degrade,
        gpus: Rows::Unasked,
        gpus_unread: None,
        unread: Vec::new(),
        query_error: None,
        error: None,
        spoken,
    }
}

/// The document in the place of a run that could not be: the overview has to be complete.
pub(super) fn unanswered(question: Question, error: Error) -> GpuReport {
    let nothing = Captured::default;
    let mut report = answered(question, Exit::Code(0), nothing(), nothing(), Spoken::default());
    report.exit_code = None;
    report.status = GpuStatus::Error;
    report.error = Some(error);
    report
}
