//! `overview`: everything at once, with one verdict and its reasons.

use std::{io, time::Duration};

use jiff::Timestamp;

use super::{
    Call, Failure, Outcome, gpus, next_step, reasons,
    screen::Screen,
    states,
    style::{self, Style},
    table::{self, Column, Room},
};
use crate::{
    cli::OverviewFlags,
    error::Error,
    report::{
        Aged, document,
        gpu::GpuStatus,
        last_log::LastLogs,
        overview::{self, Overview, Verdict},
        status::ServiceStatus,
    },
    system::{Deadline, Wait},
};

/// Prints the overview once, or again and again.
pub(super) fn run(flags: &OverviewFlags, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let last_logs = LastLogs::new(call.settings.last_log.value);
    if let Some(interval) = flags.watch {
        return watch(interval, call, &last_logs, screen);
    }
    let answer = collect(call, &last_logs)?;
    if call.json {
        screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
    } else {
        screen.print(&shown(&answer, call, screen.width()))?;
    }
    Ok(outcome(&answer))
}

fn collect(call: &Call, last_logs: &LastLogs) -> Result<Overview, Error> {
    overview::collect(&call.ask, call.ask.deadline(), last_logs)
}

/// What the verdict means for the exit code.
pub(super) fn outcome(answer: &Overview) -> Outcome {
    if answer.is_blind() {
        Outcome::CouldNotTell
    } else if answer.status == Verdict::Ok {
        Outcome::Well
    } else {
        Outcome::Degraded
    }
}

fn shown(answer: &Overview, call: &Call, width: Option<u16>) -> String {
    let now = call.ask.exec.now();
    let mut text = call.demo_line();
    text.push_str(&verdict(answer, width));
    text.push('\n');
    if !answer.is_blind() {
        text.push('\n');
        text.push_str(&subjects(answer, now, width));
    }
    text.push_str(&reasons::list("Why", Style::Bad, &answer.reasons, now, width));
    text.push_str(&reasons::list("Warnings", Style::Warning, &answer.warnings, now, width));
    text.push_str(&next_step::after(&answer.reasons, width));
    text
}

/// The verdict, when it was found, and how much it is about: as much of that as fits.
fn verdict(answer: &Overview, width: Option<u16>) -> String {
    let word = match answer.status {
        _ if answer.is_blind() => Style::Warning.of("UNKNOWN"),
        Verdict::Ok => Style::Good.of("OK"),
        Verdict::Degraded => Style::Bad.of("DEGRADED"),
    };
    let at = answer.collected_at();
    let (_, time) = at.split_once(' ').unwrap_or_default();
    let mut variants = vec![format!("{word} at {at}"), format!("{word} at {time}")];
    if let Some(extent) = extent(answer) {
        variants.insert(0, format!("{word} at {at}: {extent}"));
    }
    table::fitting(&variants, width.map(usize::from)).to_owned()
}

