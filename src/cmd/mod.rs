//! The subcommands, one file each: ask for a report, print it.

pub(crate) mod check;
mod commands;
mod entries;
mod gpu;
mod gpus;
mod logs;
mod metrics;
mod next_step;
mod openapi;
mod overview;
mod plan;
mod privileges;
mod reasons;
mod record;
mod replay;
pub(crate) mod screen;
mod selection;
mod serve;
mod services;
mod stage;
mod states;
mod status;
mod style;
mod table;
mod wait;

use std::{io, sync::Arc};

pub(crate) use self::stage::Stage;
use self::{screen::Screen, style::Style};
use crate::{
    cli::Command,
    error::Error,
    report::{Ask, timestamp},
    settings::{SettingError, Settings},
    system::{
        Interrupt,
        privilege::{PrivilegeError, Reduced},
    },
};

/// What a finished subcommand has found; its exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Well,
    /// Answered, and something is degraded or unhealthy.
    Degraded,
    /// Answered as far as it goes, which is not far enough to tell.
    CouldNotTell,
    /// As another convention says it.
    Status(u8),
}

/// Why a subcommand did not finish.
#[derive(Debug)]
pub(crate) enum Failure {
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
    fn from(error: PrivilegeError) -> Self {
        Self::Privilege(error)
    }
}

/// What every subcommand is called with.
pub(crate) struct Call {
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

impl Call {
    /// Tells on the terminal that these are no answers of this machine; empty otherwise.
    fn demo_line(&self) -> String {
        let what = match self.ask.exec.recorded_at() {
            None => return String::new(),
            Some(_) if self.ask.exec.is_demo() => "DEMO: recorded answers, not this machine".to_owned(),
            Some(at) => format!("RECORDING of {}, not this machine", timestamp::for_people(at)),
        };
        format!("{}\n", Style::Warning.of(&what))
    }
}

/// Runs a subcommand.
/// Fails when a setting cannot be used, or there is no answer, or it cannot be printed.
pub(crate) fn run(command: &Command, stage: Stage<'_>, screen: &mut Screen) -> Result<Outcome, Failure> {
    match command {
        Command::Services => services::run(&stage.call()?, screen),
        Command::Status(flags) => status::run(flags, &stage.call()?, screen),
        Command::Logs(flags) => logs::run(flags, &stage.call()?, screen),
        Command::Gpu(flags) => gpu::run(flags, &stage.call()?, screen),
        Command::Overview(flags) => overview::run(flags, &stage.call()?, screen),
        Command::Serve(flags) => serve::run(flags, stage, screen),
        Command::Record(flags) => record::run(flags, stage, screen),
        Command::Metrics => metrics::run(&stage.call()?, screen),
        Command::Check(flags) => check::run(flags, &stage.call()?, screen),
        Command::Wait(flags) => wait::run(flags, &stage.call()?, screen),
        Command::Commands => commands::run(&stage.call()?, screen),
        Command::Openapi => openapi::run(&stage.call()?, screen),
        Command::Privileges => privileges::run(stage.environment, &stage.call()?, screen),
    }
}
