//! `serve`: the same answers over HTTP.

use std::sync::Arc;

use serde::Serialize;

use super::{Call, Failure, Outcome, screen::Screen, table};
use crate::{
    cli::Serve,
    http::{self, Options},
    report::{desk::Desk, document},
    settings::ServeSettings,
};

#[derive(Serialize)]
struct Checked {
    settings: Vec<CheckedSetting>,
}

#[derive(Serialize)]
struct CheckedSetting {
    name: String,
    value: String,
    origin: String,
}

/// Serves until SIGTERM or Ctrl-C; or only prints the settings.
pub(super) fn run(
    flags: &Serve,
    settings: ServeSettings,
    call: Call<'_>,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    if flags.check {
        check(&settings, &call, screen)?;
        return Ok(Outcome::Well);
    }
    log::set_max_level(settings.log_level.value);
    let mut bound = http::passed(call.environment)?;
    if bound.is_empty() {
        bound.push(http::bind(&settings.listen.value, settings.uds_mode.value)?);
    }
    for one in &bound {
        if one.is_public {
            log::warn!(
                "{} is reachable from outside this machine: plain HTTP, and nobody has to say who they are",
                one.name()
            );
        }
        log::info!("listening on {}", one.name());
    }
    let desk = Desk::new(Arc::clone(&call.exec), call.limits, call.rule, settings.max_age.value);
    let options =
        Options { path_prefix: settings.path_prefix.value, max_connections: settings.max_connections.value };
    http::serve(bound, desk, &call.exec, options, &call.interrupt)?;
    log::info!("stopped");
    Ok(Outcome::Well)
}

fn check(settings: &ServeSettings, call: &Call<'_>, screen: &mut Screen) -> Result<(), Failure> {
    let lines = settings.lines().into_iter().chain(call.settings.lines());
    if call.json {
        let settings = lines.map(|[name, value, origin]| CheckedSetting { name, value, origin }).collect();
        screen.write(&document(&Checked { settings }))?;
    } else {
        let rows = lines.map(Vec::from).collect();
        screen.print(&table::render(&["SETTING", "VALUE", "FROM"], rows, screen.width()))?;
    }
    Ok(())
}
