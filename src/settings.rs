//! Settings: from a flag, else from the environment, else the default; each checked, and each
//! remembering where it came from.

use std::{
    ffi::OsString,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;

use crate::{
    cli::{GlobalFlags, Serve},
    exec::{JOURNAL_PATH, Places, SEARCH_PATH},
    limits::Limits,
    report::health::HealthRule,
    service::{self, Service},
};

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// Nobody said anything.
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
    /// For a setting whose value cannot be used on this machine: what was given and why not.
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
    /// Log lines when none are asked for.
    pub log_default: Setting<u32>,
    /// The most log lines.
    pub log_max: Setting<u32>,
    /// The widest log window, in minutes.
    pub log_window: Setting<u32>,
    /// Units that may be masked.
    pub masked_ok: Setting<Vec<&'static Service>>,
    /// Where programs are looked for: absolute folders.
    pub program_path: Setting<Vec<PathBuf>>,
    /// Where journald keeps its files: absolute folders.
    pub journal_path: Setting<Vec<PathBuf>>,
}

impl Settings {
    /// Reads and checks them all.
    ///
    /// # Errors
    /// The first one that is unreadable or out of its range.
    pub fn resolve(flags: &GlobalFlags, environment: Environment<'_>) -> Result<Self, SettingError> {
        let look = Lookup { environment };
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
            program_path: look.setting(
                "program-path",
                "PROGRAM_PATH",
                flags.program_path.as_deref(),
                SEARCH_PATH.split(':').map(PathBuf::from).collect(),
                folders,
            )?,
            journal_path: look.setting(
                "journal-path",
                "JOURNAL_PATH",
                flags.journal_path.as_deref(),
                JOURNAL_PATH.split(':').map(PathBuf::from).collect(),
                folders,
            )?,
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
        let line = |name: &str, value: String, origin: Origin| [name.to_owned(), value, origin.to_string()];
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
            line("program-path", folders(&self.program_path.value), self.program_path.origin),
            line("journal-path", folders(&self.journal_path.value), self.journal_path.origin),
        ]
    }
}

/// Where `serve` listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On a TCP port.
    Tcp(SocketAddr),
    /// On a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The settings of `serve` alone.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Where it listens.
    pub listen: Setting<Listen>,
    /// The permission bits of the Unix socket.
    pub uds_mode: Setting<u32>,
    /// A second place where all paths stand, such as `/status`.
    pub path_prefix: Setting<Option<String>>,
    /// The most connections at a time.
    pub max_connections: Setting<usize>,
    /// How long a finished answer is given out again.
    pub max_age: Setting<Duration>,
    /// What is logged.
    pub log_level: Setting<log::LevelFilter>,
}

impl ServeSettings {
    /// Reads and checks them all.
    ///
    /// # Errors
    /// The first one that is unreadable or out of its range.
    pub fn resolve(flags: &Serve, environment: Environment<'_>) -> Result<Self, SettingError> {
        let look = Lookup { environment };
        for variable in ["TLS_CERT_PATH", "TLS_KEY_PATH", "CLIENT_CA_PATH"] {
            look.refuse(variable, |_| true)?;
        }
        for variable in ["REQUIRE_TLS", "MTLS_REQUIRED"] {
            look.refuse(variable, |value| boolean(value) != Some(false))?;
        }
        Ok(Self {
            listen: listen(&look, flags)?,
            uds_mode: look.setting("uds-mode", "UDS_MODE", flags.uds_mode.as_deref(), 0o660, mode)?,
            max_connections: look.setting(
                "max-connections",
                "MAX_CONNECTIONS",
                flags.max_connections.as_deref(),
                64,
                |text| count(text, 1, 4096).map(|count| count as usize),
            )?,
            max_age: look.setting(
                "max-age",
                "MAX_AGE",
                flags.max_age.as_deref(),
                Duration::from_secs(1),
                max_age,
            )?,
            log_level: look.setting(
                "log-level",
                "LOG_LEVEL",
                flags.log_level.as_deref(),
                log::LevelFilter::Info,
                log_level,
            )?,
            path_prefix: look.setting(
                "path-prefix",
                "PATH_PREFIX",
                flags.path_prefix.as_deref(),
                None,
                path_prefix,
            )?,
        })
    }

