//! The settings of `serve`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{
    AuthSettings, Environment, Origin, Setting, SettingError, line,
    lookup::Lookup,
    or_none,
    values::{count, log_level, max_age, mode, path_prefix, socket_path},
};
use crate::cli::Serve;

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

/// The settings of `serve`.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Where it listens.
    pub listen: Setting<Listen>,
    /// The permission bits of the Unix socket.
    pub uds_mode: Setting<u32>,
    /// The prefix under which all paths exist as well, such as `/status`.
    pub path_prefix: Setting<Option<String>>,
    /// The most connections at a time.
    pub max_connections: Setting<usize>,
    /// How long answers are cached.
    pub max_age: Setting<Duration>,
    /// What is logged.
    pub log_level: Setting<log::LevelFilter>,
    /// TLS and authentication.
    pub auth: AuthSettings,
}

impl ServeSettings {
    /// Reads and checks them all. `is_secure` is as in [`super::Settings::resolve`].
    ///
    /// # Errors
    /// The first one that is invalid or out of range.
    pub fn resolve(
        flags: &Serve,
        environment: Environment<'_>,
        is_secure: bool,
    ) -> Result<Self, SettingError> {
        let look = Lookup { environment, is_secure };
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
            auth: AuthSettings::resolve(&look, flags)?,
        })
    }

    /// One line each: name, value, origin.
    #[must_use]
    pub fn lines(&self) -> Vec<[String; 3]> {
        let mut lines = vec![
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
        ];
        lines.extend(self.auth.lines());
        lines
    }
}

/// A flag overrides the environment, even across `--listen` and `UDS_PATH`.
fn listen(look: &Lookup<'_>, flags: &Serve) -> Result<Setting<Listen>, SettingError> {
    if let Some(text) = flags.listen.as_deref() {
        let setting = look.setting("listen", "", Some(text), None, |text| {
            text.parse()
                .map(Some)
                .map_err(|_| "an IP address and a port, such as `127.0.0.1:8080`".to_owned())
        })?;
        if let Some(address) = setting.value {
            return Ok(Setting { value: Listen::Tcp(address), origin: setting.origin });
        }
    }
    let uds =
        look.of_host("uds", "UDS_PATH", flags.uds.as_deref(), None, |text| socket_path(text).map(Some))?;
    if let Some(path) = uds.value {
        return Ok(Setting { value: Listen::Unix(path), origin: uds.origin });
    }
    let address = look.setting("", "BIND_ADDRESS", None, IpAddr::V4(Ipv4Addr::LOCALHOST), |text| {
        text.parse().map_err(|_| "an IP address".to_owned())
    })?;
    let port = look.setting("", "PORT", None, 8080, |text| {
        let port = text.parse::<u16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        port.ok_or_else(|| "a port number from 0 to 65535".to_owned())
    })?;
    let origin = if address.origin == Origin::Environment { address.origin } else { port.origin };
    Ok(Setting { value: Listen::Tcp(SocketAddr::new(address.value, port.value)), origin })
}
