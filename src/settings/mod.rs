//! Settings: from a flag, otherwise from the environment, otherwise the default; each is checked and keeps its
//! origin.

mod auth;
mod lookup;
mod serve;
mod values;

use std::{ffi::OsString, fmt, path::PathBuf, time::Duration};

use crate::{
    cli::GlobalFlags,
    exec::{Places, SEARCH_PATH},
    limits::Limits,
    report::health::HealthRule,
    service::Service,
    system::JOURNAL_PATH,
};

pub use self::{
    auth::{AuthSettings, File, TlsFiles},
    serve::{Listen, ServeSettings},
    values::boolean,
};
use self::{
    lookup::{Lookup, name},
    values::{count, folders, max_output, on_or_off, services, timeout},
};

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// Neither was given.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Default => "default",
        })
    }
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Setting<T> {
    /// The value, in its range.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

/// Why a setting cannot be used: one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(String);

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

impl SettingError {
    /// A setting with its value, and why it cannot be used.
    #[must_use]
    pub fn unusable(name: &str, given: &str, why: &str) -> Self {
        Self(format!("`{name}` is `{}`: {why}", given.escape_debug()))
    }
}

/// Looks up a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The settings of every subcommand.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long one program may take.
    pub timeout: Setting<Duration>,
    /// Bytes of text in an answer.
    pub max_output: Setting<usize>,
    /// The default number of log lines.
    pub log_default: Setting<u32>,
    /// The most log lines.
    pub log_max: Setting<u32>,
    /// The widest log window, in minutes.
    pub log_window: Setting<u32>,
    /// Services that are healthy when masked.
    pub masked_ok: Setting<Vec<&'static Service>>,
    /// Whether an overview carries log lines of services that failed.
    pub last_log: Setting<bool>,
    /// Where programs are searched: absolute directories.
    pub program_path: Setting<Vec<PathBuf>>,
    /// Where journald keeps its files: absolute directories.
    pub journal_path: Setting<Vec<PathBuf>>,
    /// The user to switch to when started as root, if set.
    pub run_as: Setting<Option<String>>,
}

impl Settings {
    /// Reads and checks them all. `is_secure`: this process has more privileges than its caller, which may not
    /// choose files then.
    ///
    /// # Errors
    /// The first one that is invalid or out of range.
    pub fn resolve(
        flags: &GlobalFlags,
        environment: Environment<'_>,
        is_secure: bool,
    ) -> Result<Self, SettingError> {
        let look = Lookup { environment, is_secure };
        let defaults = Limits::default();
        let max =
            look.setting("log-max", "LOG_TAIL_MAX", flags.log_max.as_deref(), defaults.log_max, |text| {
                count(text, 100, 10_000)
            })?;
        let mut default = look.setting(
            "log-default",
            "LOG_TAIL_DEFAULT",
            flags.log_default.as_deref(),
            defaults.log_default,
            |text| count(text, 1, 5000),
        )?;
        if default.value > max.value {
            if default.origin != Origin::Default {
                return Err(SettingError(format!(
                    "`{}` is `{}`: it must be at most `--log-max` (`LOG_TAIL_MAX`), which is {}",
                    name("log-default", "LOG_TAIL_DEFAULT", default.origin),
                    default.value,
                    max.value
                )));
            }
            default.value = max.value;
        }
        Ok(Self {
            timeout: look.setting(
                "timeout",
                "COMMAND_TIMEOUT_SECONDS",
                flags.timeout.as_deref(),
                defaults.timeout,
                timeout,
            )?,
            max_output: look.setting(
                "max-output",
                "MAX_OUTPUT_BYTES",
                flags.max_output.as_deref(),
                defaults.max_output,
                max_output,
            )?,
            log_default: default,
            log_max: max,
            log_window: look.setting(
                "log-window",
                "LOG_WINDOW_MAX_MINUTES",
                flags.log_window.as_deref(),
                defaults.log_window,
                |text| count(text, 1, 10_080),
            )?,
            masked_ok: look.setting(
                "masked-ok",
                "MASKED_OK",
                joined(&flags.masked_ok).as_deref(),
                Vec::new(),
                services,
            )?,
            last_log: look.setting("last-log", "LAST_LOG", flags.last_log.as_deref(), true, on_or_off)?,
            program_path: look.of_host(
                "program-path",
                "PROGRAM_PATH",
                flags.program_path.as_deref(),
                SEARCH_PATH.split(':').map(PathBuf::from).collect(),
                folders,
            )?,
            journal_path: look.of_host(
                "journal-path",
                "JOURNAL_PATH",
                flags.journal_path.as_deref(),
                JOURNAL_PATH.split(':').map(PathBuf::from).collect(),
                folders,
            )?,
            run_as: look.of_host("run-as", "RUN_AS", flags.run_as.as_deref(), None, |name| {
                Ok(Some(name.to_owned()))
            })?,
        })
    }

    /// The limits among them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            timeout: self.timeout.value,
            max_output: self.max_output.value,
            log_default: self.log_default.value,
            log_max: self.log_max.value,
            log_window: self.log_window.value,
        }
    }

    /// The places among them.
    #[must_use]
    pub fn places(&self) -> Places {
        Places { programs: self.program_path.value.clone(), journal: self.journal_path.value.clone() }
    }

    /// The health rule among them.
    #[must_use]
    pub fn rule(&self) -> HealthRule {
        HealthRule::new(self.masked_ok.value.clone())
    }

    /// One line each: name, value, origin.
    #[must_use]
    pub fn lines(&self) -> Vec<[String; 3]> {
        let ids: Vec<_> = self.masked_ok.value.iter().map(|service| service.id()).collect();
        let folders = |folders: &[PathBuf]| {
            folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
        };
        vec![
            line("timeout", humantime::format_duration(self.timeout.value).to_string(), self.timeout.origin),
            line("max-output", format!("{} bytes", self.max_output.value), self.max_output.origin),
            line("log-default", format!("{} lines", self.log_default.value), self.log_default.origin),
            line("log-max", format!("{} lines", self.log_max.value), self.log_max.origin),
            line("log-window", format!("{} minutes", self.log_window.value), self.log_window.origin),
            line("masked-ok", or_none(ids.join(",")), self.masked_ok.origin),
            line("last-log", if self.last_log.value { "on" } else { "off" }.to_owned(), self.last_log.origin),
            line("program-path", folders(&self.program_path.value), self.program_path.origin),
            line("journal-path", folders(&self.journal_path.value), self.journal_path.origin),
            line(
                "run-as",
                self.run_as.value.clone().unwrap_or_else(|| "chutes, else nobody".to_owned()),
                self.run_as.origin,
            ),
        ]
    }
}

/// One setting as `serve --check` prints it: name, value, origin.
fn line(name: &str, value: String, origin: Origin) -> [String; 3] {
    [name.to_owned(), value, origin.to_string()]
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn joined(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(","))
}
