//! `status`: the state of services as systemd sees it.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{
    Call, Failure, Outcome,
    entries::Layout,
    next_step, reasons,
    screen::Screen,
    states,
    style::{self, Style},
    table::{self, Column, Room},
};
use crate::{
    cli,
    error::Error,
    escape,
    limits::Lines,
    report::{
        Aged, age, document, listed,
        logs::{self, Question},
        reason,
        status::{self, ServiceStatus, Statuses},
        timestamp,
    },
    service::{self, Service},
};

/// How long the log of one service may take: the answer is its state.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// How many entries of the log are shown.
const LOG_LINES: i64 = 3;

/// Prints one service with its details and last log entries, or several as a table.
pub(super) fn run(flags: &cli::Status, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let services = flags.ids.iter().map(|id| listed(id)).collect::<Result<Vec<_>, _>>()?;
    if let [service] = services[..] {
        let answer = status::collect(&call.ask, call.ask.deadline(), service)?;
        if call.json {
            screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
        } else {
            let mut text = details(&answer, call, screen.width());
            text.push_str(&last_entries(service, call, screen.width())?);
            screen.print(&text)?;
        }
        return Ok(if answer.healthy { Outcome::Well } else { Outcome::Degraded });
    }
    let services = if services.is_empty() { service::all().iter().collect() } else { services };
    let answers = Statuses { services: status::collect_all(&call.ask, call.ask.deadline(), &services)? };
    if call.json {
        screen.write(&document(&answers))?;
    } else {
        let mut text = call.demo_line();
        text.push_str(&overall(&answers.services, call, screen.width()));
        screen.print(&text)?;
    }
    Ok(if answers.services.iter().all(|answer| answer.error.is_some()) {
        Outcome::CouldNotTell
    } else if answers.services.iter().all(|answer| answer.healthy) {
        Outcome::Well
    } else {
        Outcome::Degraded
    })
}

fn overall(answers: &[ServiceStatus], call: &Call, width: Option<u16>) -> String {
    const COLUMNS: [Column; 6] = [
        ("SERVICE", Room::Always),
        ("HEALTH", Room::Always),
        ("STATE", Room::Leaves(1)),
        ("SINCE", Room::Leaves(2)),
        ("PID", Room::Leaves(4)),
        ("UNIT FILE", Room::Leaves(3)),
    ];
    let now = call.ask.exec.now();
    let cells = |answer: &ServiceStatus| {
        let [state, since, pid] = states::cells(answer, now);
        let file = answer.status.as_ref().and_then(|status| status.unit_file_state.as_deref()).unwrap_or("-");
        vec![answer.service.id().to_owned(), states::health(answer), state, since, pid, escape::line(file)]
    };
    let rows: Vec<_> = answers.iter().map(cells).collect();
    let mut text = table::render(&COLUMNS, &rows, width);
    let why = reason::against(answers, None, now);
    text.push_str(&reasons::list("Why", Style::Bad, &why, now, width));
    text.push_str(&reasons::list(
        "Warnings",
        Style::Warning,
        &reason::warnings(answers, None, now),
        now,
        width,
    ));
    text.push_str(&next_step::after(&why, width));
    text
}

fn details(answer: &ServiceStatus, call: &Call, width: Option<u16>) -> String {
    let service = answer.service;
    let mut text = call.demo_line();
    let title = format!("{}: {}", Style::Title.of(service.unit()), service.description());
    text.push_str(&table::wrapped(&title, 0, width));
    let Some(status) = &answer.status else { return text };
    let now = call.ask.exec.now();
    let answers = std::slice::from_ref(answer);
    let why = reason::against(answers, None, now);
    let mut health = states::health(answer);
    if let Some(cause) = why.first().and_then(|reason| cause(&reason.spoken, &health)) {
        health.push_str(&format!(": {}", escape::line(cause)));
    }
    let or_dash = |value: &Option<String>| escape::line(value.as_deref().unwrap_or("-"));
    let mut state = states::state(status);
    if let Some(since) = &status.state_since {
        let ago = age::ago(since, now).map(|ago| format!(" ({ago})")).unwrap_or_default();
        state.push_str(&format!(" since {}{ago}", escape::line(&timestamp::sentence(since))));
    }
    let file = match status.unit_file_state.as_deref() {
        Some(file) => format!("{}, {}", or_dash(&status.load_state), escape::line(file)),
        None => or_dash(&status.load_state),
    };
    let rows = [
        ("health", health),
        ("state", state),
        ("unit", file),
        ("main process", states::pid(status)),
        ("restarts", or_dash(&status.n_restarts)),
        ("invocation", or_dash(&status.invocation_id)),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        // An id that has no room for all of it is of no use.
        .filter(|(name, value)| {
            *name != "invocation" || width.is_none_or(|width| value.len() + 16 <= width.into())
        })
        .map(|(name, value)| vec![format!("{name:>14}"), value])
        .collect();
    text.push_str(&table::render(&[("", Room::Always), ("", Room::Wraps)], &rows, width));
    text.push_str(&reasons::list(
        "Warnings",
        Style::Warning,
        &reason::warnings(answers, None, now),
        now,
        width,
    ));
    text
}

/// What a reason says beyond the word for it, if it does: the state has its times.
fn cause<'a>(spoken: &'a str, health: &str) -> Option<&'a str> {
    if let Some((_, cause)) = spoken.split_once(": ") {
        return Some(cause);
    }
    let word = style::plain(health).to_lowercase();
    let Some(rest) = spoken.strip_prefix(&word) else {
        return (!spoken.starts_with("has been ")).then_some(spoken);
    };
    ["; ", ", so it "].iter().find_map(|link| rest.strip_prefix(link))
}

/// The last entries of its log, as `systemctl status` shows them; or in one line why there are none.
fn last_entries(service: &'static Service, call: &Call, width: Option<u16>) -> Result<String, Error> {
    let title = Style::Title.of("Last entries");
    let lines = Lines::new(Some(LOG_LINES), &call.ask.limits);
    let question = Question { service, lines, since: None, priority: None, entries: true };
    let deadline = call.ask.deadline().or_in(LOG_PATIENCE);
    Ok(match logs::collect(&call.ask, deadline, question) {
        Err(error @ Error::Interrupted(_)) => return Err(error),
        Err(error) => format!("\n{title}: {}\n", escape::line(&error.sentence())),
        Ok(logs) if logs.entries().is_empty() => format!("\n{title}: none\n"),
        Ok(logs) => {
            let (entries, now) = (logs.entries(), call.ask.exec.now());
            let lines =
                Layout::of(entries, TimeZone::UTC, now, width).short(entries, service.unit(), now, width);
            let variants = [format!("{title} (sek8s-status logs {})", service.id()), title];
            format!("\n{}\n{lines}", table::fitting(&variants, width.map(usize::from)))
        }
    })
}
