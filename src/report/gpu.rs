//! What nvidia-smi reports: its own text, and one row per GPU if asked for.

use serde::Serialize;

use super::{
    GpuReason, GpuRow,
    gpu_rows::{self, GpuRows},
};
use crate::{
    error::{Error, Said},
    exec::{Captured, Columns, Deadline, Detail, Executor, Exit, Gpu, Head, Invocation, Program},
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
}

impl GpuReport {
    /// The lines of nvidia-smi's text that say something, the last first: what a table is framed with, dates and
    /// values are left out. At most four.
    #[must_use]
    pub fn excerpt(&self) -> Vec<&str> {
        let lines = self.stdout_lines.iter().chain(&self.stderr_lines).map(String::as_str);
        lines.rev().filter(|line| says_something(line)).take(4).map(str::trim).collect()
    }
}

fn says_something(line: &str) -> bool {
    let is_framed = line.starts_with(['|', '+', '=']);
    // `    Product Name                          : NVIDIA H100`, and the headings above, in the long report.
    let is_of_report = line.starts_with("    ") || line.contains("  : ");
    let is_date = {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        words.len() == 5 && words[0].len() == 3 && words[3].contains(':') && words[4].parse::<u16>().is_ok()
    };
    line.contains(char::is_alphabetic) && !is_framed && !is_of_report && !is_date
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
        match rows(exec, deadline, question.gpu) {
            Ok(answer) => {
                report.gpus_unread = Some(answer.unread.len());
                report.unread = answer.unread;
                report.gpus = Some((!answer.rows.is_empty()).then_some(answer.rows));
            }
            Err(error @ Error::Interrupted(_)) => return Err(error),
            Err(error) => {
                report.gpus_unread = Some(0);
                report.gpus = Some(None);
                report.query_error = Some(error);
            }
        }
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
        gpus_unread: None,
        unread: Vec::new(),
        query_error: None,
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

/// The most an answer of the query can be: its fixed list is far smaller, also for a hundred GPUs.
const QUERY_LIMIT: usize = 256 * 1024;

/// One row per GPU. Whole rows stand also where nvidia-smi exited with an error after them.
fn rows(exec: &Executor, deadline: Deadline, gpu: Gpu) -> Result<GpuRows, Error> {
    let ask = |columns: Columns| {
        let mut stdout = Head::new(QUERY_LIMIT);
        let ended = exec.run(&Invocation::query_gpus(columns, gpu), deadline, &mut stdout)?;
        let answer = stdout.captured();
        let rows = gpu_rows::parse(columns.names(), &answer.text);
        let said = [&ended.stderr.text, &answer.text].into_iter().find(|text| !text.trim().is_empty());
        let said = Said::from(said.map_or("", |text| text.as_str()));
        Ok((ended, answer, rows, said))
    };
    let (mut ended, answer, mut rows, mut said) = ask(Columns::Full)?;
    if rows.rows.is_empty() && is_refused(ended.exit, &answer.text, &ended.stderr.text) {
        (ended, _, rows, said) = ask(Columns::Minimal)?;
    }
    let program = Program::NvidiaSmi;
    if !rows.rows.is_empty() {
        Ok(rows)
    } else if ended.exit.is_success() {
        Err(Error::UnreadableOutput { program, said })
    } else {
        Err(Error::CommandFailed { program, exit_code: ended.exit.code(), said })
    }
}

/// An older driver refuses the whole list for one column that it does not know:
/// `Field "…" is not a valid field to query.`, exit code 2.
fn is_refused(exit: Exit, stdout: &str, stderr: &str) -> bool {
    exit == Exit::Code(2) || [stdout, stderr].iter().any(|text| text.contains("not a valid field"))
}
