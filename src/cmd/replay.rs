//! `--replay`: a recording in the place of this machine.

use std::{fmt, fs::File, io::Read, path::Path};

use crate::{
    exec::recording::{FILE, Recording, RecordingError},
    settings::SettingError,
    system::privilege::Start,
};

fn unusable(path: &Path, why: &dyn fmt::Display) -> SettingError {
    SettingError::unusable("--replay", &path.display().to_string(), &why.to_string())
}

/// The recording that is built in cannot be used; a test holds that it can.
pub(super) fn damaged(error: &RecordingError) -> SettingError {
    SettingError::unusable("--demo", "built in", &error.to_string())
}

/// Opens a recording with the privileges of the caller.
pub(super) fn open(path: &Path, start: &Start) -> Result<File, SettingError> {
    if start.is_secure() {
        return Err(unusable(path, &"not allowed: this binary is setuid or has file capabilities"));
    }
    File::open(path).map_err(|error| unusable(path, &error))
}

/// Reads a recording. Of a larger file, no more is read than a recording may have.
pub(super) fn read(file: File, path: &Path) -> Result<Recording, SettingError> {
    let unusable = |why: &dyn fmt::Display| unusable(path, why);
    let length = file.metadata().map_err(|error| unusable(&error))?.len();
    if length > FILE as u64 {
        return Err(unusable(&RecordingError::TooLarge));
    }
    let mut bytes = Vec::new();
    // What is no regular file has no length.
    file.take(FILE as u64 + 1).read_to_end(&mut bytes).map_err(|error| unusable(&error))?;
    if bytes.len() > FILE {
        return Err(unusable(&RecordingError::TooLarge));
    }
    let text = String::from_utf8(bytes).map_err(|_| unusable(&RecordingError::Foreign))?;
    Recording::parse(&text).map_err(|error| unusable(&error))
}
