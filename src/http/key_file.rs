//! Files with keys, certificates and tokens: small, and secret ones not accessible to other users.

use std::{
    fs, io,
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
};

use crate::{
    escape,
    settings::{HostFile, SettingError},
};

/// More than any certificate chain needs.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file that is not secret.
/// Fails when it cannot be read, is not a regular file, or is too large.
pub(super) fn read(file: &HostFile) -> Result<Vec<u8>, SettingError> {
    read_if(file, |_| None)
}

/// Reads a secret file.
/// Errors: as [`read`], and when users other than its owner and group can read or change it.
pub(super) fn read_secret(file: &HostFile) -> Result<Vec<u8>, SettingError> {
    read_if(file, |meta| {
        let mode = meta.mode() & 0o7777;
        (mode & 0o006 != 0).then(|| {
            let path = escape::line(&file.path.to_string_lossy());
            format!("it is accessible to other users (mode {mode:04o}); run `chmod o= {path}`")
        })
    })
}

fn read_if(
    file: &HostFile,
    objection: impl Fn(&fs::Metadata) -> Option<String>,
) -> Result<Vec<u8>, SettingError> {
    let failed = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => format!("could not read it: {error}"),
        };
        file.unusable(&why)
    };
    // Opening a named pipe would wait for a writer.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut opened =
        fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&file.path).map_err(failed)?;
    let meta = opened.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(file.unusable("it is not a regular file"));
    }
    if let Some(objection) = objection(&meta) {
        return Err(file.unusable(&objection));
    }
    let mut bytes = Vec::new();
    opened.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(file.unusable(&format!("it is larger than {LARGEST} bytes")));
    }
    Ok(bytes)
}
