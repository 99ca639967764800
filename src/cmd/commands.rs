//! `commands`: every command line that can ever be started.

use serde::Serialize;

use super::{Call, Failure, Outcome, screen::Screen};
use crate::{escape, exec::Invocation, report::document};

/// `{"commands":[["systemctl","show",…],…]}`
#[derive(Serialize)]
struct Commands {
    commands: Vec<Vec<String>>,
}

/// Prints the closed list, from the same enum that is run.
pub(super) fn run(call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let commands: Vec<_> = Invocation::closed_list().iter().map(Invocation::template).collect();
    if call.json {
        screen.write(&document(&Commands { commands }))?;
    } else {
        let text: String =
            commands.iter().map(|command| format!("{}\n", escape::line(&command.join(" ")))).collect();
        screen.print(&text)?;
    }
    Ok(Outcome::Well)
}
