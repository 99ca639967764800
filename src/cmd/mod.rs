//! The subcommands, one file each: ask for a report, print it.

mod commands;
mod entries;
mod gpu;
mod logs;
mod overview;
mod privileges;
mod reasons;
pub mod screen;
mod serve;
mod services;
mod states;
mod status;
mod table;
mod tone;

use std::{io, sync::Arc};

use self::{screen::Screen, serve::Keys};
use crate::{
    cli::Command,
    error::Error,
    report::Ask,
    settings::{Environment, Given, ServeSettings, SettingError, Settings},
    system::{
        Interrupt,
        privilege::{Account, Capability, PrivilegeError, Reduced, Start},
    },
};

/// What a finished subcommand has found; its exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Well,
    /// Answered, and something is degraded or unhealthy.
    Degraded,
    /// Answered as far as it goes, which is not far enough to tell.
    CouldNotTell,
}

/// Why a subcommand did not finish.
#[derive(Debug)]
pub enum Failure {
    /// There is no answer.
    Answer(Error),
    /// The answer could not be printed.
    Output(io::Error),
    /// The server could not start, or not go on.
    Server(io::Error),
    /// A setting cannot be used.
    Setting(SettingError),
    /// It could not give up what it does not need.
    Privilege(PrivilegeError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Answer(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

impl From<PrivilegeError> for Failure {
    fn from(refusal: PrivilegeError) -> Self {
        Self::Privilege(refusal)
    }
}

/// The capabilities that a subcommand can still use once sockets and keys are taken.
#[must_use]
pub fn keeps(command: &Command, settings: &Settings) -> &'static [Capability] {
    // The journal's alone: a port is taken before.
    let reads_journal = match command {
        Command::Logs(_) | Command::Serve(_) | Command::Privileges => true,
        Command::Overview(_) => settings.last_log.value,
        // Of one service the last entries are shown.
        Command::Status(flags) => flags.ids.len() == 1,
        Command::Services | Command::Gpu(_) | Command::Commands => false,
    };
    if reads_journal { &[Capability::DacReadSearch] } else { &[] }
}

/// Whether a subcommand reads the journal, so that its operator should hear what is in the way.
#[must_use]
pub fn reads_journal(command: &Command) -> bool {
    matches!(command, Command::Logs(_) | Command::Serve(_))
}

/// What every subcommand is called with.
pub struct Call {
    /// What answers are collected with.
    pub ask: Ask,
    /// Documents instead of tables.
    pub json: bool,
    /// Ends what waits, on Ctrl-C.
    pub interrupt: Arc<Interrupt>,
    /// All settings, for `serve --check`.
    pub settings: Settings,
    /// What was given up, and what is left.
    pub reduced: Reduced,
}

/// A subcommand that has taken what it could not take later. To be run once privileges are given up.
pub type Job<'a> = Box<dyn FnOnce(Call, &mut Screen) -> Result<Outcome, Failure> + 'a>;

/// Takes what a subcommand needs privileges for: `serve` its keys and sockets, the others nothing. The job fails
/// when it has no answer, or cannot print it.
///
/// # Errors
/// When a setting cannot be used.
pub fn take<'a>(
    command: &'a Command,
    environment: Environment<'a>,
    start: &Start,
    account: Option<&Account>,
) -> Result<Job<'a>, Failure> {
    Ok(match command {
        Command::Services => Box::new(|call, screen| services::run(&call, screen)),
        Command::Status(flags) => Box::new(|call, screen| status::run(flags, &call, screen)),
        Command::Logs(flags) => Box::new(|call, screen| logs::run(flags, &call, screen)),
        Command::Gpu(flags) => Box::new(|call, screen| gpu::run(flags, &call, screen)),
        Command::Overview(flags) => Box::new(|call, screen| overview::run(flags, &call, screen)),
        Command::Serve(flags) if flags.check => {
            let settings = ServeSettings::resolve(&flags.settings, environment, start.is_secure())?;
            // It would not start if these were wrong.
            Keys::read(&settings.auth)?;
            Box::new(move |call, screen| serve::check(&settings, &call, screen))
        }
        Command::Serve(flags) => {
            let settings = ServeSettings::resolve(&flags.settings, environment, start.is_secure())?;
            let keys = Keys::read(&settings.auth)?;
            let bound = serve::bind(&settings, environment, start, account)?;
            Box::new(move |call, _| serve::run(settings, keys, bound, &call))
        }
        Command::Commands => Box::new(|call, screen| commands::run(&call, screen)),
        Command::Privileges => {
            let serve = ServeSettings::resolve(&Given::default(), environment, start.is_secure())?;
            Box::new(move |call, screen| privileges::run(&serve, &call, screen))
        }
    })
}
