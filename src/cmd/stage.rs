//! The order in which a subcommand starts: with privileges what needs them, then without them everything else.

use std::{cell::OnceCell, fs::File, sync::Arc};

use super::{Call, Failure, plan::Plan, replay};
use crate::{
    cli::Cli,
    exec::{Executor, Places},
    redact::Redaction,
    report::{
        Ask, GpuMemory,
        health::{GpuFaults, HealthRule},
    },
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
    /// The recording that answers in the place of this machine.
    replay: Option<File>,
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
        let replay = cli.global.replay.as_deref().map(|path| replay::open(path, &start)).transpose()?;
        let account = start.account(settings.run_as.value.as_deref())?;
        stderr_log::start(environment);
        Ok(Self { environment, start, account, settings, cli, replay, exec })
    }

    /// Drops privileges, and only then catches signals and makes it possible to start programs.
    pub(super) fn call(self) -> Result<Call, Failure> {
        let Self { start, account, settings, cli, replay: recorded, .. } = self;
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
        let gpu_faults = if settings.gpu_health.value { GpuFaults::Degrade } else { GpuFaults::Warn };
        let stderr_limit = settings.max_output.value;
        let exec = Arc::new(if cli.global.demo {
            Executor::demo(stderr_limit, redaction).map_err(|error| replay::damaged(&error))?
        } else if let (Some(file), Some(path)) = (recorded, &cli.global.replay) {
            // Without privileges: the file may be anybody's.
            Executor::replay(replay::read(file, path)?, stderr_limit, redaction)
        } else {
            let places = Places {
                programs: settings.program_path.value.clone(),
                journal: settings.journal_path.value.clone(),
            };
            Executor::host(places, &reduced, ends_programs, stderr_limit, redaction)
        });
        let ending = Arc::clone(&exec);
        interrupt.end_at_the_second(move || ending.end_all())?;
        // It is set only here, so there is nothing in it yet.
        let _ = self.exec.set(Arc::clone(&exec));
        Ok(Call {
            ask: Ask {
                exec,
                limits: settings.limits(),
                rule: HealthRule::new(settings.masked_ok.value.clone())
                    .with_gpus(settings.expect_gpus.value, gpu_faults),
                gpus: Arc::new(if plan.goes_on {
                    GpuMemory::lasting(settings.gpu_health_age.value)
                } else {
                    GpuMemory::default()
                }),
            },
            json: cli.global.json,
            interrupt,
            settings,
            reduced,
        })
    }
}
