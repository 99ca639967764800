//! Files with keys, certificates and tokens: small, and secrets not for everybody.

use std::{
    fs, io,
    io::Read,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
};

use crate::settings::{File, SettingError};

/// More than any chain of certificates takes.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file that everybody may see.
///
/// # Errors
/// When it cannot be read, is no file, or is too large.
pub(super) fn read(file: &File) -> Result<Vec<u8>, SettingError> {
    read_if(file, |_| None)
}

/// Reads a file that others must not see.
///
/// # Errors
/// As [`read`], and when users other than its owner and group may read or change it.
pub(super) fn read_secret(file: &File) -> Result<Vec<u8>, SettingError> {
    read_if(file, |meta| {
        let mode = meta.mode() & 0o7777;
        (mode & 0o006 != 0).then(|| format!("everybody may read or change it (mode {mode:04o}): chmod o= it"))
    })
}

fn read_if(
    file: &File,
    objection: impl Fn(&fs::Metadata) -> Option<String>,
) -> Result<Vec<u8>, SettingError> {
    let failed = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
            _ => format!("it cannot be read: {error}"),
        };
        file.unusable(&why)
    };
    // A named pipe would be waited for.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut opened =
        fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&file.path).map_err(failed)?;
    let meta = opened.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(file.unusable("it is no file"));
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
