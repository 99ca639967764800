//! The health query: one row per GPU, with all that this driver tells of it.

use std::{panic, thread, time::Instant};

use super::{
    Ask, GpuReason,
    gpu_each::{Each, Indices, One, ask_each, unanswered},
    gpu_health::{self, Code, Finding, Severity},
    gpu_row::GpuRow,
    gpu_rows::{self, GpuRows},
};
use crate::{
    error::{Error, Said},
    exec::{Columns, Ended, Gpu, Head, Invocation},
    program::{Exit, Program},
    system::Deadline,
};

/// The most an answer of the query can be: its fixed list is far smaller, also for a hundred GPUs.
const LIMIT: usize = 256 * 1024;

/// What the health query told.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// One per GPU; one that could not be read has only its index.
    pub rows: Vec<GpuRow>,
    /// The lines that could not be read as rows.
    pub unread: Vec<String>,
    /// Why there may be more.
    pub error: Option<Error>,
    /// The columns that this driver does not have.
    pub unreported: Vec<&'static str>,
    /// What is wrong with single GPUs.
    pub findings: Vec<Finding>,
}

impl Health {
    /// Every GPU has been read.
    pub(super) fn is_whole(&self) -> bool {
        self.error.is_none() && self.unread.is_empty() && !self.rows.is_empty()
    }
}

/// An answer of nvidia-smi to the query about all GPUs, or about one.
pub(super) struct Answer {
    rows: GpuRows,
    text: String,
    ended: Result<Ended, Error>,
    columns: Columns,
    /// The remapped rows were told by their own query, or why they were not.
    remapped: Result<bool, Error>,
}

/// Asks for the rows, and at the same time for the remapped rows where they have a query of their own.
pub(super) fn ask(ask: &Ask, deadline: Deadline, driver: Option<&str>, gpu: Gpu) -> Answer {
    let first = ask.gpus.columns(driver);
    let remapped = |columns: Columns| {
        let run = || run(ask, deadline, &Invocation::Remapped { gpu });
        columns.leaves_out_remapped_rows().then(run)
    };
    let (mut answer, of_remapped) = thread::scope(|scope| {
        let beside = first.leaves_out_remapped_rows().then(|| {
            thread::Builder::new().name("remapped".to_owned()).spawn_scoped(scope, || remapped(first))
        });
        let answer = rows(ask, deadline, first, gpu);
        let of_remapped = match beside {
            Some(Ok(beside)) => beside.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            _ => remapped(answer.columns),
        };
        (answer, of_remapped)
    });
    if answer.ended.is_ok() && !answer.rows.rows.is_empty() {
        ask.gpus.learn_columns(driver, answer.columns);
    }
    match of_remapped {
        Some((Ok(ended), text)) if ended.exit.is_success() => {
            answer.remapped = Ok(gpu_rows::add_remapped(&mut answer.rows.rows, &text));
        }
        Some((Err(error), _)) if error != Error::NotRecorded => answer.remapped = Err(error),
        _ => {}
    }
    answer
}

/// Asks for an older list where one is refused.
fn rows(ask: &Ask, deadline: Deadline, first: Columns, gpu: Gpu) -> Answer {
    let mut columns = first;
    loop {
        let (ended, text) = run(ask, deadline, &Invocation::Query { columns, gpu });
        let is_refused = ended
            .as_ref()
            .is_ok_and(|ended| ended.exit == Exit::Code(2) && is_refusal(&text, &ended.stderr.text));
        if let (true, Some(older)) = (is_refused, columns.before()) {
            columns = older;
            continue;
        }
        let mut rows = gpu_rows::parse(&columns.names(), &text);
        if let Gpu::Index(index) = gpu {
            // What is said of another GPU answers nothing about this one.
            rows.rows.retain(|row| row.number() == Some(index) || row.number().is_none());
        }
        return Answer { rows, text, ended, columns, remapped: Ok(false) };
    }
}

