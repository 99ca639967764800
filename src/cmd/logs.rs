//! `logs`: what a service logged last, and on request what it logs next.

use std::{io, ops::ControlFlow, os::fd::AsFd, time::Duration};

use super::{Call, Failure, Outcome, reasons, screen::Screen, status, tone::Tone};
use crate::{
    cli,
    error::Error,
    escape,
    limits::{self, Lines},
    report::{
        Aged, Entry, Note, document,
        logs::{self, Logs, Question},
    },
};

/// Prints the newest entries, oldest first.
pub(super) fn run(flags: &cli::Logs, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let service = status::find(&flags.id)?;
    let lines = match flags.lines.as_deref() {
        None => None,
        Some(text) => Some(limits::integer(text).ok_or_else(|| bad("lines", "a whole number".to_owned()))?),
    };
    let lines = Lines::new(lines, &call.limits);
    let since = match flags.since.as_deref() {
        None => None,
        Some(text) => window(text, call.limits.log_window)?,
    };
    if flags.follow {
        return follow(service, lines, call, screen);
    }
    let question = Question { service, lines, since, entries: flags.entries };
    let answer = logs::collect(&call.exec, &call.limits, call.deadline(), question)?;
    if call.json {
        screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
        return Ok(Outcome::Well);
    }
    let mut text = reasons::demo_line(call.exec.is_demo());
    for (line, priority) in answer.logs.iter().zip(&answer.priorities) {
        text.push_str(&shown(line, *priority));
    }
    screen.print(&text)?;
    for note in &answer.notes {
        eprint_quietly(&match answer.said.line() {
            Some(said) if *note != Note::OnlySystemd => format!("{note}: {}", escape::line(said)),
            _ => note.to_string(),
        });
    }
    if let Some(note) = note(&answer, call.limits.max_output, lines) {
        eprint_quietly(&note);
    }
    Ok(Outcome::Well)
}

fn follow(
    service: &'static crate::service::Service,
    lines: Lines,
    call: &Call,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let reader = screen.as_fd().try_clone_to_owned()?;
    if !call.json {
        screen.print(&reasons::demo_line(call.exec.is_demo()))?;
    }
    let mut written: io::Result<()> = Ok(());
    let take = |entry: Entry| {
        written = print(&entry, call.json, screen);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let warn = |line: &str| eprint_quietly(&format!("journalctl: {}", escape::line(line)));
    logs::follow(&call.exec, &call.limits, service, lines, reader.as_fd(), take, warn)?;
    written?;
    Ok(Outcome::Well)
}

fn print(entry: &Entry, json: bool, screen: &mut Screen) -> io::Result<()> {
    if json { screen.write(&document(entry)) } else { screen.print(&shown(&entry.line(), entry.priority)) }
}

/// One entry for people: harmless, the lines of its message indented so that none can pass for an
/// entry, errors and warnings in colour.
fn shown(line: &str, priority: Option<u8>) -> String {
    let tone = match priority {
        Some(0..=3) => Some(Tone::Bad),
        Some(4) => Some(Tone::Warning),
        Some(7) => Some(Tone::Dim),
        _ => None,
    };
    let mut text = String::new();
    for (number, part) in line.split('\n').enumerate() {
        let part = escape::line(part);
        if number > 0 {
            text.push_str("    ");
        }
        match tone {
            Some(tone) if !part.is_empty() => text.push_str(&tone.of(&part)),
            _ => text.push_str(&part),
        }
        text.push('\n');
    }
    text
}

/// What was left out, and the flag that brings it back.
fn note(answer: &Logs, cap: usize, lines: Lines) -> Option<String> {
    if answer.logs.is_empty() {
        return Some("no entries".to_owned());
    }
    if answer.dropped_lines > 0 {
        return Some(format!(
            "{} older entries omitted (limit {cap} bytes); raise --max-output, or ask for fewer with -n",
            answer.dropped_lines
        ));
    }
    if answer.is_cut {
        return Some(format!("an entry was truncated (limit {cap} bytes); raise --max-output"));
    }
    let asked = lines.requested();
    (asked > i64::from(lines.clamped()))
        .then(|| format!("{asked} entries requested, limited to {}; raise --log-max", lines.clamped()))
}

/// For notes beside an answer; nobody has to hear them.
fn eprint_quietly(note: &str) {
    use std::io::Write as _;
    let _ = writeln!(io::stderr(), "sek8s-status: {note}");
}

/// A window as people write it; none for 0.
fn window(text: &str, most_minutes: u32) -> Result<Option<Duration>, Error> {
    let most = Duration::from_secs(u64::from(most_minutes) * 60);
    let allowed = || format!("a duration such as `1h30m`, of at most {}", humantime::format_duration(most));
    let since = humantime::parse_duration(text).map_err(|_| bad("since", allowed()))?;
    if since > most {
        return Err(bad("since", allowed()));
    }
    Ok((!since.is_zero()).then_some(since))
}

fn bad(parameter: &'static str, allowed: String) -> Error {
    Error::BadParameter { parameter, allowed }
}
