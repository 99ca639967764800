//! Settings: from a flag, otherwise from the environment, otherwise the default; each is checked and keeps its
//! origin.

mod auth;
mod common;
mod listen;
mod lookup;
mod serve;
mod spec;
mod values;

use std::{ffi::OsString, fmt};

use serde::Serialize;

pub(crate) use self::{
    auth::{AuthSettings, HostFile, TlsFiles},
    listen::Listen,
    spec::{Spec, Takes},
};
pub use self::{
    common::Settings,
    serve::ServeSettings,
    spec::{Declared, Given},
};

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
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
    pub fn unusable(name: &str, given: &str, why: &str) -> Self {
        Self(format!("`{name}` is `{}`: {why}", given.escape_debug()))
    }
}

/// Looks up a variable of the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A setting as `serve --check` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The flag without dashes.
    pub name: &'static str,
    /// The value in force.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl Line {
    fn new(spec: &Spec, value: String, origin: Origin) -> Self {
        let value = if value.is_empty() { "none".to_owned() } else { value };
        Self { name: spec.flag, value, origin }
    }
}
