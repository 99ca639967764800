//! Asks nvidia-smi: for its text, and for the health of each GPU.

use std::{panic, sync::Arc, thread, time::Duration};

use super::{
    Ask, GpuRow,
    gpu::{self, GpuReport, GpuStatus, Question, Rows},
    gpu_banner,
    gpu_each::{Indices, One, ask_each, unanswered},
    gpu_health::{self, Extent},
    gpu_query::{self, Health},
    gpu_text::{Spoken, hear},
    health::FABRIC_MANAGER,
};
use crate::{
    error::{Error, Said},
    exec::{Captured, Detail, Gpu, Head, Invocation},
    program::Exit,
    service,
    system::Deadline,
};

/// Runs nvidia-smi; a run that failed is an answer too. Its banner and the health query run at the same time.
/// Fails when it could not be started or did not end in time, and nothing is known of the GPUs either.
pub(crate) fn collect(ask: &Ask, deadline: Deadline, question: Question) -> Result<GpuReport, Error> {
    let is_lasting = ask.gpus.is_lasting();
    let is_all = question.gpu == Gpu::All;
    let remembered = if question.parsed { ask.gpus.fresh() } else { ask.gpus.health() };
    let remembered = remembered.filter(|_| is_all && is_lasting);
    let asks = question.parsed && remembered.is_none();
    // What is left is for asking about each GPU by itself.
    let first = if is_all && (asks || !is_lasting) { deadline.share(3, 5) } else { deadline };
    let driver = ask.gpus.driver(&ask.exec);
    let (text, answer) = thread::scope(|scope| {
        let query = |driver: Option<&str>| gpu_query::ask(ask, first, driver, question.gpu);
        let is_beside = asks && question.detail == Detail::Summary && driver.is_some();
        let beside = is_beside.then(|| {
            let driver = driver.as_deref();
            thread::Builder::new().name("query".to_owned()).spawn_scoped(scope, move || query(driver))
        });
        let text = run(ask, first, question);
        if let Ok(Text { stdout, .. }) = &text {
            ask.gpus.learn_driver(gpu_banner::driver_version(&stdout.text));
        }
        let answer = match beside {
            Some(Ok(query)) => Some(query.join().unwrap_or_else(|panic| panic::resume_unwind(panic))),
            _ => asks.then(|| query(ask.gpus.driver(&ask.exec).as_deref())),
        };
        (text, answer)
    });
    if let Err(error @ Error::Interrupted(_)) = text {
        return Err(error);
    }
    let mut report = match text {
        Ok(text) => judged(ask, question, text),
        Err(error) => gpu::unanswered(question, error),
    };
    let indices = || indices(ask, &report);
    let health = match (answer, question.gpu) {
        (Some(answer), Gpu::Index(index)) => {
            Some((Arc::new(gpu_query::health_of_one(ask, index, answer)?), Duration::ZERO))
        }
        (Some(answer), Gpu::All) => {
            let driver = ask.gpus.driver(&ask.exec);
            let health = gpu_query::health(ask, deadline, driver.as_deref(), &indices(), answer)?;
            Some((ask.gpus.keep(health), Duration::ZERO))
        }
        (None, _) => remembered,
    };
    match &health {
        Some((health, age)) => add(&mut report, ask, question, health, *age),
        None if is_all && !is_lasting => each_text(ask, deadline, question, &indices(), &mut report)?,
        None => {}
    }
    finish(&mut report, ask, question, health.as_ref().map(|(health, _)| &**health));
    match report.error.take() {
        // Of what was asked for nothing is known.
        Some(error)
            if report.rows().is_none() && report.stdout.is_empty() && report.faults().next().is_none() =>
        {
            Err(error)
        }
        error => {
            report.error = error;
            Ok(report)
        }
    }
}

/// What nvidia-smi printed, and how it ended.
struct Text {
    exit: Exit,
    stdout: Captured,
    stderr: Captured,
    spoken: Spoken,
}

fn run(ask: &Ask, deadline: Deadline, question: Question) -> Result<Text, Error> {
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
    match exit {
        Ok(exit) => Ok(Text { exit, stdout: stdout.captured(), stderr: stderr.captured(), spoken }),
        Err(Error::Timeout { program, limit, .. }) => {
            Err(Error::Timeout { program, limit, said: Said::of(spoken.best()) })
        }
        Err(error) => Err(error),
    }
}

/// The report of a run that ended, with what its text tells of the GPUs.
fn judged(ask: &Ask, question: Question, text: Text) -> GpuReport {
    let mut report = gpu::answered(question, text.exit, text.stdout, text.stderr, text.spoken);
    let extent = match question {
        Question { detail: Detail::Summary, .. } if report.stdout_truncated => Extent::Truncated,
        Question { detail: Detail::Summary, gpu: Gpu::All, .. } => {
            let listed = gpu_banner::parse(&report.stdout).len();
            Extent::All { expected: ask.gpus_expected(), before: ask.gpus.most_before(listed) }
        }
        _ => Extent::Some,
    };
    report.findings = gpu_health::findings(&report.stdout, extent);
    if report.status == GpuStatus::Error {
        // Why it failed is the reason already; what it says of single GPUs stands.
        report.findings.retain(|finding| finding.gpu.is_some() || !finding.code.is_about_all());
    }
    report
}

