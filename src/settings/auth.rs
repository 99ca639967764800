//! The settings of `serve` for TLS and authentication.

use std::path::PathBuf;

use clap::ValueHint;

use super::{
    Line, Origin, Setting, SettingError, Spec, Takes,
    lookup::Lookup,
    spec::settings,
    values::{address, addresses, all, file_path, paths, switch},
};
use crate::auth::{Address, Hotkeys, Mode};

const AUTHENTICATION: Option<&str> = Some("Authentication");

settings! {
    /// The settings for TLS and authentication.
    AuthSettings {
        tls_cert: Option<PathBuf> {
            read: file_path,
            show: paths,
            help: "Certificate chain (PEM); turns TLS on",
            more: "With --tls-key, every TCP connection uses TLS.",
            flag: "tls-cert",
            variable: "TLS_CERT_PATH",
            takes: Takes::One("FILE"),
            hint: ValueHint::FilePath,
            heading: AUTHENTICATION,
            is_of_host: true,
        }
        tls_key: Option<PathBuf> {
            read: file_path,
            show: paths,
            help: "Private key (PEM) of the certificate",
            more: "The file must not be accessible to other users.",
            flag: "tls-key",
            variable: "TLS_KEY_PATH",
            takes: Takes::One("FILE"),
            hint: ValueHint::FilePath,
            heading: AUTHENTICATION,
            is_of_host: true,
        }
        require_tls: bool {
            read: switch,
            show: bool::to_string,
            help: "Do not start without TLS",
            flag: "require-tls",
            variable: "REQUIRE_TLS",
            takes: Takes::Nothing,
            heading: AUTHENTICATION,
        }
        client_ca: Option<PathBuf> {
            read: file_path,
            show: paths,
            help: "CAs (PEM) of accepted client certificates",
            flag: "client-ca",
            variable: "CLIENT_CA_PATH",
            takes: Takes::One("FILE"),
            hint: ValueHint::FilePath,
            heading: AUTHENTICATION,
            is_of_host: true,
        }
        mtls_required: bool {
            read: switch,
            show: bool::to_string,
            help: "Require a client certificate",
            more: "Even for /health.",
            flag: "mtls-required",
            variable: "MTLS_REQUIRED",
            takes: Takes::Nothing,
            heading: AUTHENTICATION,
        }
        auth_token_file: Option<PathBuf> {
            read: file_path,
            show: paths,
            help: "Accepted bearer tokens, one per line",
            more: "Each has at least 32 characters. The file must not be accessible to other users.",
            flag: "auth-token-file",
            variable: "AUTH_TOKEN_FILE",
            takes: Takes::One("FILE"),
            hint: ValueHint::FilePath,
            heading: AUTHENTICATION,
            is_of_host: true,
        }
        allowed_validators: Vec<Address> {
            read: addresses,
            show: all,
            help: "Accept requests signed by these keys",
            more: "Comma-separated SS58 addresses.",
            flag: "allowed-validators",
            variable: "ALLOWED_VALIDATORS",
            takes: Takes::One("SS58"),
            heading: AUTHENTICATION,
        }
        miner_ss58: Option<Address> {
            read: address,
            show: all,
            help: "Also accept the miner's own key",
            more: "Its SS58 address.",
            flag: "miner-ss58",
            variable: "MINER_SS58",
            takes: Takes::One("SS58"),
            heading: AUTHENTICATION,
        }
        mode: Mode {
            read: |text: &str| text.parse(),
            show: Mode::to_string,
            help: "Require `any` or `all` configured schemes",
            more: "The schemes are client certificate, token and signature; /health needs none of them.",
            flag: "auth",
            variable: "AUTH",
            default: "any",
            takes: Takes::One("any|all"),
            heading: AUTHENTICATION,
        }
    }
}

/// A file that a setting names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFile {
    /// Absolute.
    pub path: PathBuf,
    /// The name of the setting, for errors.
    setting: String,
}

impl HostFile {
    fn of(spec: &Spec, setting: &Setting<Option<PathBuf>>) -> Option<Self> {
        let path = setting.value.clone()?;
        Some(Self { path, setting: spec.name(setting.origin) })
    }

    /// An error about this file.
    pub fn unusable(&self, why: &str) -> SettingError {
        SettingError::unusable(&self.setting, &self.path.to_string_lossy(), why)
    }
}

/// The files of TLS: certificate and key, and optionally a CA for client certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, our own certificate first.
    pub certificate: HostFile,
    pub key: HostFile,
    /// The CAs of client certificates, if those are requested.
    pub client_ca: Option<HostFile>,
    /// Whether a client certificate is required.
    pub is_client_required: bool,
}

impl AuthSettings {
    /// Reads them all, and checks that they are consistent. Opens no file.
    /// Errors: the first one that is invalid, or requires another.
    pub(super) fn resolve<S>(look: &Lookup<'_, S>) -> Result<Self, SettingError> {
        let settings = Self::read(look)?;
        settings.check()?;
        Ok(settings)
    }

    /// A half-configured scheme would look like a complete one.
    fn check(&self) -> Result<(), SettingError> {
        let requires = |spec: &Spec, origin: Origin, given: &str, other: &str| {
            Err(SettingError::unusable(&spec.name(origin), given, &format!("it requires {other}")))
        };
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let (cert, key) = (specs::tls_cert.both_names(), specs::tls_key.both_names());
        match (&self.tls_cert.value, &self.tls_key.value) {
            (Some(file), None) => return requires(&specs::tls_cert, self.tls_cert.origin, &path(file), &key),
            (None, Some(file)) => return requires(&specs::tls_key, self.tls_key.origin, &path(file), &cert),
            _ => {}
        }
        let has_pair = self.tls_cert.value.is_some();
        let pair = format!("{cert} and {key}");
        if self.require_tls.value && !has_pair {
            return requires(&specs::require_tls, self.require_tls.origin, "true", &pair);
        }
        if let Some(file) = self.client_ca.value.as_ref().filter(|_| !has_pair) {
            return requires(&specs::client_ca, self.client_ca.origin, &path(file), &pair);
        }
        if self.mtls_required.value && self.client_ca.value.is_none() {
            let ca = specs::client_ca.both_names();
            return requires(&specs::mtls_required, self.mtls_required.origin, "true", &ca);
        }
        let has_scheme = self.client_ca.value.is_some()
            || self.auth_token_file.value.is_some()
            || !self.hotkeys().is_empty();
        if self.mode.value == Mode::All && !has_scheme {
            let one = "at least one of --client-ca, --auth-token-file, --allowed-validators and --miner-ss58";
            return requires(&specs::mode, self.mode.origin, "all", one);
        }
        Ok(())
    }

    /// The files of TLS, if it is on.
    pub fn tls_files(&self) -> Option<TlsFiles> {
        Some(TlsFiles {
            certificate: HostFile::of(&specs::tls_cert, &self.tls_cert)?,
            key: HostFile::of(&specs::tls_key, &self.tls_key)?,
            client_ca: HostFile::of(&specs::client_ca, &self.client_ca),
            is_client_required: self.mtls_required.value,
        })
    }

    /// The file of bearer tokens, if there is one.
    pub fn token_file(&self) -> Option<HostFile> {
        HostFile::of(&specs::auth_token_file, &self.auth_token_file)
    }

    /// All keys that are authorized to sign requests.
    pub fn hotkeys(&self) -> Hotkeys {
        Hotkeys::new(self.allowed_validators.value.iter().chain(&self.miner_ss58.value).cloned().collect())
    }
}
