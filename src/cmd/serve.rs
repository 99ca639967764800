//! `serve`: the reports over HTTP.

use serde::Serialize;

use super::{
    Call, Failure, Outcome, Stage,
    screen::Screen,
    table::{self, Column, Room},
};
use crate::{
    cli,
    http::{self, Bound, Keys, Options, Paths, Reports},
    report::{document, last_log::LastLogs},
    settings::{Line, ServeSettings},
    system::privilege::Capability,
};

#[derive(Serialize)]
struct Checked {
    settings: Vec<Line>,
}

/// Serves, or checks whether it could. Keys and sockets are opened while that is still allowed.
pub(super) fn run(flags: &cli::Serve, stage: Stage<'_>, screen: &mut Screen) -> Result<Outcome, Failure> {
    let settings = ServeSettings::resolve(&flags.settings, stage.environment, stage.start.is_secure())?;
    // It would not start if these were wrong.
    let keys = Keys::read(&settings.auth)?;
    if flags.check {
        return check(&settings, &stage.call()?, screen);
    }
    let bound = bind(&settings, &stage)?;
    serve(settings, keys, bound, &stage.call()?)
}

/// Opens the sockets: those that systemd passed, otherwise the one in the settings.
fn bind(settings: &ServeSettings, stage: &Stage<'_>) -> Result<Vec<Bound>, Failure> {
    let passed = http::passed(stage.environment)?;
    if !passed.is_empty() {
        return Ok(passed);
    }
    let owner = stage.account.as_ref().map(|account| (account.user().as_raw(), account.group().as_raw()));
    let bind = || http::bind(&settings.listen.value, settings.server.uds_mode.value, owner);
    Ok(vec![stage.start.with(Capability::NetBindService, bind)??])
}

/// Serves until SIGTERM or Ctrl-C.
fn serve(settings: ServeSettings, keys: Keys, bound: Vec<Bound>, call: &Call) -> Result<Outcome, Failure> {
    log::set_max_level(settings.server.log_level.value.into());
    for path in keys.unreadable() {
        log::warn!(
            "{} is not readable after dropping privileges, so SIGHUP cannot reload it: restart after replacing it, \
             or use LoadCredential=",
            path.display()
        );
    }
    for one in &bound {
        if let Some(warning) = exposed(one, &keys) {
            log::warn!("{} is reachable from other machines: {warning}", one.name(keys.tls().is_some()));
        }
        log::info!("listening on {}", one.name(keys.tls().is_some()));
    }
    let last_logs = LastLogs::new(call.settings.last_log.value);
    let reports = Reports::new(call.ask.clone(), last_logs, settings.server.max_age.value);
    let options = Options {
        keys,
        paths: Paths { prefix: settings.server.path_prefix.value, metrics: settings.server.metrics.value },
        max_connections: settings.server.max_connections.value as usize,
        is_secure: call.reduced.start().is_secure(),
    };
    http::serve(bound, reports, &call.ask.exec, options, &call.interrupt).map_err(Failure::Server)?;
    log::info!("stopped");
    Ok(Outcome::Well)
}

/// The warning about a listener that other machines can reach.
fn exposed(bound: &Bound, keys: &Keys) -> Option<&'static str> {
    match (keys.tls().is_some(), keys.guard().is_open()) {
        _ if !bound.is_public => None,
        (false, true) => Some("no TLS and no authentication"),
        (false, false) => Some("no TLS: tokens and answers can be intercepted"),
        (true, true) => Some("no authentication"),
        (true, false) => None,
    }
}

/// Prints the settings with their origins.
fn check(settings: &ServeSettings, call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let lines = settings.lines().into_iter().chain(call.settings.lines());
    if call.json {
        screen.write(&document(&Checked { settings: lines.collect() }))?;
    } else {
        const COLUMNS: [Column; 3] =
            [("SETTING", Room::Always), ("VALUE", Room::Wraps), ("FROM", Room::Leaves(1))];
        let rows: Vec<_> =
            lines.map(|line| vec![line.name.to_owned(), line.value, line.origin.to_string()]).collect();
        screen.print(&table::render(&COLUMNS, &rows, screen.width()))?;
    }
    Ok(Outcome::Well)
}