/// `1 of 7 services and the GPUs`.
fn extent(answer: &Overview) -> Option<String> {
    if answer.is_blind() {
        return Some("nothing could be asked".to_owned());
    }
    let count =
        |is_wanted: fn(&ServiceStatus) -> bool| answer.services.iter().filter(|one| is_wanted(one)).count();
    let unknown = count(|service| service.error.is_some());
    let unwell = count(|service| !service.healthy && service.error.is_none());
    let services = (unwell > 0).then(|| format!("{unwell} of {} services", answer.services.len()));
    let gpus = match (answer.gpu.status, &answer.gpu.error) {
        _ if answer.gpu.is_degraded() => Some(gpus::faulty(&answer.gpu)),
        (GpuStatus::Error, None) => Some("the GPUs".to_owned()),
        _ => None,
    };
    let unknown = match (unknown, answer.gpu.error.as_ref().filter(|_| gpus.is_none())) {
        (0, None) => None,
        (0, Some(_)) => Some("GPUs unknown".to_owned()),
        (count, None) => Some(format!("{count} services unknown")),
        (count, Some(_)) => Some(format!("{count} services and GPUs unknown")),
    };
    let known: Vec<String> = [services, gpus].into_iter().flatten().collect();
    let known = (!known.is_empty()).then(|| known.join(" and "));
    let parts: Vec<String> = [known, unknown].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One row per service, and one for the GPUs, whose text takes the place of all columns from STATE on.
fn subjects(answer: &Overview, now: Timestamp, width: Option<u16>) -> String {
    const COLUMNS: [Column; 5] = [
        ("SERVICE", Room::Always),
        ("HEALTH", Room::Always),
        ("STATE", Room::Leaves(1)),
        ("SINCE", Room::Leaves(2)),
        ("PID", Room::Leaves(3)),
    ];
    let mut rows: Vec<Vec<String>> = answer
        .services
        .iter()
        .map(|service| {
            let [state, since, pid] = states::cells(service, now);
            vec![service.service.id().to_owned(), states::health(service), state, since, pid]
        })
        .collect();
    let health = match (answer.gpu.status, &answer.gpu.error) {
        _ if answer.gpu.is_degraded() => Style::Bad.of("FAULT"),
        (GpuStatus::Ok, _) => Style::Good.of("healthy"),
        (GpuStatus::Error, Some(_)) => Style::Warning.of("unknown"),
        (GpuStatus::Error, None) => Style::Bad.of("FAULT"),
    };
    rows.push(vec!["gpu".to_owned(), health]);
    let mut table = table::render(&COLUMNS, &rows, width);
    let header = table.lines().next().map(style::plain).unwrap_or_default();
    if let Some(column) = header.find("STATE") {
        let room = width.map(|width| usize::from(width).saturating_sub(column));
        let variants = gpus::texts(&answer.gpu);
        let text = table::fitting(&variants, room);
        let line = table.lines().last().map(style::width).unwrap_or_default();
        table.truncate(table.trim_end().len());
        table.push_str(&" ".repeat(column.saturating_sub(line)));
        table.push_str(text);
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    table
}

/// On a terminal one picture that is drawn over, elsewhere one answer after the other.
fn watch(
    interval: Duration,
    call: &Call,
    last_logs: &LastLogs,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let draws = screen.is_terminal() && !call.json;
    if draws {
        screen.write(ENTER)?;
    }
    let end = repeat(interval, call, last_logs, screen, draws);
    if draws {
        screen.write(LEAVE)?;
    }
    end
}

// The alternate screen leaves what was on the terminal before as it was; the cursor would blink; and a
// line that wrapped would take two rows.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H";
const LEAVE: &[u8] = b"\x1b[?7h\x1b[?25h\x1b[?1049l";

fn repeat(
    interval: Duration,
    call: &Call,
    last_logs: &LastLogs,
    screen: &mut Screen,
    draws: bool,
) -> Result<Outcome, Failure> {
    loop {
        let next = Deadline::after(interval);
        let answer = collect(call, last_logs)?;
        if call.json {
            screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
        } else {
            let text = shown(&answer, call, screen.width());
            if draws {
                draw(&text, interval, screen)?;
            } else {
                screen.print(&format!("{text}\n"))?;
            }
        }
        wait(next, call, screen)?;
    }
}

/// Draws over the last picture, line by line and in one piece, so that nothing is ever blank.
fn draw(text: &str, interval: Duration, screen: &mut Screen) -> io::Result<()> {
    let rows = usize::from(screen.size().map_or(24, |(_, rows)| rows)).max(2);
    let footer = format!("every {}; Ctrl-C to quit", humantime::format_duration(interval));
    let lines: Vec<&str> = text.lines().collect();
    let mut picture = String::from("\x1b[H");
    let room = rows - 1;
    let shown = if lines.len() > room { room - 1 } else { lines.len() };
    for line in lines.iter().take(shown) {
        picture.push_str(&format!("{line}\x1b[K\r\n"));
    }
    if shown < lines.len() {
        picture.push_str(&format!("… {} more lines\x1b[K\r\n", lines.len() - shown));
    }
    picture.push_str(&format!("{}\x1b[K\x1b[J", Style::Dim.of(&footer)));
    screen.print(&picture)
}

/// Waits for the next turn; ends early when a signal comes or the reader closes the pipe.
fn wait(next: Deadline, call: &Call, screen: &Screen) -> Result<(), Failure> {
    let closed = Wait::new().readable(&*call.interrupt, ()).closed(screen, ()).until(Some(next));
    if let Some(signal) = call.interrupt.signal() {
        return Err(Error::Interrupted(signal).into());
    }
    if closed.is_empty() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe).into()) }
}
