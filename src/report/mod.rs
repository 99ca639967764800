//! The answers: each is collected, parsed and judged in a file of its own.

pub mod age;
pub mod desk;
mod exit_status;
pub mod gpu;
pub mod gpu_banner;
mod gpu_reason;
mod gpu_rows;
pub mod health;
mod journal;
mod journal_note;
pub mod last_log;
pub mod logs;
pub mod overview;
pub mod privileges;
#[cfg(test)]
mod properties;
pub mod reason;
pub mod services;
pub mod status;
pub mod timestamp;
mod unit;
mod unit_reason;

use std::time::Duration;

use serde::Serialize;

use crate::{
    error::Error,
    service::{self, Service},
};

pub use self::{
    gpu_reason::GpuReason,
    gpu_rows::{GpuRow, parse as parse_gpu_rows, parse_with_header as parse_gpu_rows_with_header},
    journal::Entry,
    journal_note::Note,
    unit::UnitStatus,
    unit_reason::Trouble,
};

/// The service with this id.
///
/// # Errors
/// [`Error::UnknownService`], before anything runs.
pub fn listed(id: &str) -> Result<&'static Service, Error> {
    service::find(id).ok_or_else(|| Error::UnknownService(id.to_owned()))
}

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    use super::{logs, unit};
    use crate::service;

    pub(crate) fn show(text: &str) {
        for block in unit::parse(text) {
            for service in service::all() {
                let _ = block.fits(service);
            }
        }
    }

    pub(crate) fn journal(bytes: &[u8]) {
        logs::check_tail(bytes);
    }
}

/// A document with its age behind it: how long ago it was collected, in milliseconds.
#[derive(Serialize)]
pub struct Aged<'a, T> {
    #[serde(flatten)]
    answer: &'a T,
    age_ms: u64,
}

impl<'a, T> Aged<'a, T> {
    /// An answer of that age.
    #[must_use]
    pub fn new(answer: &'a T, age: Duration) -> Self {
        Self { answer, age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// A document as clients get it: compact JSON and one newline, the same on the command line and
/// over HTTP.
#[must_use]
pub fn document(answer: &impl Serialize) -> Vec<u8> {
    // Our documents have text keys and finite numbers only, so this cannot fail; if it ever does,
    // an empty body is the one that no client takes for an answer.
    let mut bytes = serde_json::to_vec(answer).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
