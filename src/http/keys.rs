//! TLS and authentication with the files that both are read from, and their reload on SIGHUP.

use std::{path::Path, time::Duration};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{expiry, key_file, tls::Tls};
use crate::{
    auth::{Guard, Tokens},
    settings::{AuthSettings, HostFile, SettingError},
};

/// The keys in use, which can be reloaded.
#[derive(Debug)]
pub struct Keys {
    tls: Option<Tls>,
    token_file: Option<HostFile>,
    guard: Guard,
}

impl Keys {
    /// Reads all files; to be called before privileges are dropped.
    /// Fails when one cannot be used.
    pub fn read(settings: &AuthSettings) -> Result<Self, SettingError> {
        let tls = settings.tls_files().map(|files| Tls::read(&files)).transpose()?;
        let token_file = settings.token_file();
        let tokens = token_file.as_ref().map(tokens).transpose()?;
        let guard =
            Guard::new(settings.mode.value, settings.client_ca.value.is_some(), tokens, settings.hotkeys());
        Ok(Self { tls, token_file, guard })
    }

    /// Authentication.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The files that a reload could not read any more.
    pub fn unreadable(&self) -> impl Iterator<Item = &Path> {
        let files =
            self.tls.iter().flat_map(Tls::files).chain(self.token_file.iter().map(|file| &*file.path));
        files.filter(|path| accessat(CWD, *path, Access::READ_OK, AtFlags::EACCESS).is_err())
    }

    /// Says in the log if the certificate is about to expire, and returns how soon to look again.
    pub fn watch_expiry(&self) -> Option<Duration> {
        self.tls.as_ref()?.warn_of_expiry();
        Some(expiry::LOOK)
    }

    /// Reads all files again. What cannot be used leaves what was before; each is said in the log.
    pub fn renew(&self) {
        let mut reloaded = Vec::new();
        if let Some(tls) = &self.tls {
            reloaded.push(("certificates", tls.renew()));
        }
        if let Some(file) = &self.token_file {
            reloaded.push(("tokens", tokens(file).map(|tokens| self.guard.renew(tokens))));
        }
        if reloaded.is_empty() {
            log::info!("nothing to reload: no certificates or tokens are configured");
        }
        for (what, result) in reloaded {
            match result {
                Ok(()) => log::info!("{what} reloaded"),
                Err(error) => log::error!("reload failed, keeping the previous {what}: {error}"),
            }
        }
    }
}

fn tokens(file: &HostFile) -> Result<Tokens, SettingError> {
    let bytes = key_file::read_secret(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| file.unusable("it is not valid UTF-8"))?;
    Tokens::parse(text).map_err(|why| file.unusable(&why))
}
