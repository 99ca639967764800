//! The subcommands, one file each: ask for a report, print it.

mod commands;
mod gpu;
mod logs;
mod overview;
mod reasons;
pub mod screen;
mod serve;
mod services;
mod status;
mod table;
mod tone;

use std::{io, sync::Arc};

use self::screen::Screen;
use crate::{
    cli::Command,
    error::Error,
    exec::{Deadline, Executor, Interrupt},
    limits::Limits,
    report::health::HealthRule,
    settings::{Environment, ServeSettings, SettingError, Settings},
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
    /// It could not start.
    Setting(SettingError),
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

/// What every subcommand is called with.
pub struct Call<'a> {
    /// Answers the questions.
    pub exec: Arc<Executor>,
    /// Within these limits.
    pub limits: Limits,
    /// Healthy by this rule.
    pub rule: HealthRule,
    /// Documents instead of tables.
    pub json: bool,
    /// Ends what waits, on Ctrl-C.
    pub interrupt: Arc<Interrupt>,
    /// All settings, for `serve`.
    pub settings: Settings,
    /// The environment, for `serve`.
    pub environment: Environment<'a>,
}

impl Call<'_> {
    /// The moment by which an answer has to be there.
    fn deadline(&self) -> Deadline {
        Deadline::after(self.limits.timeout)
    }
}

/// Runs one subcommand.
///
/// # Errors
/// When it has no answer, cannot print it or cannot start.
pub fn run(command: &Command, call: Call<'_>, screen: &mut Screen) -> Result<Outcome, Failure> {
    match command {
        Command::Services => services::run(&call, screen),
        Command::Status(flags) => status::run(flags, &call, screen),
        Command::Logs(flags) => logs::run(flags, &call, screen),
        Command::Gpu(flags) => gpu::run(flags, &call, screen),
        Command::Overview(flags) => overview::run(flags, &call, screen),
        Command::Serve(flags) => {
            let settings = ServeSettings::resolve(flags, call.environment)?;
            serve::run(flags, settings, call, screen)
        }
        Command::Commands => commands::run(&call, screen),
    }
}
