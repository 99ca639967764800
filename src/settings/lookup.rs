//! Looks up a setting: a flag, otherwise an environment variable, otherwise the default.

use std::ffi::OsString;

use super::{
    Environment, Origin, Setting, SettingError,
    spec::{Given, Spec},
};

/// Where values are found.
pub(super) struct Lookup<'a, S> {
    pub(super) given: &'a Given<S>,
    pub(super) environment: Environment<'a>,
    /// The caller is not trusted to choose files (AT_SECURE).
    pub(super) is_secure: bool,
}

impl<S> Lookup<'_, S> {
    /// The value of a setting, as `read` understands it.
    pub(super) fn setting<T: Default>(
        &self,
        spec: &Spec,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Setting<T>, SettingError> {
        let (text, origin) = match (self.given.flag(spec), self.variable(spec.variable)?) {
            (Some(text), _) => (text.to_owned(), Origin::Flag),
            (None, Some(text)) => (text, Origin::Environment),
            (None, None) if spec.default.is_empty() => {
                return Ok(Setting { value: T::default(), origin: Origin::Default });
            }
            (None, None) => (spec.default.to_owned(), Origin::Default),
        };
        let unusable = |why: &str| SettingError::unusable(&spec.name(origin), &text, why);
        if spec.is_of_host && self.is_secure && origin != Origin::Default {
            return Err(unusable("not allowed: this binary is setuid or has file capabilities"));
        }
        let value = read(text.trim()).map_err(|allowed| unusable(&format!("it must be {allowed}")))?;
        Ok(Setting { value, origin })
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

impl Spec {
    /// How an error names it: by its flag, or by its variable if the value comes from the environment.
    pub(super) fn name(&self, origin: Origin) -> String {
        if origin == Origin::Flag { format!("--{}", self.flag) } else { self.variable.to_owned() }
    }

    /// How an error tells the reader to set it: `--flag (VARIABLE)`.
    pub(super) fn both_names(&self) -> String {
        format!("--{} ({})", self.flag, self.variable)
    }
}