fn run(ask: &Ask, deadline: Deadline, invocation: &Invocation) -> (Result<Ended, Error>, String) {
    let mut stdout = Head::new(LIMIT);
    let ended = ask.exec.run(invocation, deadline, &mut stdout);
    (ended, stdout.captured().text)
}

/// `Field "…" is not a valid field to query.`, which ends with code 2: nothing else makes an older list be asked for.
pub(super) fn is_refusal(stdout: &str, stderr: &str) -> bool {
    [stdout, stderr].iter().any(|text| text.contains("is not a valid field to query"))
}

/// The health by an answer about all GPUs. Where that is broken, each of them is asked about by itself.
/// Errors: only [`Error::Interrupted`].
pub(super) fn health(
    ask: &Ask,
    deadline: Deadline,
    driver: Option<&str>,
    indices: &Indices,
    answer: Answer,
) -> Result<Health, Error> {
    if is_broken(&answer) {
        let each = ask_each(&ask.exec, deadline, indices, |index, deadline| {
            let one = self::ask(ask, deadline, driver, Gpu::Index(index));
            match &one.ended {
                Err(error) => Err(error.clone()),
                Ok(_) if one.text.starts_with("No devices were found") => Ok(One::Missing),
                Ok(_) if one.rows.rows.is_empty() && gpu_health::of_one(index, &one.text).is_none() => {
                    Ok(One::Nothing)
                }
                Ok(_) => Ok(One::Answer(one)),
            }
        })?;
        return Ok(of_each(ask, answer, each));
    }
    let mut health = of_answer(ask, answer);
    if let Some(error @ Error::Interrupted(_)) = health.error {
        return Err(error);
    }
    let is_new = |finding: &Finding| finding.severity == Severity::Fault && ask.gpus.is_new(finding);
    if ask.gpus.is_lasting() && health.findings.iter().any(is_new) && !deadline.passed() {
        let again = of_answer(ask, self::ask(ask, deadline, driver, Gpu::All));
        // An answer that tells less confirms nothing and clears nothing.
        if again.is_whole() {
            health = again;
        }
    }
    Ok(health)
}

/// The health of one GPU, by the answer about it alone.
/// Errors: only [`Error::Interrupted`].
pub(super) fn health_of_one(ask: &Ask, index: u16, answer: Answer) -> Result<Health, Error> {
    let found = gpu_health::of_one(index, &answer.text);
    let mut health = of_answer(ask, answer);
    if let Some(error @ Error::Interrupted(_)) = health.error {
        return Err(error);
    }
    health.findings.extend(found);
    Ok(health)
}

/// Whether the answer hides GPUs behind a bad one. Without a driver, or with the wrong library, each would get the same.
fn is_broken(answer: &Answer) -> bool {
    let ended = match &answer.ended {
        Err(error) => return matches!(error, Error::Timeout { .. }),
        Ok(ended) => ended,
    };
    let text = &answer.text;
    if text.contains("initialize NVML") {
        return false;
    }
    let names_one = text.contains("Unable to determine the device handle");
    let is_of_one = |code| {
        matches!(GpuReason::of(code, None), GpuReason::GpuLost | GpuReason::Irq | GpuReason::PowerCable)
    };
    let has_failed = matches!(ended.exit, Exit::Code(code) if is_of_one(code)) && answer.rows.rows.is_empty();
    names_one || has_failed || (!answer.rows.unread.is_empty() && !answer.rows.rows.is_empty())
}

fn of_answer(ask: &Ask, answer: Answer) -> Health {
    let error = error_of(&answer);
    let Answer { rows: GpuRows { rows, mut unread }, columns, remapped, .. } = answer;
    if rows.is_empty() {
        // Its words are told with the error.
        unread.clear();
    }
    let mut findings = findings(ask, &rows);
    if let Err(error) = &remapped {
        findings.push(gpu_health::unknown(format!("its remapped rows could not be asked for: {error}")));
    }
    let unreported = if rows.is_empty() { Vec::new() } else { columns.unreported(remapped.unwrap_or(false)) };
    Health { rows, unread, error, unreported, findings }
}

