//! What nvidia-smi reports: its own text, and one row a GPU if asked for.

use serde::Serialize;

use super::{GpuReason, GpuRow, gpu_rows};
use crate::{
    error::Error,
    exec::{Captured, Columns, Deadline, Detail, Executor, Exit, Gpu, Head, Invocation},
    limits::Limits,
};

/// What is asked of nvidia-smi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
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
pub enum GpuStatus {
    /// With exit code 0.
    Ok,
    /// With anything else, or not at all.
    Error,
}

/// The GPU document.
#[derive(Debug, Serialize)]
pub struct GpuReport {
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
    detail: bool,
    gpu: String,
    /// Whether it ended well.
    pub status: GpuStatus,
    /// Why it did not.
    pub reason: Option<GpuReason>,
    /// What to do next, where that is known.
    pub hint: Option<&'static str>,
    /// The rows, if asked for: `Some(None)` when the query for them failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Option<Vec<GpuRow>>>,
    /// Why it could not be asked; only in the overview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// Runs nvidia-smi; a run that failed is an answer too.
///
/// # Errors
/// When it could not be started or did not end in time.
pub fn collect(
    exec: &Executor,
    limits: &Limits,
    deadline: Deadline,
    question: Question,
) -> Result<GpuReport, Error> {
    let mut stdout = Head::new(limits.max_output);
    let ended = exec.run(&Invocation::nvidia_smi(question.detail, question.gpu), deadline, &mut stdout)?;
    let mut report = answered(question, ended.exit, stdout.captured(), ended.stderr);
    if question.parsed {
        report.gpus = Some(rows(exec, limits, deadline, question.gpu)?);
    }
    Ok(report)
}

/// The document of a run that ended. Pure.
fn answered(question: Question, exit: Exit, stdout: Captured, stderr: Captured) -> GpuReport {
    let reason = match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(GpuReason::of(code, &format!("{}\n{}", stdout.text, stderr.text))),
        Exit::Signal(_) => Some(GpuReason::Signal),
    };
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    GpuReport {
        command: Invocation::nvidia_smi(question.detail, question.gpu).command(),
        exit_code: Some(exit.code()),
        stdout_lines: lines(&stdout.text),
        stderr_lines: lines(&stderr.text),
        stdout_truncated: stdout.truncated,
        stderr_truncated: stderr.truncated,
        stdout: stdout.text,
        stderr: stderr.text,
        detail: question.detail == Detail::Full,
        gpu: question.gpu.to_string(),
        status: if reason.is_none() { GpuStatus::Ok } else { GpuStatus::Error },
        reason,
        hint: reason.and_then(GpuReason::hint),
        gpus: None,
        error: None,
    }
}

/// The document in the place of a run that could not be: the overview has to be complete.
pub(super) fn unanswered(question: Question, error: Error) -> GpuReport {
    let mut report = answered(question, Exit::Code(0), Captured::default(), Captured::default());
    report.exit_code = None;
    report.status = GpuStatus::Error;
    report.error = Some(error);
    report
}

/// One row a GPU; `None` when nvidia-smi gave none that could be read.
fn rows(
    exec: &Executor,
    limits: &Limits,
    deadline: Deadline,
    gpu: Gpu,
) -> Result<Option<Vec<GpuRow>>, Error> {
    for columns in [Columns::Full, Columns::Minimal] {
        let mut stdout = Head::new(limits.max_output);
        let ended = match exec.run(&Invocation::query_gpus(columns, gpu), deadline, &mut stdout) {
            Ok(ended) => ended,
            Err(Error::Interrupted(signal)) => return Err(Error::Interrupted(signal)),
            Err(_) => return Ok(None),
        };
        let answer = stdout.captured();
        let rows = gpu_rows::parse(columns.names(), &answer.text);
        if ended.exit.is_success() && !rows.is_empty() {
            return Ok(Some(rows));
        }
        if columns == Columns::Full && !is_refused(ended.exit, &answer.text, &ended.stderr.text) {
            return Ok(None);
        }
    }
    Ok(None)
}

/// An older driver refuses the whole list for one column that it does not know:
/// `Field "…" is not a valid field to query.`, exit code 2.
fn is_refused(exit: Exit, stdout: &str, stderr: &str) -> bool {
    exit == Exit::Code(2) || [stdout, stderr].iter().any(|text| text.contains("not a valid field"))
}
