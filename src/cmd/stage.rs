//! The order in which a subcommand starts: with privileges what needs them, then without them everything else.

use std::{cell::OnceCell, sync::Arc};

use super::{Call, Failure, plan::Plan};
use crate::{
    cli::Cli,
    exec::{Executor, Places},
    redact::Redaction,
    report::{Ask, health::HealthRule},
    settings::{Environment, Settings},
    stderr_log,
    system::{
        Interrupt,
        privilege::{Account, Start},
    },
};

/// A subcommand that still has the privileges it was started with. It opens what needs them, and then makes its
/// [`Call`].
pub(crate) struct Stage<'a> {
    pub(super) environment: Environment<'a>,
    pub(super) start: Start,
    pub(super) account: Option<Account>,
    settings: Settings,
    cli: &'a Cli,
    exec: &'a OnceCell<Arc<Executor>>,
}

impl<'a> Stage<'a> {
    /// Reads the settings and finds the user to become. `exec` gets what starts programs, once it may.
    /// Fails when a setting cannot be used, or there is no such user.
    pub(crate) fn begin(
        cli: &'a Cli,
        environment: Environment<'a>,
        exec: &'a OnceCell<Arc<Executor>>,
    ) -> Result<Self, Failure> {
        let start = Start::begin()?;
        let settings = Settings::resolve(&cli.global.settings, environment, start.is_secure())?;
        let account = start.account(settings.run_as.value.as_deref())?;
        stderr_log::start(environment);
        Ok(Self { environment, start, account, settings, cli, exec })
    }

    /// Drops privileges, and only then catches signals and makes it possible to start programs.
    pub(super) fn call(self) -> Result<Call, Failure> {
        let Self { start, account, settings, cli, .. } = self;
        let plan = Plan::of(&cli.command, &settings);
        let reduced = start.give_up(account.as_ref(), plan.keeps)?;
        if plan.warns_about_journal
            && let Some(warning) =
                account.and_then(|account| account.warning(settings.run_as.value.is_some()))
        {
            log::warn!("{warning}");
        }
        let interrupt = Arc::new(Interrupt::catch(plan.signal_ends_programs)?);
        let ends_programs = plan.signal_ends_programs.then(|| Arc::clone(&interrupt));
        let redaction = if settings.redact.value { Redaction::On } else { Redaction::Off };
        let exec = Arc::new(if cli.global.demo {
            Executor::demo(ends_programs, redaction)
        } else {
            let places = Places {
                programs: settings.program_path.value.clone(),
                journal: settings.journal_path.value.clone(),
            };
            Executor::host(places, &reduced, ends_programs, settings.max_output.value, redaction)
        });
        let ending = Arc::clone(&exec);
        interrupt.end_at_the_second(move || ending.end_all())?;
        // It is set only here, so there is nothing in it yet.
        let _ = self.exec.set(Arc::clone(&exec));
        Ok(Call {
            ask: Ask {
                exec,
                limits: settings.limits(),
                rule: HealthRule::new(settings.masked_ok.value.clone()),
            },
            json: cli.global.json,
            interrupt,
            settings,
            reduced,
        })
    }
}
