//! One safe window into a confidential GPU VM: which of seven systemd units are healthy, what they
//! logged last, what the GPUs report, and one verdict.
//!
//! Imports run one way: `main → lib → cmd, http → report → exec → system`.

mod auth;
pub mod cli;
mod cmd;
mod error;
mod escape;
mod exec;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod limits;
mod parse;
mod program;
mod redact;
mod report;
pub mod service;
mod settings;
mod stderr_log;
mod system;

/// What tests and benchmarks look at besides the command line.
#[doc(hidden)]
pub mod inside {
    pub use crate::{
        auth::{Credentials, Guard, Hotkeys, Mode, PURPOSE},
        error::{Error, Said},
        http::{Keys, Refusal},
        program::{Exit, Program},
        report::{GpuReason, GpuRow, NoteKind, gpu_findings, parse_gpu_rows, parse_gpu_rows_with_header},
        settings::{Declared, Given, ServeSettings, Settings},
    };

    /// The text without known secrets.
    pub fn redacted(text: &str) -> String {
        crate::redact::Redaction::On.text(text.to_owned())
    }
}

use std::{
    cell::OnceCell,
    ffi::OsString,
    io::{self, Write},
};

use clap::Parser;

use crate::{
    cli::Cli,
    cmd::{Failure, Outcome, Stage, screen::Screen},
    error::{Error, ErrorDocument},
    settings::Environment,
};

/// Parses the command line, runs the subcommand, prints errors, and returns the exit code:
/// 0 healthy, 1 degraded, 2 could not tell, 130 after Ctrl-C.
pub fn run(arguments: impl Iterator<Item = OsString>, environment: Environment<'_>) -> u8 {
    let arguments: Vec<OsString> = arguments.collect();
    let is_check = arguments
        .iter()
        .skip(1)
        .find(|argument| !argument.as_encoded_bytes().starts_with(b"-"))
        .is_some_and(|subcommand| subcommand == "check");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // A plugin that is used wrongly does not know the state, and says so where its reader looks.
        Err(error) if is_check && error.use_stderr() => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            let _ = io::stdout().write_all(cmd::check::unknown(first).as_bytes());
            return cmd::check::UNKNOWN;
        }
        // clap prints its own text: help to stdout, the rest to stderr. A closed pipe is not an error.
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let mut screen = Screen::new(cli.global.color, environment);
    // What starts programs, once there is something that may.
    let exec = OnceCell::new();
    let done =
        Stage::begin(&cli, environment, &exec).and_then(|stage| cmd::run(&cli.command, stage, &mut screen));
    let code = match done {
        Ok(Outcome::Well) => 0,
        Ok(Outcome::Degraded) => 1,
        Ok(Outcome::CouldNotTell) => 2,
        Ok(Outcome::Status(code)) => code,
        Err(failure @ (Failure::Answer(_) | Failure::Setting(_) | Failure::Privilege(_)))
            if is_check && !matches!(failure, Failure::Answer(Error::Interrupted(_))) =>
        {
            let _ = screen.print(&cmd::check::unknown(&said(&failure)));
            cmd::check::UNKNOWN
        }
        Err(failure) => explain(&failure, cli.global.json, &mut screen),
    };
    // After the answer or the error: a program that ignores SIGTERM may need a second to be killed.
    if let Some(exec) = exec.get() {
        exec.settle();
    }
    code
}

/// Prints an error, the only place that does, and returns the exit code.
fn explain(failure: &Failure, json: bool, screen: &mut Screen) -> u8 {
    match failure {
        // `| head` ends quietly.
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return 0,
        Failure::Answer(Error::Interrupted(signal)) => return u8::try_from(128 + signal).unwrap_or(130),
        Failure::Answer(error) if json => {
            let _ = screen.write(&report::document(&ErrorDocument { detail: error }));
        }
        _ => {}
    }
    let text = said(failure);
    let _ = writeln!(io::stderr(), "sek8s-status: {text}");
    2
}

/// Why there is no answer, as one sentence.
fn said(failure: &Failure) -> String {
    match failure {
        Failure::Output(error) => format!("could not write the output: {error}"),
        Failure::Server(error) => format!("server failed: {error}"),
        Failure::Setting(error) => error.to_string(),
        Failure::Privilege(refusal) => refusal.to_string(),
        Failure::Answer(error) => error.sentence(),
    }
}
