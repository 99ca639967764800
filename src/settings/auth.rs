//! The settings of `serve` for TLS and authentication.

use std::path::PathBuf;

use super::{
    Origin, Setting, SettingError, line,
    lookup::{Lookup, name},
    or_none,
    values::{addresses, auth_mode, boolean_setting, file_path},
};
use crate::{
    auth::{Address, Hotkeys, Mode},
    cli::Serve,
};

/// A file of a setting, with the name of the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Absolute.
    pub path: PathBuf,
    setting: String,
}

impl File {
    /// An error about this file.
    #[must_use]
    pub fn unusable(&self, why: &str) -> SettingError {
        SettingError::unusable(&self.setting, &self.path.to_string_lossy(), why)
    }
}

/// The files of TLS: certificate and key, and optionally a CA for client certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, our own certificate first.
    pub certificate: File,
    /// Its key.
    pub key: File,
    /// The CAs of client certificates, if those are requested.
    pub client_ca: Option<File>,
    /// Whether a client certificate is required.
    pub is_client_required: bool,
}

/// The settings for TLS and authentication.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// The chain, our own certificate first.
    pub tls_cert: Setting<Option<File>>,
    /// Its key.
    pub tls_key: Setting<Option<File>>,
    /// Do not start without TLS.
    pub require_tls: Setting<bool>,
    /// The CAs of client certificates.
    pub client_ca: Setting<Option<File>>,
    /// Whether a client certificate is required.
    pub mtls_required: Setting<bool>,
    /// Bearer tokens, one per line.
    pub auth_token_file: Setting<Option<File>>,
    /// Keys that are authorized to sign requests.
    pub allowed_validators: Setting<Vec<Address>>,
    /// The miner's key, which is authorized as well.
    pub miner_ss58: Setting<Option<Address>>,
    /// How many of the schemes a request must pass.
    pub mode: Setting<Mode>,
}

impl AuthSettings {
    /// Reads them all, and checks that they are consistent. Opens no file.
    ///
    /// # Errors
    /// The first one that is invalid, or requires another.
    pub(super) fn resolve(look: &Lookup<'_>, flags: &Serve) -> Result<Self, SettingError> {
        let file = |flag: &str, variable: &str, given: &Option<String>| {
            let path =
                look.of_host(flag, variable, given.as_deref(), None, |text| file_path(text).map(Some))?;
            let setting = name(flag, variable, path.origin);
            Ok(Setting { value: path.value.map(|path| File { path, setting }), origin: path.origin })
        };
        let switch = |flag: &str, variable: &str, given: bool| {
            look.setting(flag, variable, given.then_some("true"), false, boolean_setting)
        };
        let settings = Self {
            tls_cert: file("tls-cert", "TLS_CERT_PATH", &flags.tls_cert)?,
            tls_key: file("tls-key", "TLS_KEY_PATH", &flags.tls_key)?,
            require_tls: switch("require-tls", "REQUIRE_TLS", flags.require_tls)?,
            client_ca: file("client-ca", "CLIENT_CA_PATH", &flags.client_ca)?,
            mtls_required: switch("mtls-required", "MTLS_REQUIRED", flags.mtls_required)?,
            auth_token_file: file("auth-token-file", "AUTH_TOKEN_FILE", &flags.auth_token_file)?,
            allowed_validators: look.setting(
                "allowed-validators",
                "ALLOWED_VALIDATORS",
                flags.allowed_validators.as_deref(),
                Vec::new(),
                addresses,
            )?,
            miner_ss58: look.setting(
                "miner-ss58",
                "MINER_SS58",
                flags.miner_ss58.as_deref(),
                None,
                |text| {
                    Address::parse(text)
                        .map(Some)
                        .ok_or_else(|| "a valid SS58 address other than the all-zero account".to_owned())
                },
            )?,
            mode: look.setting("auth", "AUTH", flags.auth.as_deref(), Mode::Any, auth_mode)?,
        };
        settings.check()?;
        Ok(settings)
    }