    /// One line each: name, value, origin.
    #[must_use]
    pub fn lines(&self) -> Vec<[String; 3]> {
        let line = |name: &str, value: String, origin: Origin| [name.to_owned(), value, origin.to_string()];
        vec![
            line("listen", self.listen.value.to_string(), self.listen.origin),
            line("uds-mode", format!("{:04o}", self.uds_mode.value), self.uds_mode.origin),
            line(
                "path-prefix",
                or_none(self.path_prefix.value.clone().unwrap_or_default()),
                self.path_prefix.origin,
            ),
            line("max-connections", self.max_connections.value.to_string(), self.max_connections.origin),
            line("max-age", humantime::format_duration(self.max_age.value).to_string(), self.max_age.origin),
            line("log-level", self.log_level.value.to_string().to_lowercase(), self.log_level.origin),
        ]
    }
}

/// A flag for one goes before the environment's word for the other.
fn listen(look: &Lookup<'_>, flags: &Serve) -> Result<Setting<Listen>, SettingError> {
    if let Some(text) = flags.listen.as_deref() {
        let setting = look.setting("listen", "", Some(text), None, |text| {
            text.parse().map(Some).map_err(|_| "an address and a port, such as `127.0.0.1:8080`".to_owned())
        })?;
        if let Some(address) = setting.value {
            return Ok(Setting { value: Listen::Tcp(address), origin: setting.origin });
        }
    }
    let uds =
        look.setting("uds", "UDS_PATH", flags.uds.as_deref(), None, |text| socket_path(text).map(Some))?;
    if let Some(path) = uds.value {
        return Ok(Setting { value: Listen::Unix(path), origin: uds.origin });
    }
    let address = look.setting("", "BIND_ADDRESS", None, IpAddr::V4(Ipv4Addr::LOCALHOST), |text| {
        text.parse().map_err(|_| "an IP address".to_owned())
    })?;
    let port = look.setting("", "PORT", None, 8080, |text| {
        let port = text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        port.ok_or_else(|| "a port from 0 to 65535".to_owned())
    })?;
    let origin = if address.origin == Origin::Environment { address.origin } else { port.origin };
    Ok(Setting { value: Listen::Tcp(SocketAddr::new(address.value, port.value)), origin })
}

struct Lookup<'a> {
    environment: Environment<'a>,
}

impl Lookup<'_> {
    fn setting<T>(
        &self,
        flag: &str,
        variable: &str,
        given: Option<&str>,
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingError> {
        let (text, origin) = match (given, self.variable(variable)?) {
            (Some(text), _) => (text.to_owned(), Origin::Flag),
            (None, Some(text)) => (text, Origin::Environment),
            (None, None) => return Ok(Setting { value: default, origin: Origin::Default }),
        };
        match read(text.trim()) {
            Ok(value) => Ok(Setting { value, origin }),
            Err(allowed) => Err(SettingError::unusable(
                &name(flag, variable, origin),
                &text,
                &format!("it must be {allowed}"),
            )),
        }
    }

    /// A variable's value; an empty or blank one counts as unset.
    fn variable(&self, name: &str) -> Result<Option<String>, SettingError> {
        if name.is_empty() {
            return Ok(None);
        }
        match (self.environment)(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok((!text.trim().is_empty()).then_some(text)),
            Some(Err(bytes)) => {
                Err(SettingError::unusable(name, &bytes.to_string_lossy(), "it must be text in UTF-8"))
            }
        }
    }

    /// Answering in plain text where somebody set up TLS would be worse than not answering.
    fn refuse(&self, variable: &str, matters: impl Fn(&str) -> bool) -> Result<(), SettingError> {
        match self.variable(variable)? {
            Some(value) if matters(value.trim()) => Err(SettingError::unusable(
                variable,
                &value,
                "this version cannot do TLS; unset it, and put a TLS proxy in front",
            )),
            _ => Ok(()),
        }
    }
}

fn name(flag: &str, variable: &str, origin: Origin) -> String {
    if origin == Origin::Flag { format!("--{flag}") } else { variable.to_owned() }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn joined(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(","))
}

