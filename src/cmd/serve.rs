//! `serve`: the same answers over HTTP.

use serde::Serialize;

use super::{Call, Failure, Outcome, screen::Screen, table};
use crate::{
    cli::Serve,
    http::{self, Answers},
    report::document,
    settings::{Listen, ServeSettings},
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
    let bound = http::bind(&settings.listen.value, settings.uds_mode.value)?;
    if let Listen::Tcp(address) = settings.listen.value
        && !address.ip().is_loopback()
    {
        log::warn!(
            "{address} is reachable from outside this machine: plain HTTP, and nobody has to say who they are"
        );
    }
    log::info!("listening on {}", bound.name());
    let timeout = call.limits.timeout;
    let answers = Answers {
        exec: call.exec,
        limits: call.limits,
        rule: call.rule,
        path_prefix: settings.path_prefix.value,
    };
    http::serve(bound, answers, &call.interrupt, timeout)?;
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
