//! A flag, else a variable of the environment, else the default.

use std::ffi::OsString;

use super::{Environment, Origin, Setting, SettingError};

/// Finds what was given for a setting.
pub(super) struct Lookup<'a> {
    pub(super) environment: Environment<'a>,
    /// The caller is not to be trusted with files (AT_SECURE).
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

    /// The same for what names a file, a folder or a user. Whoever has less than this program must not
    /// choose what it reads, writes, runs or becomes.
    pub(super) fn of_host<T>(
        &self,
        flag: &str,
        variable: &str,
        given: Option<&str>,
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingError> {
        let allowed = |text: &str| {
            if self.is_secure {
                Err("left out: this program has privileges that its caller may not have, by its file"
                    .to_owned())
            } else {
                read(text)
            }
        };
        self.setting(flag, variable, given, default, allowed)
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
}

/// What a setting is called where it came from.
pub(super) fn name(flag: &str, variable: &str, origin: Origin) -> String {
    if origin == Origin::Flag { format!("--{flag}") } else { variable.to_owned() }
}