fn findings(ask: &Ask, rows: &[GpuRow]) -> Vec<Finding> {
    let stuck = ask.gpus.stuck(rows, Instant::now());
    gpu_health::of_rows(rows, |index| stuck.contains(&index))
}

/// What is wrong with each GPU in an answer with these columns: its index, whether that is a fault, and the code. Pure.
pub fn findings_in(columns: &[&str], csv: &str) -> Vec<(Option<u16>, bool, &'static str)> {
    let found = gpu_health::of_rows(&gpu_rows::parse(columns, csv).rows, |_| false);
    let shown = |finding: &Finding| (finding.gpu, finding.severity == Severity::Fault, finding.code.name());
    found.iter().map(shown).collect()
}

/// Why there may be more than was read: whole rows stand however nvidia-smi ended after them.
fn error_of(answer: &Answer) -> Option<Error> {
    let program = Program::NvidiaSmi;
    match &answer.ended {
        Err(error) => Some(error.clone()),
        Ok(ended) if ended.exit.is_success() => {
            let said = || Said::from(&*answer.text);
            answer.rows.rows.is_empty().then(|| Error::UnreadableOutput { program, said: said() })
        }
        Ok(ended) => {
            let texts = [&ended.stderr.text, &answer.text];
            let said = texts.into_iter().find(|text| !text.trim().is_empty());
            Some(Error::CommandFailed { program, exit: ended.exit, said: Said::of(said.map(String::as_str)) })
        }
    }
}

/// The health by the answers about one GPU each; `all` is the broken answer about all of them.
fn of_each(ask: &Ask, all: Answer, each: Each<Answer>) -> Health {
    let mut all = of_answer(ask, all);
    if !tells_apart(&each) {
        // That each answers the same, or none does, says nothing of any of them.
        all.error = match each.error {
            Some(error @ Error::DriverHung { .. }) => Some(error),
            error => all.error.or(error),
        };
        return all;
    }
    let mut health = Health { unread: all.unread, unreported: all.unreported, ..Health::default() };
    for (index, answer) in each.answers {
        let mut row = GpuRow::blank(index);
        match answer {
            Err(error) => health.findings.push(unanswered(index, &error)),
            Ok(answer) => {
                let found = gpu_health::of_one(index, &answer.text);
                let one = of_answer(ask, answer);
                health.unreported = one.unreported;
                if let Some(read) = one.rows.into_iter().next() {
                    row = GpuRow { index: Some(index.into()), ..read };
                }
                match found {
                    Some(found) => health.findings.push(found),
                    None => health
                        .findings
                        .extend(one.findings.into_iter().filter(|finding| finding.gpu.is_none())),
                }
            }
        }
        health.rows.push(row);
    }
    for finding in findings(ask, &health.rows) {
        let is_told = |old: &Finding| old.gpu == finding.gpu && finding.code == Code::GpuUnreadable;
        if !health.findings.iter().any(is_told) {
            health.findings.push(finding);
        }
    }
    // Of these nothing is known.
    health.rows.extend(each.unasked.into_iter().map(GpuRow::unknown));
    health.error = each.error;
    health
}

/// Whether one GPU is shown to be well, or each is named as bad by its own address.
fn tells_apart(each: &Each<Answer>) -> bool {
    let answers = || each.answers.iter().filter_map(|(index, answer)| Some((*index, answer.as_ref().ok()?)));
    let mut buses: Vec<_> =
        answers().filter_map(|(index, answer)| gpu_health::of_one(index, &answer.text)?.bus).collect();
    buses.sort();
    buses.dedup();
    answers().any(|(_, answer)| answer.rows.rows.iter().any(GpuRow::has_name))
        || (!buses.is_empty() && buses.len() == each.answers.len())
}