/// The GPUs there are: those of the last good answer, of the banner, or of the driver.
fn indices(ask: &Ask, report: &GpuReport) -> Indices {
    let last = ask.gpus.health().filter(|(health, _)| health.is_whole());
    let mut known: Vec<u16> =
        last.map_or_else(Vec::new, |(health, _)| health.rows.iter().filter_map(GpuRow::number).collect());
    if known.is_empty() {
        known = gpu_banner::parse(&report.stdout).iter().map(|gpu| gpu.index).collect();
    }
    let count = u16::try_from(ask.exec.gpus_of_driver().unwrap_or(0)).unwrap_or(u16::MAX);
    if known.len() < count.into() {
        known = (0..count).collect();
    }
    if known.is_empty() { Indices::Upward } else { Indices::Known(known) }
}

/// Adds what the health query told.
fn add(report: &mut GpuReport, ask: &Ask, question: Question, health: &Health, age: Duration) {
    report.health_age_ms = u64::try_from(age.as_millis()).ok();
    report.unreported.clone_from(&health.unreported);
    let mut findings = health.findings.clone();
    // Why a run failed is the reason already.
    if let Some(error) = health.error.as_ref().filter(|_| report.status == GpuStatus::Ok) {
        findings.push(gpu_health::unknown(format!("the health query failed: {error}")));
    }
    if question.gpu == Gpu::All && !health.rows.is_empty() {
        findings.extend(gpu_health::of_count(health.rows.len(), ask.gpus_expected().unwrap_or(0), 0));
    }
    gpu_health::add(&mut report.findings, &findings);
    if question.parsed {
        report.gpus_unread = Some(health.unread.len());
        report.unread.clone_from(&health.unread);
        report.gpus = if health.rows.is_empty() { Rows::Failed } else { Rows::Read(health.rows.clone()) };
        report.query_error.clone_from(&health.error);
    }
    if let (Some(_), Some(hung @ Error::DriverHung { .. })) = (&report.error, &health.error) {
        report.error = Some(hung.clone());
    }
}

/// The texts about each GPU, where the one about all of them shows none because one is bad.
/// Errors: only [`Error::Interrupted`].
fn each_text(
    ask: &Ask,
    deadline: Deadline,
    question: Question,
    indices: &Indices,
    report: &mut GpuReport,
) -> Result<(), Error> {
    let is_hidden = report.findings.iter().any(|finding| finding.is_unlisted);
    if !(is_hidden || matches!(report.error, Some(Error::Timeout { .. }))) {
        return Ok(());
    }
    let each = ask_each(&ask.exec, deadline, indices, |index, deadline| {
        let text = run(ask, deadline, Question { gpu: Gpu::Index(index), ..question })?;
        let is_none = text.stdout.text.starts_with("No devices were found");
        Ok(if is_none { One::Missing } else { One::Answer(text) })
    })?;
    let is_any = each.answers.iter().any(|(_, text)| text.is_ok());
    for (index, text) in each.answers {
        match text {
            Err(error @ Error::Timeout { .. }) if is_any => {
                gpu_health::add(&mut report.findings, &[unanswered(index, &error)]);
            }
            Err(_) => {}
            Ok(text) => {
                let text = &text.stdout.text;
                match gpu_health::of_one(index, text) {
                    Some(found) => gpu_health::add(&mut report.findings, &[found]),
                    None => report.append(text, ask.limits.max_output()),
                }
            }
        }
    }
    if let Some(error @ Error::DriverHung { .. }) = each.error {
        report.error = Some(error);
    }
    Ok(())
}

/// What holds for all that was found together, by the text and by the health query, if there was one.
fn finish(report: &mut GpuReport, ask: &Ask, question: Question, health: Option<&Health>) {
    report.if_faulty = ask.rule.gpu_faults;
    let is_summary = question.detail == Detail::Summary;
    if question.gpu == Gpu::All && is_summary {
        let is_well = report.status == GpuStatus::Ok && !report.stdout_truncated;
        let is_whole = is_well && health.is_some_and(Health::is_whole);
        let rows = health.map(|health| health.rows.as_slice()).unwrap_or_default();
        ask.gpus.hold(&mut report.findings, is_whole, rows);
    }
    if service::find(FABRIC_MANAGER).is_some_and(|service| ask.rule.may_be_masked(service)) {
        let (of_fabric, others) =
            report.findings.drain(..).partition(|finding| finding.code.is_about_fabric());
        (report.of_fabric, report.findings) = (of_fabric, others);
    }
    // The long report has no table that is judged. A run that failed after a whole table with a warning has been judged.
    report.judge(is_summary && (report.status == GpuStatus::Ok || !report.findings.is_empty()));
}