/// A boolean as settings and queries write it, in any case; `None` if it is none.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "on"]) {
        Some(true)
    } else if is(["false", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

fn count(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}

/// A duration as people write it; a plain number is seconds.
fn timeout(text: &str) -> Result<Duration, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let duration = if plain {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        humantime::parse_duration(text).ok()
    };
    duration
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_mins(1))
        .ok_or_else(|| "a duration over 0 and up to 60s, such as `10s`; a plain number is seconds".to_owned())
}

/// A duration as people write it; a plain number is seconds, and 0 means never.
fn max_age(text: &str) -> Result<Duration, String> {
    let allowed = || "a duration up to 60s, such as `1s`, or 0 for never".to_owned();
    if text == "0" { Ok(Duration::ZERO) } else { timeout(text).map_err(|_| allowed()) }
}

fn log_level(text: &str) -> Result<log::LevelFilter, String> {
    match text {
        "warn" => Ok(log::LevelFilter::Warn),
        "info" => Ok(log::LevelFilter::Info),
        "debug" => Ok(log::LevelFilter::Debug),
        _ => Err("`warn`, `info` or `debug`".to_owned()),
    }
}

fn max_output(text: &str) -> Result<usize, String> {
    let bytes = text.parse::<ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
    bytes
        .filter(|bytes| (1024..=1_000_000).contains(bytes))
        .ok_or_else(|| "from 1024 to 1000000 bytes, such as `16KiB`; a plain number is bytes".to_owned())
}

fn services(text: &str) -> Result<Vec<&'static Service>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| {
            service::find(id).ok_or_else(|| "service ids, as `sek8s-status services` lists them".to_owned())
        })
        .collect()
}

fn folders(text: &str) -> Result<Vec<PathBuf>, String> {
    text.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| std::path::absolute(folder).map_err(|_| "folders with colons between them".to_owned()))
        .collect()
}

fn socket_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    // sockaddr_un has room for 108 bytes, the last of them 0 (unix(7)).
    if !path.is_absolute() || text.len() > 107 {
        return Err("an absolute path of at most 107 bytes".to_owned());
    }
    match path.parent().map(std::path::Path::is_dir) {
        Some(true) => Ok(path),
        _ => Err("a path in a folder that exists".to_owned()),
    }
}

fn mode(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| "permission bits in octal, such as `0660`".to_owned())
}

fn path_prefix(text: &str) -> Result<Option<String>, String> {
    let plain = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    if text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain)) {
        Ok(Some(text.to_owned()))
    } else {
        Err("a path such as `/status`: a slash before each name, none at the end".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_their_ranges() {
        #[expect(clippy::needless_pass_by_value, reason = "a table of cases reads better so")]
        fn case<T: std::fmt::Debug + PartialEq>(
            read: impl Fn(&str) -> Result<T, String>,
            text: &str,
            expected: Option<T>,
        ) {
            assert_eq!(read(text).ok(), expected, "{text:?}");
        }
        case(timeout, "10", Some(Duration::from_secs(10)));
        case(timeout, "0.5", Some(Duration::from_millis(500)));
        case(timeout, "1m", Some(Duration::from_mins(1)));
        for text in ["0", "0s", "61", "-1", "1e1", "ten", "", "."] {
            case(timeout, text, None);
        }
        case(max_output, "16KiB", Some(16384));
        case(max_output, "1024", Some(1024));
        case(max_output, "1MB", Some(1_000_000));
        for text in ["1023", "1000001", "-1", "lots", "16KiBs"] {
            case(max_output, text, None);
        }
        case(|text| count(text, 100, 10_000), "0100", Some(100));
        for text in ["99", "10001", "+100", "1_000", "1e3"] {
            case(|text| count(text, 100, 10_000), text, None);
        }
        case(mode, "0660", Some(0o660));
        case(mode, "1777", None);
        case(path_prefix, "/status", Some(Some("/status".to_owned())));
        for text in ["status", "/status/", "//", "/", "/a/../b", "/a b", "/%2f"] {
            case(path_prefix, text, None);
        }
    }

    #[test]
    fn booleans_have_eight_words_in_any_case() {
        for text in ["true", "1", "YES", "On"] {
            assert_eq!(boolean(text), Some(true));
        }
        for text in ["false", "0", "No", "OFF"] {
            assert_eq!(boolean(text), Some(false));
        }
        for text in ["", "2", "y", "enabled", " true"] {
            assert_eq!(boolean(text), None);
        }
    }
}
