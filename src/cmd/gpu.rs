//! `gpu`: what nvidia-smi reports.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Number;

use super::{
    Call, Failure, Outcome, reasons,
    screen::Screen,
    style::Style,
    table::{self, Column, Room},
};
use crate::{
    cli::GpuFlags,
    error::Error,
    escape,
    exec::Detail,
    report::{
        Aged, GpuRow, document,
        gpu::{GpuReport, GpuStatus, Question, Rows},
        gpu_ask,
        gpu_health::{Code, State},
        reason::{self, Kind},
    },
};

/// How many unreadable lines are shown.
const SHOWN: usize = 16;

/// From this width on a row has room for what says something only now and then.
const WIDE: u16 = 120;

/// Prints one row per GPU, or nvidia-smi's own text.
pub(super) fn run(flags: &GpuFlags, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let gpu = flags.gpu.parse().map_err(|()| Error::BadGpu(flags.gpu.clone()))?;
    let detail = if flags.detail { Detail::Full } else { Detail::Summary };
    let as_table = !(call.json || flags.raw || flags.detail);
    let question = Question { detail, gpu, parsed: flags.parsed || as_table };
    let report = gpu_ask::collect(&call.ask, call.ask.deadline(), question)?;
    if call.json {
        screen.write(&document(&Aged::new(&report, Duration::ZERO)))?;
    } else {
        let mut text = call.demo_line();
        text.push_str(&if as_table {
            rows(&report, screen.width())
        } else {
            own_text(&report, call.ask.limits.max_output())
        });
        text.push_str(&trouble(&report, screen.width()));
        text.push_str(&findings(&report, call.ask.exec.now(), screen.width()));
        screen.print(&text)?;
    }
    // Without any rows nothing is known of the GPUs; with some, one is known to be missing.
    let has_rows = matches!(report.gpus, Rows::Read(_));
    let lacks_rows = has_rows && !(report.unread.is_empty() && report.query_error.is_none());
    let is_well = report.is_well() && !lacks_rows;
    Ok(if is_well { Outcome::Well } else { Outcome::Degraded })
}

fn own_text(report: &GpuReport, cap: usize) -> String {
    let mut text = escape::lines(&report.stdout);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if report.stdout_truncated {
        let note = format!("[truncated at {cap} bytes; raise --max-output or use --gpu N]");
        text.push_str(&format!("{}\n", Style::Warning.of(&note)));
    }
    text
}

/// What a row shows in a column.
type Cell = fn(&GpuRow, &GpuReport) -> String;

fn rows(report: &GpuReport, width: Option<u16>) -> String {
    let rows = match &report.gpus {
        Rows::Read(rows) => rows,
        _ if report.status == GpuStatus::Ok => {
            return format!(
                "no GPU rows: {}use --raw to see the output of nvidia-smi\n",
                query_error(report)
            );
        }
        _ => return String::new(),
    };
    let driver = rows.iter().find_map(|row| row.driver_version.as_deref()).unwrap_or("unknown");
    let count = if rows.len() == 1 { "1 GPU".to_owned() } else { format!("{} GPUs", rows.len()) };
    // What says nothing has no room on a narrow terminal: no errors, no MIG.
    let wide = width.is_none_or(|width| width >= WIDE);
    let has_errors = rows.iter().any(|row| ecc(row) > 0.0);
    let has_mig = rows.iter().any(|row| row.mig.as_deref() == Some("Enabled"));
    let columns: Vec<(Column, Cell)> = [
        (true, ("GPU", Room::Always), index as Cell),
        (true, ("NAME", Room::Leaves(4)), name),
        (true, ("TEMP", Room::Leaves(2)), temperature),
        (true, ("POWER", Room::Leaves(3)), power),
        (true, ("BUSY", Room::Leaves(1)), busy),
        (true, ("MEMORY", Room::Always), memory),
        (true, ("HEALTH", Room::Always), health),
        (wide || has_errors, ("ECC", Room::Leaves(0)), errors),
        (wide || has_mig, ("MIG", if has_mig { Room::Leaves(2) } else { Room::Leaves(5) }), mig),
        (wide, ("UUID", Room::Leaves(6)), uuid),
    ]
    .into_iter()
    .filter_map(|(is_shown, column, cell)| is_shown.then_some((column, cell)))
    .collect();
    let titles: Vec<Column> = columns.iter().map(|(column, _)| *column).collect();
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row, report)).collect()).collect();
    let table = table::render(&titles, &cells, width);
    let (driver, tally) = (escape::line(driver), tally(rows));
    let last = table::wrapped(&format!("{count}, driver {driver}{tally}"), 0, width);
    let mut text = format!("{table}{last}{}", unread(&report.unread));
    if report.query_error.is_some() {
        let why = query_error(report);
        text.push_str(&format!(
            "{}: {}\n",
            Style::Bad.of("there may be more GPUs"),
            why.trim_end_matches("; ")
        ));
    }
    text
}

