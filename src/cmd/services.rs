//! `services`: the allowlist.

use super::{Call, Failure, Outcome, screen::Screen, table};
use crate::{
    report::{document, services},
    service,
};

/// Prints the list; nothing has to be asked for it.
pub(super) fn run(call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    if call.json {
        screen.write(&document(&services::list()))?;
        return Ok(Outcome::Well);
    }
    let rows = service::all()
        .iter()
        .map(|service| {
            vec![service.id().to_owned(), service.unit().to_owned(), service.description().to_owned()]
        })
        .collect();
    screen.print(&table::render(&["SERVICE", "UNIT", "DESCRIPTION"], rows, screen.width()))?;
    Ok(Outcome::Well)
}
