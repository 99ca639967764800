//! The settings of `serve`.

use std::time::Duration;

use super::{
    AuthSettings, Declared, Environment, Given, Line, Listen, Setting, SettingError, Spec, Takes,
    listen::{LISTEN, UDS},
    lookup::Lookup,
    spec::settings,
    values::{LogLevel, all, count, duration, max_age, mode, path_prefix, switch},
};

settings! {
    /// The settings of the server itself.
    ServerSettings {
        uds_mode: u32 {
            read: mode,
            show: |mode| format!("{mode:04o}"),
            help: "Permission bits of the Unix socket",
            flag: "uds-mode",
            variable: "UDS_MODE",
            default: "0660",
            takes: Takes::One("MODE"),
        }
        path_prefix: Option<String> {
            read: path_prefix,
            show: all,
            help: "Serve all paths under this prefix, too",
            more: "For example `/status`.",
            flag: "path-prefix",
            variable: "PATH_PREFIX",
            takes: Takes::One("PATH"),
        }
        max_connections: u32 {
            read: count(1..=4096),
            show: u32::to_string,
            help: "Maximum number of connections",
            more: "From 1 to 4096; fewer if the limit of open files is low.",
            flag: "max-connections",
            variable: "MAX_CONNECTIONS",
            default: "64",
            takes: Takes::One("N"),
        }
        max_age: Duration {
            read: max_age,
            show: duration,
            help: "How long to cache answers",
            more: "At most 60s; 0 disables caching.",
            flag: "max-age",
            variable: "MAX_AGE",
            default: "1s",
            takes: Takes::One("DURATION"),
        }
        metrics: bool {
            read: switch,
            show: bool::to_string,
            help: "Serve Prometheus metrics under /metrics, too",
            flag: "metrics",
            variable: "METRICS",
            takes: Takes::Nothing,
        }
        log_level: LogLevel {
            read: |text: &str| text.parse(),
            show: LogLevel::to_string,
            help: "Log level: `warn`, `info` or `debug`",
            more: "`warn` logs refused and failed requests, `info` also start and end, `debug` every request.",
            flag: "log-level",
            variable: "LOG_LEVEL",
            default: "info",
            takes: Takes::One("LEVEL"),
        }
    }
}

/// The settings of `serve`.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Where it listens.
    pub listen: Setting<Listen>,
    /// The server itself.
    pub server: ServerSettings,
    /// TLS and authentication.
    pub auth: AuthSettings,
}

impl Declared for ServeSettings {
    const IS_GLOBAL: bool = false;

    fn specs() -> impl Iterator<Item = &'static Spec> {
        let others = ServerSettings::SPECS.iter().chain(AuthSettings::SPECS).copied();
        [&LISTEN, &UDS].into_iter().chain(others)
    }
}

impl ServeSettings {
    /// Reads and checks them all. `is_secure` is as in [`super::Settings::resolve`].
    /// Errors: the first one that is invalid or out of range.
    pub fn resolve(
        given: &Given<Self>,
        environment: Environment<'_>,
        is_secure: bool,
    ) -> Result<Self, SettingError> {
        let look = Lookup { given, environment, is_secure };
        let (listen, server) = (Listen::find(&look)?, ServerSettings::read(&look)?);
        Ok(Self { listen, server, auth: AuthSettings::resolve(&look)? })
    }

    /// One line each, for `serve --check`.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::new(&LISTEN, self.listen.value.to_string(), self.listen.origin)];
        lines.extend(self.server.lines());
        lines.extend(self.auth.lines());
        lines
    }
}
