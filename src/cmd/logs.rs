//! `logs`: what a service logged last, and on request what it logs next.

use std::{io, ops::ControlFlow, os::fd::AsFd, time::Duration};

use jiff::tz::TimeZone;

use super::{Call, Failure, Outcome, entries::Layout, screen::Screen};
use crate::{
    cli,
    error::Error,
    escape,
    limits::{Lines, Priority},
    parse,
    report::{
        Aged, Entry, document, listed,
        logs::{self, Logs, Question},
    },
};

/// Prints the newest entries, oldest first.
pub(super) fn run(flags: &cli::Logs, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let service = listed(&flags.id)?;
    let lines = match flags.lines.as_deref() {
        None => None,
        Some(text) => Some(parse::integer(text).ok_or_else(|| bad("lines", "a whole number".to_owned()))?),
    };
    let lines = Lines::new(lines, &call.ask.limits);
    let since = match flags.since.as_deref() {
        None => None,
        Some(text) => window(text, call.ask.limits.log_window())?,
    };
    let priority = match flags.priority.as_deref() {
        None => None,
        Some(text) => Some(text.parse().map_err(|()| bad("priority", Priority::ALLOWED.to_owned()))?),
    };
    // Without zone data there is UTC.
    let zone = if flags.local { TimeZone::try_system().unwrap_or(TimeZone::UTC) } else { TimeZone::UTC };
    // People read the entries, not the lines that are made of them.
    let question = Question { service, lines, since, priority, entries: flags.entries || !call.json };
    if flags.follow {
        return follow(question, zone, call, screen);
    }
    let answer = logs::collect(&call.ask, call.ask.deadline(), question)?;
    if call.json {
        screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
        return Ok(Outcome::Well);
    }
    let mut text = call.demo_line();
    let layout = Layout::of(answer.entries(), zone, call.ask.exec.now(), screen.width());
    if !answer.entries().is_empty() {
        text.push_str(&layout.title());
    }
    for entry in answer.entries() {
        text.push_str(&layout.line(entry));
    }
    screen.print(&text)?;
    for note in &answer.notes {
        eprint_quietly(&match &note.said {
            Some(said) => format!("{}: {}", note.kind, escape::line(said)),
            None => note.kind.to_string(),
        });
    }
    if let Some(note) = note(&answer, call.ask.limits.max_output(), lines) {
        eprint_quietly(&note);
    }
    Ok(Outcome::Well)
}

fn follow(question: Question, zone: TimeZone, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let reader = screen.as_fd().try_clone_to_owned()?;
    let layout = Layout::to_follow(zone);
    if !call.json {
        screen.print(&format!("{}{}", call.demo_line(), layout.title()))?;
    }
    let mut written: io::Result<()> = Ok(());
    let take = |entry: Entry| {
        written =
            if call.json { screen.write(&document(&entry)) } else { screen.print(&layout.line(&entry)) };
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let warn = |line: &str| eprint_quietly(&format!("journalctl: {}", escape::line(line)));
    logs::follow(&call.ask, question, reader.as_fd(), take, warn)?;
    written?;
    Ok(Outcome::Well)
}

/// What was left out, and the flag that brings it back.
fn note(answer: &Logs, cap: usize, lines: Lines) -> Option<String> {
    if answer.logs.is_empty() {
        return Some("no entries".to_owned());
    }
    let omitted = answer.dropped_lines - answer.unreadable.min(answer.dropped_lines);
    if omitted > 0 {
        return Some(format!(
            "{} omitted (limit {cap} bytes); raise --max-output, or ask for fewer with -n",
            counted(omitted, "older entry", "older entries")
        ));
    }
    if answer.unreadable > 0 {
        let lines = counted(answer.unreadable, "line", "lines");
        return Some(format!("{lines} of journalctl could not be parsed"));
    }
    if answer.is_cut {
        return Some(format!("an entry was truncated (limit {cap} bytes); raise --max-output"));
    }
    let asked = lines.requested();
    (asked > i64::from(lines.clamped()))
        .then(|| format!("{asked} entries requested, limited to {}; raise --log-max", lines.clamped()))
}

fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// For notes beside an answer: stderr may be closed.
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
