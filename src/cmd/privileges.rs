//! `privileges`: what each subcommand needs, and whether it is there.

use std::{env, fs, path::PathBuf};

use super::{
    Call, Failure, Outcome, reasons,
    screen::Screen,
    table::{self, Column, Room},
    tone::Tone,
};
use crate::{
    error::Error,
    escape,
    report::{
        document, logs,
        privileges::{Need, Privileges},
    },
    settings::{Listen, ServeSettings},
    system::privilege::Identity,
};

/// Prints the table, and below it what would grant what is missing.
pub(super) fn run(serve: &ServeSettings, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let listen = match serve.listen.value {
        Listen::Tcp(address) => Some(address),
        Listen::Unix(_) => None,
    };
    let binary = env::current_exe().unwrap_or_else(|_| PathBuf::from("/usr/bin/sek8s-status"));
    let (identity, prerequisites) = (Identity::now()?, call.ask.exec.prerequisites());
    let tried = logs::try_to_read(&call.ask, call.ask.deadline());
    if let Err(Error::Interrupted(signal)) = tried {
        return Err(Error::Interrupted(signal).into());
    }
    let privileges =
        Privileges::of(identity, &call.reduced, &prerequisites, tried, listen, first_port(), &binary);
    let missing = privileges.missing();
    let outcome = if missing.is_empty() { Outcome::Well } else { Outcome::Degraded };
    if call.json {
        screen.write(&document(&privileges))?;
    } else {
        let mut text = reasons::demo_line(call.ask.exec.is_demo());
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
                Some(true) => Tone::Good.of("yes"),
                Some(false) => Tone::Bad.of("MISSING"),
                None => Tone::Warning.of("absent"),
            };
            rows.push(vec![name.to_owned(), title(need).to_owned(), there, escape::line(&need.found)]);
        }
    }
    table::render(&COLUMNS, &rows, width)
}

fn title(need: &Need) -> &'static str {
    match need.need {
        "system_bus" => "the system bus",
        "journal" => "the journal",
        "gpu_devices" => "the GPU devices",
        _ => "a low port",
    }
}

fn grants(missing: &[&Need]) -> String {
    missing
        .iter()
        .map(|need| {
            let title = Tone::Title.of(&format!("{} is not available; any of these helps", title(need)));
            let ways: String = need.grant.iter().map(|way| format!("  {}\n", escape::line(way))).collect();
            format!("\n{title}\n{ways}")
        })
        .collect()
}
