//! `overview`: everything at once, with one verdict and its reasons.

use std::{io, time::Duration};

use rustix::event::{PollFd, PollFlags, poll};

use super::{Call, Failure, Outcome, reasons, screen::Screen, status, table, tone::Tone};
use crate::{
    cli::OverviewFlags,
    error::Error,
    exec::Deadline,
    report::{
        document,
        gpu::GpuStatus,
        last_log::LastLogs,
        overview::{self, Overview, Verdict},
    },
};

/// Prints the overview once, or again and again.
pub(super) fn run(flags: &OverviewFlags, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let last_logs = LastLogs::new(call.settings.last_log.value);
    if let Some(interval) = flags.watch {
        return watch(interval, call, &last_logs, screen);
    }
    let answer = collect(call, &last_logs)?;
    if call.json {
        screen.write(&document(&answer))?;
    } else {
        screen.print(&shown(&answer, call, screen.width()))?;
    }
    Ok(outcome(&answer))
}

fn collect(call: &Call, last_logs: &LastLogs) -> Result<Overview, Error> {
    overview::collect(&call.exec, &call.limits, call.deadline(), &call.rule, last_logs)
}

fn outcome(answer: &Overview) -> Outcome {
    if answer.is_blind() {
        Outcome::CouldNotTell
    } else if answer.status == Verdict::Ok {
        Outcome::Well
    } else {
        Outcome::Degraded
    }
}

fn shown(answer: &Overview, call: &Call, width: Option<u16>) -> String {
    let now = call.exec.now();
    let verdict = match answer.status {
        Verdict::Ok => Tone::Good.of("OK"),
        Verdict::Degraded => Tone::Bad.of("DEGRADED"),
    };
    let mut text = reasons::demo_line(call.exec.is_demo());
    text.push_str(&format!("{verdict} at {}\n\n", answer.collected_at()));
    let mut rows: Vec<Vec<String>> = answer
        .services
        .iter()
        .map(|service| {
            let [state, since, pid] = status::columns(service, now);
            vec![service.service.id().to_owned(), reasons::health_word(service), state, since, pid]
        })
        .collect();
    let health = match (answer.gpu.status, &answer.gpu.error) {
        (GpuStatus::Ok, _) => Tone::Good.of("healthy"),
        (GpuStatus::Error, Some(_)) => Tone::Warning.of("unknown"),
        (GpuStatus::Error, None) => Tone::Bad.of("UNHEALTHY"),
    };
    let state = answer.gpu.exit_code.map_or("-".to_owned(), |code| format!("nvidia-smi exit code {code}"));
    rows.push(vec!["gpu".to_owned(), health, state, "-".to_owned(), "-".to_owned()]);
    text.push_str(&table::render(&["SUBJECT", "HEALTH", "STATE", "SINCE", "PID"], rows, width));
    text.push_str(&reasons::list("Reasons", Tone::Bad, &answer.reasons, width));
    text.push_str(&reasons::list("Warnings", Tone::Warning, &answer.warnings, width));
    text.push_str(&next_step(answer));
    text
}

/// What to do next about the worst of the reasons.
fn next_step(answer: &Overview) -> String {
    let next = answer.reasons.iter().find_map(|reason| match (&reason.error, reason.subject) {
        (Some(error), _) => {
            let advice = error.advice().unwrap_or_else(|| "see `sek8s-status privileges`".to_owned());
            let command = advice.strip_prefix("see `").and_then(|rest| rest.strip_suffix('`'));
            Some(command.map(str::to_owned).unwrap_or(advice))
        }
        // There is no log of it.
        (None, _) if reason.code == "not_found" => None,
        (None, "gpu") => Some("sek8s-status gpu".to_owned()),
        (None, id) => Some(format!("sek8s-status logs {id}")),
    });
    next.map(|next| format!("\nNext: {next}\n")).unwrap_or_default()
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
            screen.write(&document(&answer))?;
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
    let footer = format!("every {}, Ctrl-C ends", humantime::format_duration(interval));
    let lines: Vec<&str> = text.lines().collect();
    let mut picture = String::from("\x1b[H");
    let room = rows - 1;
    let shown = if lines.len() > room { room - 1 } else { lines.len() };
    for line in &lines[..shown] {
        picture.push_str(&format!("{line}\x1b[K\r\n"));
    }
    if shown < lines.len() {
        picture.push_str(&format!("… {} more lines\x1b[K\r\n", lines.len() - shown));
    }
    picture.push_str(&format!("{}\x1b[K\x1b[J", Tone::Dim.of(&footer)));
    screen.print(&picture)
}

/// Waits for the next turn; ends early when a signal comes or nobody reads any more.
fn wait(next: Deadline, call: &Call, screen: &Screen) -> Result<(), Failure> {
    loop {
        if let Some(signal) = call.interrupt.signal() {
            return Err(Error::Interrupted(signal).into());
        }
        if next.passed() {
            return Ok(());
        }
        let mut fds = [PollFd::new(&*call.interrupt, PollFlags::IN), PollFd::new(screen, PollFlags::empty())];
        let left = rustix::event::Timespec::try_from(next.left()).ok();
        match poll(&mut fds, left.as_ref()) {
            Ok(_) if !fds[1].revents().is_empty() => {
                return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
            }
            _ => {}
        }
    }
}