    /// A half-configured scheme would look like a complete one.
    fn check(&self) -> Result<(), SettingError> {
        let missing = |flag: &str, variable: &str, origin: Origin, given: &str, other: &str| {
            Err(SettingError::unusable(&name(flag, variable, origin), given, &format!("it requires {other}")))
        };
        let path = |file: &File| file.path.to_string_lossy().into_owned();
        match (&self.tls_cert.value, &self.tls_key.value) {
            (Some(file), None) => return Err(file.unusable("it requires --tls-key (TLS_KEY_PATH)")),
            (None, Some(file)) => return Err(file.unusable("it requires --tls-cert (TLS_CERT_PATH)")),
            _ => {}
        }
        let pair = "--tls-cert (TLS_CERT_PATH) and --tls-key (TLS_KEY_PATH)";
        let has_pair = self.tls_cert.value.is_some();
        if self.require_tls.value && !has_pair {
            return missing("require-tls", "REQUIRE_TLS", self.require_tls.origin, "true", pair);
        }
        if let Some(file) = self.client_ca.value.as_ref().filter(|_| !has_pair) {
            return missing("client-ca", "CLIENT_CA_PATH", self.client_ca.origin, &path(file), pair);
        }
        if self.mtls_required.value && self.client_ca.value.is_none() {
            let ca = "--client-ca (CLIENT_CA_PATH)";
            return missing("mtls-required", "MTLS_REQUIRED", self.mtls_required.origin, "true", ca);
        }
        let has_scheme = self.client_ca.value.is_some()
            || self.auth_token_file.value.is_some()
            || !self.hotkeys().is_empty();
        if self.mode.value == Mode::All && !has_scheme {
            let one = "at least one of --client-ca, --auth-token-file, --allowed-validators and --miner-ss58";
            return missing("auth", "AUTH", self.mode.origin, "all", one);
        }
        Ok(())
    }

    /// The files of TLS, if it is on.
    #[must_use]
    pub fn tls_files(&self) -> Option<TlsFiles> {
        Some(TlsFiles {
            certificate: self.tls_cert.value.clone()?,
            key: self.tls_key.value.clone()?,
            client_ca: self.client_ca.value.clone(),
            is_client_required: self.mtls_required.value,
        })
    }

    /// All keys that are authorized to sign requests.
    #[must_use]
    pub fn hotkeys(&self) -> Hotkeys {
        Hotkeys::new(self.allowed_validators.value.iter().chain(&self.miner_ss58.value).cloned().collect())
    }

    /// One line each: name, value, origin.
    pub(super) fn lines(&self) -> Vec<[String; 3]> {
        let file = |name: &str, setting: &Setting<Option<File>>| {
            let path = setting.value.as_ref().map(|file| file.path.display().to_string());
            line(name, or_none(path.unwrap_or_default()), setting.origin)
        };
        let switch =
            |name: &str, setting: &Setting<bool>| line(name, setting.value.to_string(), setting.origin);
        let addresses = |addresses: &mut dyn Iterator<Item = &Address>| {
            or_none(addresses.map(ToString::to_string).collect::<Vec<_>>().join(","))
        };
        vec![
            file("tls-cert", &self.tls_cert),
            file("tls-key", &self.tls_key),
            switch("require-tls", &self.require_tls),
            file("client-ca", &self.client_ca),
            switch("mtls-required", &self.mtls_required),
            file("auth-token-file", &self.auth_token_file),
            line(
                "allowed-validators",
                addresses(&mut self.allowed_validators.value.iter()),
                self.allowed_validators.origin,
            ),
            line("miner-ss58", addresses(&mut self.miner_ss58.value.iter()), self.miner_ss58.origin),
            line(
                "auth",
                match self.mode.value {
                    Mode::Any => "any",
                    Mode::All => "all",
                }
                .to_owned(),
                self.mode.origin,
            ),
        ]
    }
}
