//! `privileges`: what each subcommand needs, and whether it is there.

use std::{env, fs, path::PathBuf};

use super::{
    Call, Failure, Outcome,
    plan::Plan,
    screen::Screen,
    style::Style,
    table::{self, Column, Room},
};
use crate::{
    error::Error,
    escape,
    report::{
        document, logs,
        privileges::{Need, Needed, Privileges},
    },
    settings::{Environment, Given, Listen, ServeSettings},
    system::privilege::Identity,
};

/// Prints the table, and below it what would grant what is missing.
pub(super) fn run(
    environment: Environment<'_>,
    call: &Call,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let serve = ServeSettings::resolve(&Given::default(), environment, call.reduced.start().is_secure())?;
    let port = match serve.listen.value {
        Listen::Tcp(address) => Some(address).filter(|address| (1..first_port()).contains(&address.port())),
        Listen::Unix(_) => None,
    };
    let binary = env::current_exe().unwrap_or_else(|_| PathBuf::from("/usr/bin/sek8s-status"));
    let (identity, prerequisites) = (Identity::now()?, call.ask.exec.prerequisites());
    let tried = logs::try_to_read(&call.ask, call.ask.deadline());
    if let Err(Error::Interrupted(signal)) = tried {
        return Err(Error::Interrupted(signal).into());
    }
    let subcommands = Plan::of_each(&call.settings).map(|plan| (plan.name, plan.needs));
    let privileges =
        Privileges::of(subcommands, identity, &call.reduced, &prerequisites, tried, port, &binary);
    let missing = privileges.missing();
    let outcome = if missing.is_empty() { Outcome::Well } else { Outcome::Degraded };
    if call.json {
        screen.write(&document(&privileges))?;
    } else {
        let mut text = call.demo_line();
        text.push_str(&who(&privileges, screen.width()));
        text.push_str(&needs(&privileges, screen.width()));
        text.push_str(&grants(&missing));
        screen.print(&text)?;
    }
    Ok(outcome)
}

/// The first port that anybody may listen on (ip(7)); 1024 where the machine does not say.
fn first_port() -> u16 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    text.trim().parse().unwrap_or(1024)
}

fn who(privileges: &Privileges, width: Option<u16>) -> String {
    let given_up = if privileges.started_as_root { ", and has given up root" } else { "" };
    let capabilities = match &privileges.capabilities[..] {
        [] => "none".to_owned(),
        some => format!("{}, inactive until needed", some.join(", ")),
    };
    let lines = [
        format!("Runs as {} (uid {}){given_up}", escape::line(&privileges.user), privileges.uid),
        format!("Groups: {}", escape::line(&privileges.groups.join(", "))),
        format!("Capabilities: {capabilities}"),
    ];
    let rows = lines.map(|line| vec![line]);
    format!("{}\n", table::render(&[("", Room::Wraps)], &rows, width))
}

fn needs(privileges: &Privileges, width: Option<u16>) -> String {
    const COLUMNS: [Column; 4] = [
        ("SUBCOMMAND", Room::Always),
        ("NEEDS", Room::Always),
        ("PRESENT", Room::Always),
        ("FOUND", Room::Wraps),
    ];
    let mut rows = Vec::new();
    for subcommand in &privileges.subcommands {
        if subcommand.needs.is_empty() {
            rows.push(vec![
                subcommand.subcommand.to_owned(),
                "nothing".to_owned(),
                String::new(),
                String::new(),
            ]);
        }
        for (number, need) in subcommand.needs.iter().enumerate() {
            let name = if number == 0 { subcommand.subcommand } else { "" };
            let there = match need.present {
                Some(true) => Style::Good.of("yes"),
                Some(false) => Style::Bad.of("MISSING"),
                None => Style::Warning.of("absent"),
            };
            rows.push(vec![name.to_owned(), title(need).to_owned(), there, escape::line(&need.found)]);
        }
    }
    table::render(&COLUMNS, &rows, width)
}

fn title(need: &Need) -> &'static str {
    match need.need {
        Needed::SystemBus => "the system bus",
        Needed::Journal => "the journal",
        Needed::GpuDevices => "the GPU devices",
        Needed::LowPort => "a low port",
    }
}

fn grants(missing: &[&Need]) -> String {
    missing
        .iter()
        .map(|need| {
            let title = Style::Title.of(&format!("{} is not available; any of these helps", title(need)));
            let ways: String = need.grant.iter().map(|way| format!("  {}\n", escape::line(way))).collect();
            format!("\n{title}\n{ways}")
        })
        .collect()
}
