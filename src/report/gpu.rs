//! What nvidia-smi reports: its own text, and one row per GPU if asked for.

use serde::{Serialize, Serializer};

use super::{
    Ask, GpuReason, GpuRow, gpu_banner,
    gpu_health::{self, Extent, Finding, Severity, State},
    gpu_rows::{self, GpuRows},
    gpu_text::{Spoken, hear},
    health::GpuFaults,
};
use crate::{
    error::{Error, Said},
    exec::{Captured, Columns, Detail, Executor, Gpu, Head, Invocation},
    program::{Exit, Program},
    redact,
    system::Deadline,
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

impl Default for Question {
    fn default() -> Self {
        Self { detail: Detail::Summary, gpu: Gpu::All, parsed: false }
    }
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
#[derive(Debug, Serialize)]
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
    pub(super) redacted: u64,
    detail: bool,
    gpu: String,
    /// Whether it ended well.
    pub status: GpuStatus,
    /// Why it did not.
    pub reason: Option<GpuReason>,
    /// What to do next, where that is known.
    pub hint: Option<&'static str>,
    /// What is known of the GPUs, in one word: the worst of the findings.
    health: State,
    /// What is wrong with single GPUs, as far as this text tells, the faults first.
    pub findings: Vec<Finding>,
    /// What a fault among them does to the verdict.
    #[serde(skip)]
    pub if_faulty: GpuFaults,
    #[serde(skip_serializing_if = "Rows::is_unasked")]
    pub gpus: Rows,
    /// How many lines of the query's answer could not be read as whole rows; with the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpus_unread: Option<usize>,
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
#[derive(Debug)]
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

    /// Whether nvidia-smi ended well, and one of its GPUs has a fault that degrades.
    pub(crate) fn is_degraded(&self) -> bool {
        self.status == GpuStatus::Ok && self.if_faulty == GpuFaults::Degrade && self.faults().next().is_some()
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

/// Runs nvidia-smi; a run that failed is an answer too.
/// Fails when it could not be started or did not end in time.
pub(crate) fn collect(ask: &Ask, deadline: Deadline, question: Question) -> Result<GpuReport, Error> {
    let (mut stdout, mut stderr) = (Head::new(ask.limits.max_output()), Head::new(ask.limits.max_output()));
    let (mut spoken, mut on_stderr) = (Spoken::default(), Spoken::default());
    let exit = {
        let mut heard = hear(&mut stdout, &mut spoken);
        let mut complained = hear(&mut stderr, &mut on_stderr);
        let invocation = Invocation::Smi { detail: question.detail, gpu: question.gpu };
        let exit = ask.exec.run_with(&invocation, deadline, &mut heard, &mut complained);
        heard.end();
        complained.end();
        exit
    };
    // What is on stderr comes last.
    spoken.append(on_stderr);
    let exit = exit.map_err(|error| match error {
        Error::Timeout { program, limit, .. } => {
            Error::Timeout { program, limit, said: Said::of(spoken.best()) }
        }
        error => error,
    })?;
    let mut report = answered(question, exit, stdout.captured(), stderr.captured(), spoken);
    report.if_faulty = ask.rule.gpu_faults;
    let extent = match question {
        Question { detail: Detail::Summary, .. } if report.stdout_truncated => Extent::Truncated,
        Question { detail: Detail::Summary, gpu: Gpu::All, .. } => {
            let listed = gpu_banner::parse(&report.stdout).len();
            let expected = ask.rule.gpus.max(ask.exec.gpus_of_driver());
            Extent::All { expected, before: ask.most_gpus_before(listed) }
        }
        _ => Extent::Some,
    };
    report.findings = gpu_health::findings(&report.stdout, extent);
    if report.status == GpuStatus::Error {
        // Why it failed is the reason already; what it says of single GPUs stands.
        report.findings.retain(|finding| finding.gpu.is_some() || !finding.code.is_about_all());
    }
    if question.parsed {
        let (answer, error) = rows(&ask.exec, deadline, question.gpu);
        if let Some(error @ Error::Interrupted(_)) = error {
            return Err(error);
        }
        gpu_health::add_rows(&mut report.findings, &answer.rows);
        report.gpus_unread = Some(answer.unread.len());
        report.unread = answer.unread;
        report.gpus = if answer.rows.is_empty() { Rows::Failed } else { Rows::Read(answer.rows) };
        report.query_error = error;
    }
    // The long report has no table that is judged. A run that failed after a whole table with a warning has been judged.
    let is_judged =
        question.detail == Detail::Summary && (report.status == GpuStatus::Ok || !report.findings.is_empty());
    report.health = State::of(&report.findings, is_judged);
    Ok(report)
}

/// The document of a run that ended. Pure.
fn answered(question: Question, exit: Exit, stdout: Captured, stderr: Captured, spoken: Spoken) -> GpuReport {
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
        findings: Vec::new(),
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

/// The most an answer of the query can be: its fixed list is far smaller, also for a hundred GPUs.
const QUERY_LIMIT: usize = 256 * 1024;

/// One row per GPU, and why there may be more: whole rows stand however nvidia-smi ended after them.
fn rows(exec: &Executor, deadline: Deadline, gpu: Gpu) -> (GpuRows, Option<Error>) {
    let ask = |columns: Columns| {
        let mut stdout = Head::new(QUERY_LIMIT);
        let ended = exec.run(&Invocation::Query { columns, gpu }, deadline, &mut stdout);
        let answer = stdout.captured();
        let rows = gpu_rows::parse(columns.names(), &answer.text);
        (ended, answer.text, rows)
    };
    let (mut ended, mut text, mut rows) = ask(Columns::Full);
    if let Ok(full) = &ended
        && rows.rows.is_empty()
        && is_refused(full.exit, &text, &full.stderr.text)
    {
        (ended, text, rows) = ask(Columns::Minimal);
    }
    let program = Program::NvidiaSmi;
    let error = match ended {
        Err(error) => Some(error),
        Ok(ended) if ended.exit.is_success() => {
            let said = || Said::from(&*text);
            rows.rows.is_empty().then(|| Error::UnreadableOutput { program, said: said() })
        }
        Ok(ended) => {
            let said = [&ended.stderr.text, &text].into_iter().find(|text| !text.trim().is_empty());
            let said = Said::of(said.map(String::as_str));
            Some(Error::CommandFailed { program, exit: ended.exit, said })
        }
    };
    if rows.rows.is_empty() {
        // Its words are told with the error.
        rows.unread.clear();
    }
    (rows, error)
}

/// An older driver refuses the whole list for one column that it does not know:
/// `Field "…" is not a valid field to query.`, exit code 2.
fn is_refused(exit: Exit, stdout: &str, stderr: &str) -> bool {
    exit == Exit::Code(2) || [stdout, stderr].iter().any(|text| text.contains("not a valid field"))
}
