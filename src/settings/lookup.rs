//! Looks up a setting: a flag, otherwise an environment variable, otherwise the default.

use std::ffi::OsString;

use super::{Environment, Origin, Setting, SettingError};

/// Finds the value of a setting.
pub(super) struct Lookup<'a> {
    pub(super) environment: Environment<'a>,
    /// The caller is not trusted to choose files (AT_SECURE).
    pub(super) is_secure: bool,
}

impl Lookup<'_> {
    pub(super) fn setting<T>(
        &self,
        flag: &str,
        variable: &str,
        given: Option<&str>,
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingError> {
        let Some((text, origin)) = self.given(variable, given)? else {
            return Ok(Setting { value: default, origin: Origin::Default });
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

    /// The same for a setting that names a file, a directory or a user: a caller with fewer privileges than
    /// this process must not choose what it reads, writes, runs or becomes.
    pub(super) fn of_host<T>(
        &self,
        flag: &str,
        variable: &str,
        given: Option<&str>,
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingError> {
        match self.given(variable, given)? {
            Some((text, origin)) if self.is_secure => {
                let why = "not allowed: this binary is setuid or has file capabilities";
                Err(SettingError::unusable(&name(flag, variable, origin), &text, why))
            }
            _ => self.setting(flag, variable, given, default, read),
        }
    }

    fn given(&self, variable: &str, flag: Option<&str>) -> Result<Option<(String, Origin)>, SettingError> {
        Ok(match (flag, self.variable(variable)?) {
            (Some(text), _) => Some((text.to_owned(), Origin::Flag)),
            (None, text) => text.map(|text| (text, Origin::Environment)),
        })
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
                Err(SettingError::unusable(name, &bytes.to_string_lossy(), "it must be valid UTF-8"))
            }
        }
    }
}

/// The name of a setting: its flag, or its variable if it comes from the environment.
pub(super) fn name(flag: &str, variable: &str, origin: Origin) -> String {
    if origin == Origin::Flag { format!("--{flag}") } else { variable.to_owned() }
}
