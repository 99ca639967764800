//! One safe window into a confidential GPU VM: which of seven systemd units are healthy, what they
//! logged last, what the GPUs report, and one verdict.
//!
//! Imports run one way: `main → lib → cmd, http → report → exec → system`.

pub mod auth;
pub mod cli;
pub mod cmd;
pub mod error;
pub mod escape;
pub mod exec;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod http;
pub mod limits;
pub mod parse;
pub mod program;
pub mod report;
pub mod service;
pub mod settings;
mod stderr_log;
pub mod system;

use std::{
    ffi::OsString,
    io::{self, Write},
    sync::Arc,
};

use clap::Parser;

use crate::{
    cli::Cli,
    cmd::{Call, Failure, Job, Outcome, screen::Screen},
    error::{Error, ErrorDocument},
    exec::Executor,
    report::Ask,
    settings::{Environment, Settings},
    system::{Interrupt, privilege::Start},
};

/// Parses the command line, runs the subcommand, prints errors, and returns the exit code:
/// 0 healthy, 1 degraded, 2 could not tell, 130 after Ctrl-C.
#[must_use]
pub fn run(arguments: impl Iterator<Item = OsString>, environment: Environment<'_>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // clap prints its own text: help to stdout, the rest to stderr. A closed pipe is not an error.
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let mut screen = Screen::new(cli.global.color, environment);
    let (job, call) = match prepare(&cli, environment) {
        Ok(ready) => ready,
        Err(failure) => return explain(&failure, cli.global.json, &mut screen),
    };
    let exec = Arc::clone(&call.ask.exec);
    let code = match job(call, &mut screen) {
        Ok(Outcome::Well) => 0,
        Ok(Outcome::Degraded) => 1,
        Ok(Outcome::CouldNotTell) => 2,
        Err(failure) => explain(&failure, cli.global.json, &mut screen),
    };
    // After the answer or the error: a program that ignores SIGTERM may need a second to be killed.
    exec.settle();
    code
}

/// Opens what needs privileges, drops them, and only then does anything else.
fn prepare<'a>(cli: &'a Cli, environment: Environment<'a>) -> Result<(Job<'a>, Call), Failure> {
    let start = Start::begin()?;
    let settings = Settings::resolve(&cli.global.settings, environment, start.is_secure())?;
    let run_as = settings.run_as.value.as_deref();
    let account = start.account(run_as)?;
    stderr_log::start(environment);
    let job = cmd::take(&cli.command, environment, &start, account.as_ref())?;
    let reduced = start.give_up(account.as_ref(), cmd::keeps(&cli.command, &settings))?;
    if cmd::reads_journal(&cli.command)
        && let Some(warning) = account.and_then(|account| account.warning(run_as.is_some()))
    {
        log::warn!("{warning}");
    }

    // For serve a signal means: finish requests in progress, and SIGHUP means: reload keys. For the others it
    // means: end running programs.
    let is_serve = matches!(cli.command, cli::Command::Serve(_));
    let interrupt = Arc::new(Interrupt::catch(!is_serve)?);
    let ends_programs = (!is_serve).then(|| Arc::clone(&interrupt));
    let exec = Arc::new(if cli.global.demo {
        Executor::demo(ends_programs)
    } else {
        Executor::host(settings.places(), &reduced, ends_programs, settings.max_output.value)
    });
    let ending = Arc::clone(&exec);
    interrupt.end_at_the_second(move || ending.end_all())?;
    let call = Call {
        ask: Ask { exec, limits: settings.limits(), rule: settings.rule() },
        json: cli.global.json,
        interrupt,
        settings,
        reduced,
    };
    Ok((job, call))
}

/// Prints an error, the only place that does, and returns the exit code.
fn explain(failure: &Failure, json: bool, screen: &mut Screen) -> u8 {
    let text = match failure {
        // `| head` ends quietly.
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return 0,
        Failure::Output(error) => format!("could not write the output: {error}"),
        Failure::Server(error) => format!("server failed: {error}"),
        Failure::Setting(error) => error.to_string(),
        Failure::Privilege(refusal) => refusal.to_string(),
        Failure::Answer(Error::Interrupted(signal)) => return u8::try_from(128 + signal).unwrap_or(130),
        Failure::Answer(error) => {
            if json {
                let _ = screen.write(&report::document(&ErrorDocument { detail: error }));
            }
            error.sentence()
        }
    };
    let _ = writeln!(io::stderr(), "sek8s-status: {text}");
    2
}
