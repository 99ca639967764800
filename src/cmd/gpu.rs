//! `gpu`: what nvidia-smi reports.

use std::time::Duration;

use serde_json::Number;

use super::{Call, Failure, Outcome, reasons, screen::Screen, table, tone::Tone};
use crate::{
    cli::GpuFlags,
    error::Error,
    escape,
    exec::{Detail, Gpu},
    report::{
        Aged, GpuRow, document,
        gpu::{self, GpuReport, GpuStatus, Question},
        reason,
    },
};

/// How many unreadable lines are shown.
const SHOWN: usize = 16;

/// From this width on a row has room for the UUID.
const WIDE: u16 = 120;

/// Prints one row per GPU, or nvidia-smi's own text.
pub(super) fn run(flags: &GpuFlags, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let gpu = Gpu::parse(&flags.gpu).ok_or_else(|| Error::BadGpu(flags.gpu.clone()))?;
    let detail = if flags.detail { Detail::Full } else { Detail::Summary };
    let as_table = !(call.json || flags.raw || flags.detail);
    let question = Question { detail, gpu, parsed: flags.parsed || as_table };
    let report = gpu::collect(&call.exec, &call.limits, call.deadline(), question)?;
    if call.json {
        screen.write(&document(&Aged::new(&report, Duration::ZERO)))?;
    } else {
        let mut text = reasons::demo_line(call.exec.is_demo());
        text.push_str(&if as_table {
            rows(&report, screen.width())
        } else {
            own_text(&report, call.limits.max_output)
        });
        text.push_str(&trouble(&report));
        screen.print(&text)?;
    }
    let is_well = report.status == GpuStatus::Ok && report.unread.is_empty();
    Ok(if is_well { Outcome::Well } else { Outcome::Degraded })
}

fn own_text(report: &GpuReport, cap: usize) -> String {
    let mut text = escape::lines(&report.stdout);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if report.stdout_truncated {
        let note = format!("[truncated at {cap} bytes; raise --max-output or use --gpu N]");
        text.push_str(&format!("{}\n", Tone::Warning.of(&note)));
    }
    text
}

fn rows(report: &GpuReport, width: Option<u16>) -> String {
    let rows = match &report.gpus {
        Some(Some(rows)) => rows,
        _ if report.status == GpuStatus::Ok => {
            let why = report.query_error.as_ref().map_or(String::new(), |error| {
                let said = error.detail().map(|said| format!(": {}", escape::line(said))).unwrap_or_default();
                format!("{error}{said}; ")
            });
            return format!("no GPU rows: {why}use --raw to see the output of nvidia-smi\n");
        }
        _ => return String::new(),
    };
    let wide = width.is_none_or(|width| width >= WIDE);
    let mut header = vec!["GPU", "NAME", "TEMP", "POWER", "UTIL", "MEMORY", "ECC", "MIG"];
    if wide {
        header.push("UUID");
    }
    let driver = rows.iter().find_map(|row| row.driver_version.as_deref()).unwrap_or("unknown");
    let cells = rows.iter().map(|row| cells(row, wide)).collect();
    let table = table::render(&header, cells, width);
    format!("{table}\ndriver {}\n{}", escape::line(driver), unread(&report.unread))
}

/// The lines of the query's answer that could not be read as rows: a GPU may hide behind each.
fn unread(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let title = match lines.len() {
        1 => "1 line could not be read as a GPU row".to_owned(),
        count => format!("{count} lines could not be read as GPU rows"),
    };
    let shown: String =
        lines.iter().take(SHOWN).map(|line| format!("  nvidia-smi: {}\n", escape::line(line))).collect();
    format!("{}\n{shown}", Tone::Bad.of(&title))
}

fn cells(row: &GpuRow, wide: bool) -> Vec<String> {
    let number = |value: &Option<Number>| value.as_ref().map_or("-".to_owned(), Number::to_string);
    let whole = |value: &Option<Number>| {
        value.as_ref().and_then(Number::as_f64).map_or("-".to_owned(), |value| format!("{value:.0}"))
    };
    let text = |value: &Option<String>| escape::line(value.as_deref().unwrap_or("-"));
    let ecc = match row.ecc_uncorrected.as_ref().and_then(Number::as_f64) {
        Some(errors) if errors > 0.0 => Tone::Bad.of(&number(&row.ecc_uncorrected)),
        _ => number(&row.ecc_uncorrected),
    };
    let mig = match row.mig.as_deref() {
        Some("Enabled") => "on".to_owned(),
        Some("Disabled") => "off".to_owned(),
        _ => text(&row.mig),
    };
    let mut cells = vec![
        number(&row.index),
        text(&row.name),
        format!("{} C", number(&row.temperature_c)),
        format!("{}/{} W", whole(&row.power_w), whole(&row.power_limit_w)),
        format!("{} %", number(&row.utilization_percent)),
        format!("{}/{} MiB", number(&row.memory_used_mib), number(&row.memory_total_mib)),
        ecc,
        mig,
    ];
    if wide {
        cells.push(text(&row.uuid));
    }
    cells
}

/// Why nvidia-smi failed, what it said, and what to do next; empty if it did not.
fn trouble(report: &GpuReport) -> String {
    let Some(reason) = reason::of_gpu(report) else { return String::new() };
    let mut text = format!("{}: {}\n", Tone::Bad.of("gpu"), escape::line(&reason.text));
    for line in report.excerpt() {
        text.push_str(&format!("  nvidia-smi: {}\n", escape::line(line)));
    }
    if let Some(hint) = report.hint {
        text.push_str(&format!("  {hint}\n"));
    }
    text
}
