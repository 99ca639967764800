//! `services`: the allowlist.

use super::{
    Call, Failure, Outcome,
    screen::Screen,
    table::{self, Column, Room},
};
use crate::{
    report::{document, services},
    service::{self, Service},
};

const COLUMNS: [Column; 3] =
    [("SERVICE", Room::Always), ("UNIT", Room::Leaves(1)), ("DESCRIPTION", Room::Wraps)];

/// Prints the list; nothing has to be asked for it.
pub(super) fn run(call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    if call.json {
        screen.write(&document(&services::list()))?;
        return Ok(Outcome::Well);
    }
    let cells =
        |service: &Service| [service.id(), service.unit(), service.description()].map(str::to_owned).to_vec();
    let rows: Vec<_> = service::all().iter().map(cells).collect();
    screen.print(&table::render(&COLUMNS, &rows, screen.width()))?;
    Ok(Outcome::Well)
}
