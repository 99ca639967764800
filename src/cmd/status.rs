//! `status`: the state of services as systemd sees it.

use std::time::Duration;

use super::{Call, Failure, Outcome, reasons, screen::Screen, table, tone::Tone};
use crate::{
    cli,
    error::Error,
    escape,
    report::{
        Aged, document, reason,
        status::{self, ServiceStatus, Statuses},
    },
    service::{self, Service},
};

/// Prints one service with its details, or several as a table.
pub(super) fn run(flags: &cli::Status, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let services = flags.ids.iter().map(|id| find(id)).collect::<Result<Vec<_>, _>>()?;
    if let [service] = services[..] {
        let answer = status::collect(&call.exec, call.deadline(), &call.rule, service)?;
        if call.json {
            screen.write(&document(&Aged::new(&answer, Duration::ZERO)))?;
        } else {
            screen.print(&details(&answer, call, screen.width()))?;
        }
        return Ok(if answer.healthy { Outcome::Well } else { Outcome::Degraded });
    }
    let services = if services.is_empty() { service::all().iter().collect() } else { services };
    let answers =
        Statuses { services: status::collect_all(&call.exec, call.deadline(), &call.rule, &services)? };
    if call.json {
        screen.write(&document(&answers))?;
    } else {
        let mut text = reasons::demo_line(call.exec.is_demo());
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

/// The service of that id.
pub(super) fn find(id: &str) -> Result<&'static Service, Error> {
    service::find(id).ok_or_else(|| Error::UnknownService(id.to_owned()))
}

fn overall(answers: &[ServiceStatus], call: &Call, width: Option<u16>) -> String {
    let now = call.exec.now();
    let rows = answers
        .iter()
        .map(|answer| {
            let [state, since, pid] = columns(answer, now);
            let file = answer.status.as_ref().and_then(|status| status.unit_file_state.clone());
            let id = answer.service.id().to_owned();
            vec![
                id,
                reasons::health_word(answer),
                state,
                since,
                pid,
                escape::line(&file.unwrap_or_else(|| "-".to_owned())),
            ]
        })
        .collect();
    let mut text = table::render(&["SERVICE", "HEALTH", "STATE", "SINCE", "PID", "UNIT FILE"], rows, width);
    text.push_str(&reasons::list("Reasons", Tone::Bad, &reason::against(answers, None), width));
    text.push_str(&reasons::list("Warnings", Tone::Warning, &reason::warnings(answers), width));
    text
}

/// State, how long, and process number, as every table shows them.
pub(super) fn columns(answer: &ServiceStatus, now: jiff::Timestamp) -> [String; 3] {
    let Some(status) = &answer.status else { return ["-".to_owned(), "-".to_owned(), "-".to_owned()] };
    let pid = status.main_pid.as_deref().filter(|pid| *pid != "0").unwrap_or("-");
    [reasons::state(status), reasons::since(status.state_since.as_deref(), now), escape::line(pid)]
}

fn details(answer: &ServiceStatus, call: &Call, width: Option<u16>) -> String {
    let service = answer.service;
    let mut text = reasons::demo_line(call.exec.is_demo());
    text.push_str(&format!("{} - {}\n", Tone::Title.of(service.unit()), service.description()));
    let Some(status) = &answer.status else { return text };
    let now = call.exec.now();
    let or_dash = |value: &Option<String>| escape::line(value.as_deref().unwrap_or("-"));
    let since = |value: &Option<String>| match value {
        Some(time) => format!("{} ({})", escape::line(time), reasons::ago(time, now)),
        None => "-".to_owned(),
    };
    let rows = [
        ("health", reasons::health_word(answer)),
        (
            "load state",
            format!("{} (unit file {})", or_dash(&status.load_state), or_dash(&status.unit_file_state)),
        ),
        ("active state", format!("{} ({})", or_dash(&status.active_state), or_dash(&status.sub_state))),
        ("state since", since(&status.state_since)),
        ("main process", or_dash(&status.main_pid)),
        (
            "last result",
            format!(
                "{}, exit code {}, exit status {}",
                or_dash(&status.result),
                or_dash(&status.exit_code),
                or_dash(&status.exit_status)
            ),
        ),
        ("restarts", or_dash(&status.n_restarts)),
        ("invocation", or_dash(&status.invocation_id)),
    ];
    for (name, value) in rows {
        text.push_str(&format!("  {name:>12}  {value}\n"));
    }
    let answers = std::slice::from_ref(answer);
    text.push_str(&reasons::list("Reasons", Tone::Bad, &reason::against(answers, None), width));
    text.push_str(&reasons::list("Warnings", Tone::Warning, &reason::warnings(answers), width));
    text
}
