//! `openapi`: the description of what is served, for clients that are generated and for editors.

use super::{Call, Failure, Outcome, screen::Screen};

/// Kept by hand; tests compare it with what the server answers.
const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// Prints it, byte for byte.
pub(super) fn run(_: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    screen.write(DOCUMENT.as_bytes())?;
    Ok(Outcome::Well)
}
