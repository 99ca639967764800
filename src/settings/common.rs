//! The settings of every subcommand.

use std::{path::PathBuf, time::Duration};

use clap::ValueHint;

use super::{
    Declared, Environment, Given, Line, Origin, Setting, SettingError, Spec, Takes,
    lookup::Lookup,
    spec::settings,
    values::{
        count, degrade_or_warn, duration, folders, gpus, health_age, ids, max_output, on_or_off, paths,
        services, timeout, word,
    },
};
use crate::{limits::Limits, program::SEARCH_PATH, service::Service, system::JOURNAL_PATH};

const LIMITS: Option<&str> = Some("Limits");
const HOST: Option<&str> = Some("This host");

settings! {
    /// The settings of every subcommand.
    Settings {
        timeout: Duration {
            read: timeout,
            show: duration,
            help: "Time limit for each program, at most 60s (a plain number is in seconds)",
            flag: "timeout",
            variable: "COMMAND_TIMEOUT_SECONDS",
            default: "10s",
            takes: Takes::One("DURATION"),
            heading: LIMITS,
        }
        max_output: usize {
            read: max_output,
            show: |bytes| format!("{bytes} bytes"),
            help: "Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)",
            flag: "max-output",
            variable: "MAX_OUTPUT_BYTES",
            default: "16KiB",
            takes: Takes::One("SIZE"),
            heading: LIMITS,
        }
        log_default: u32 {
            read: count(Limits::LOG_DEFAULT),
            show: |lines| format!("{lines} lines"),
            help: "Default number of log entries, 1 to 5000",
            flag: "log-default",
            variable: "LOG_TAIL_DEFAULT",
            default: "200",
            takes: Takes::One("N"),
            heading: LIMITS,
        }
        log_max: u32 {
            read: count(Limits::LOG_MAX),
            show: |lines| format!("{lines} lines"),
            help: "Maximum number of log entries, 100 to 10000",
            flag: "log-max",
            variable: "LOG_TAIL_MAX",
            default: "1000",
            takes: Takes::One("N"),
            heading: LIMITS,
        }
        log_window: u32 {
            read: count(Limits::LOG_WINDOW),
            show: |minutes| format!("{minutes} minutes"),
            help: "Maximum age of log entries in minutes, 1 to 10080",
            flag: "log-window",
            variable: "LOG_WINDOW_MAX_MINUTES",
            default: "1440",
            takes: Takes::One("MINUTES"),
            heading: LIMITS,
        }
        masked_ok: Vec<&'static Service> {
            read: services,
            show: ids,
            help: "Treat this service as healthy if its unit is masked (repeatable)",
            more: "Comma-separated in the environment.",
            flag: "masked-ok",
            variable: "MASKED_OK",
            takes: Takes::Many("ID"),
            hint: ValueHint::Unknown,
            heading: HOST,
        }
        expect_gpus: Option<usize> {
            read: gpus,
            show: |count: &Option<usize>| count.map_or_else(String::new, |count| count.to_string()),
            help: "Treat fewer GPUs than this as a fault",
            flag: "expect-gpus",
            variable: "EXPECT_GPUS",
            takes: Takes::One("N"),
            heading: HOST,
        }
        gpu_health: bool {
            read: degrade_or_warn,
            show: |degrades: &bool| if *degrades { "degrade" } else { "warn" }.to_owned(),
            help: "Whether a GPU with a fault degrades the overview, or is only a warning",
            flag: "gpu-health",
            variable: "GPU_HEALTH",
            default: "degrade",
            takes: Takes::One("degrade|warn"),
            heading: HOST,
        }
        gpu_health_age: Duration {
            read: health_age,
            show: duration,
            help: "Ask for the health of the GPUs at most this often, with serve, wait and --watch",
            flag: "gpu-health-age",
            variable: "GPU_HEALTH_AGE",
            default: "30s",
            takes: Takes::One("DURATION"),
            heading: HOST,
        }
        last_log: bool {
            read: on_or_off,
            show: |is_on: &bool| if *is_on { "on" } else { "off" }.to_owned(),
            help: "Show in an overview the log line that most likely explains a failed service",
            flag: "last-log",
            variable: "LAST_LOG",
            default: "on",
            takes: Takes::One("on|off"),
            heading: HOST,
        }
        redact: bool {
            read: on_or_off,
            show: |is_on: &bool| if *is_on { "on" } else { "off" }.to_owned(),
            help: "Replace known secrets in logs and in the output of programs with `[redacted:KIND]`",
            flag: "redact",
            variable: "REDACT",
            default: "on",
            takes: Takes::One("on|off"),
            heading: HOST,
        }
        program_path: Vec<PathBuf> {
            read: folders,
            show: paths,
            help: "Colon-separated directories to search for the programs",
            flag: "program-path",
            variable: "PROGRAM_PATH",
            default: SEARCH_PATH,
            takes: Takes::One("DIRECTORIES"),
            hint: ValueHint::DirPath,
            heading: HOST,
            is_of_host: true,
        }
        journal_path: Vec<PathBuf> {
            read: folders,
            show: paths,
            help: "Colon-separated journal directories, to distinguish an empty journal from a missing one",
            flag: "journal-path",
            variable: "JOURNAL_PATH",
            default: JOURNAL_PATH,
            takes: Takes::One("DIRECTORIES"),
            hint: ValueHint::DirPath,
            heading: HOST,
            is_of_host: true,
        }
        run_as: Option<String> {
            read: word,
            show: |user: &Option<String>| user.clone().unwrap_or_else(|| "chutes, else nobody".to_owned()),
            help: "User to switch to when started as root",
            more: "[default: chutes, else nobody]",
            flag: "run-as",
            variable: "RUN_AS",
            takes: Takes::One("USER"),
            hint: ValueHint::Username,
            heading: HOST,
            is_of_host: true,
        }
    }
}

impl Declared for Settings {
    const IS_GLOBAL: bool = true;

    fn specs() -> impl Iterator<Item = &'static Spec> {
        Self::SPECS.iter().copied()
    }
}

impl Settings {
    /// Reads and checks them all. `is_secure`: this process has more privileges than its caller, which may not
    /// choose files then.
    /// Errors: the first one that is invalid or out of range.
    pub fn resolve(
        given: &Given<Self>,
        environment: Environment<'_>,
        is_secure: bool,
    ) -> Result<Self, SettingError> {
        let mut settings = Self::read(&Lookup { given, environment, is_secure })?;
        let (default, max) = (&mut settings.log_default, settings.log_max.value);
        if default.value > max {
            if default.origin != Origin::Default {
                return Err(SettingError::unusable(
                    &specs::log_default.name(default.origin),
                    &default.value.to_string(),
                    &format!("it must be at most `--log-max` (`LOG_TAIL_MAX`), which is {max}"),
                ));
            }
            default.value = max;
        }
        Ok(settings)
    }

    /// The limits among them.
    pub fn limits(&self) -> Limits {
        Limits::new(
            self.timeout.value,
            self.max_output.value,
            self.log_default.value,
            self.log_max.value,
            self.log_window.value,
        )
    }
}
