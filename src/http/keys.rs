//! All that says who may ask: TLS and the guard, and the files that both were read from.

use std::{path::Path, time::Duration};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::{expiry, key_file, tls::Tls};
use crate::{
    auth::{Guard, Tokens},
    settings::{AuthSettings, File, SettingError},
};

/// What is in force, and can be read again.
#[derive(Debug)]
pub struct Keys {
    tls: Option<Tls>,
    token_file: Option<File>,
    guard: Guard,
}

impl Keys {
    /// Reads all files; to be done while they may be read.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn read(settings: &AuthSettings) -> Result<Self, SettingError> {
        let tls = settings.tls_files().map(|files| Tls::read(&files)).transpose()?;
        let token_file = settings.auth_token_file.value.clone();
        let tokens = token_file.as_ref().map(tokens).transpose()?;
        let guard =
            Guard::new(settings.mode.value, settings.client_ca.value.is_some(), tokens, settings.hotkeys());
        Ok(Self { tls, token_file, guard })
    }

    /// Who may ask.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// How TCP connections are made safe, if they are.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The files that can no longer be read, and would have to be for a reload.
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
        let mut said = Vec::new();
        if let Some(tls) = &self.tls {
            said.push(tls.renew().map(|()| "certificates"));
        }
        if let Some(file) = &self.token_file {
            said.push(tokens(file).map(|tokens| {
                self.guard.renew(tokens);
                "tokens"
            }));
        }
        if said.is_empty() {
            log::info!("nothing to read again: there are no certificates and no tokens");
        }
        for one in said {
            match one {
                Ok(what) => log::info!("{what} read again"),
                Err(error) => log::error!("not read again, and the old ones stay in force: {error}"),
            }
        }
    }
}

fn tokens(file: &File) -> Result<Tokens, SettingError> {
    let bytes = key_file::read_secret(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| file.unusable("it is no text"))?;
    Tokens::parse(text).map_err(|why| file.unusable(&why))
}