/// Why the query for the rows failed, and what it said; empty if it did not.
fn query_error(report: &GpuReport) -> String {
    report.query_error.as_ref().map_or(String::new(), |error| {
        let said = error.detail().map(|said| format!(": {}", escape::line(said))).unwrap_or_default();
        format!("{error}{said}; ")
    })
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
    format!("{}\n{shown}", Style::Bad.of(&title))
}

fn index(row: &GpuRow, _: &GpuReport) -> String {
    number(row.index.as_ref())
}

fn name(row: &GpuRow, _: &GpuReport) -> String {
    text(row.name.as_deref())
}

fn temperature(row: &GpuRow, _: &GpuReport) -> String {
    with_unit(number(row.temperature_c.as_ref()), "°C")
}

fn power(row: &GpuRow, _: &GpuReport) -> String {
    of(row.power_w.as_ref(), row.power_limit_w.as_ref(), "W", |watts| format!("{watts:.0}"))
}

fn busy(row: &GpuRow, _: &GpuReport) -> String {
    with_unit(number(row.utilization_percent.as_ref()), "%")
}

fn memory(row: &GpuRow, _: &GpuReport) -> String {
    of(row.memory_used_mib.as_ref(), row.memory_total_mib.as_ref(), "GiB", |mib| {
        format!("{:.1}", mib / 1024.0)
    })
}

fn ecc(row: &GpuRow) -> f64 {
    row.ecc_uncorrected.as_ref().and_then(Number::as_f64).unwrap_or(0.0)
}

fn errors(row: &GpuRow, _: &GpuReport) -> String {
    let errors = number(row.ecc_uncorrected.as_ref());
    if ecc(row) > 0.0 { Style::Bad.of(&errors) } else { errors }
}

fn mig(row: &GpuRow, _: &GpuReport) -> String {
    match row.mig.as_deref() {
        Some("Enabled") => "on".to_owned(),
        Some("Disabled") => "off".to_owned(),
        other => text(other),
    }
}

fn uuid(row: &GpuRow, _: &GpuReport) -> String {
    text(row.uuid.as_deref())
}

fn number(value: Option<&Number>) -> String {
    value.map_or("-".to_owned(), Number::to_string)
}

fn text(value: Option<&str>) -> String {
    escape::line(value.unwrap_or("-"))
}

fn with_unit(value: String, unit: &str) -> String {
    if value == "-" { value } else { format!("{value} {unit}") }
}

/// `548/700 W`; `-` where neither is known.
fn of(used: Option<&Number>, total: Option<&Number>, unit: &str, shown: impl Fn(f64) -> String) -> String {
    let shown = |value: Option<&Number>| value.and_then(Number::as_f64).map_or("-".to_owned(), &shown);
    match (shown(used), shown(total)) {
        (used, total) if used == "-" && total == "-" => used,
        (used, total) => format!("{used}/{total} {unit}"),
    }
}

/// `: 6 healthy, 1 warning, 1 fault`; of a single GPU the table says it.
fn tally(rows: &[GpuRow]) -> String {
    if rows.len() < 2 {
        return String::new();
    }
    let count = |state| rows.iter().filter(|row| row.health == state).count();
    let plural = |count: usize, word: &str| match count {
        0 => String::new(),
        1 => format!(", 1 {word}"),
        _ => format!(", {count} {word}s"),
    };
    let warnings = plural(count(State::Warning), "warning");
    let faults = plural(count(State::Fault), "fault");
    let unknown = match count(State::Unknown) {
        0 => String::new(),
        count => format!(", {count} unknown"),
    };
    format!(": {} healthy{warnings}{faults}{unknown}", count(State::Ok))
}

/// The worst that is known of a GPU, as a word.
fn health(row: &GpuRow, _: &GpuReport) -> String {
    match row.health {
        State::Ok => Style::Good.of("healthy"),
        State::Warning => Style::Warning.of("warning"),
        State::Fault => Style::Bad.of("FAULT"),
        State::Unknown => Style::Warning.of("unknown"),
    }
}

/// What was found of single GPUs, as the overview shows it; of a run that failed its own words are shown.
fn findings(report: &GpuReport, now: Timestamp, width: Option<u16>) -> String {
    if report.status == GpuStatus::Error && !report.is_degraded() {
        return String::new();
    }
    let faults = reason::against(&[], Some(report), now);
    let mut warnings = reason::warnings(&[], Some(report), now);
    // What could not be judged is on the screen already.
    warnings.retain(|warning| warning.kind != Kind::Finding(Code::Unknown));
    reasons::list("Why", Style::Bad, &faults, now, width)
        + &reasons::list("Warnings", Style::Warning, &warnings, now, width)
}

/// Why nvidia-smi failed, what it said, and what to do next; empty if it did not.
fn trouble(report: &GpuReport, width: Option<u16>) -> String {
    let Some(reason) = reason::of_gpu(report) else { return String::new() };
    let first = format!("{}: {}", Style::Bad.of("gpu"), escape::line(&reason.text));
    let mut text = table::wrapped(&first, 0, width);
    for line in report.excerpt() {
        text.push_str(&table::wrapped(&format!("nvidia-smi: {}", escape::line(line)), 2, width));
    }
    if let Some(hint) = report.hint {
        text.push_str(&table::wrapped(hint, 2, width));
    }
    text
}
