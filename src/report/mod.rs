//! The answers: each is collected, parsed and judged in a file of its own.

pub(crate) mod age;
mod anonymous;
mod clock;
mod exit_status;
pub(crate) mod gpu;
pub(crate) mod gpu_ask;
pub(crate) mod gpu_banner;
mod gpu_each;
pub(crate) mod gpu_health;
mod gpu_memory;
mod gpu_query;
mod gpu_reason;
mod gpu_row;
mod gpu_rows;
mod gpu_text;
pub(crate) mod health;
mod journal;
mod journal_keys;
mod journal_note;
mod journal_record;
pub(crate) mod last_log;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod overview;
pub(crate) mod privileges;
#[cfg(test)]
mod properties;
pub(crate) mod reason;
pub(crate) mod record;
pub(crate) mod services;
pub(crate) mod status;
mod subject;
pub(crate) mod tail;
pub(crate) mod timestamp;
mod trouble;
pub(crate) mod unit;
mod unit_reason;

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use self::health::HealthRule;
use crate::{
    error::Error,
    exec::Executor,
    limits::Limits,
    service::{self, Service},
    system::Deadline,
};

pub(crate) use self::{
    gpu_memory::GpuMemory, journal::Entry, journal_note::Note, subject::Subject, trouble::Trouble,
    unit::UnitStatus,
};
pub use self::{
    gpu_query::findings_in as gpu_findings,
    gpu_reason::GpuReason,
    gpu_row::GpuRow,
    gpu_rows::{parse as parse_gpu_rows, parse_with_header as parse_gpu_rows_with_header},
    journal_note::NoteKind,
};

/// What every answer is collected with.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Runs the programs.
    pub exec: Arc<Executor>,
    /// The limits of an answer.
    pub limits: Limits,
    /// When a service is healthy.
    pub rule: HealthRule,
    /// What is remembered of the GPUs.
    pub gpus: Arc<GpuMemory>,
}

impl Ask {
    /// How many GPUs there should be, where that is known.
    pub(crate) fn gpus_expected(&self) -> Option<usize> {
        self.rule.gpus.max(self.exec.gpus_of_driver())
    }

    /// The moment by which an answer must be complete, from now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.limits.timeout())
    }
}

/// The service with this id.
/// Errors: [`Error::UnknownService`], before anything runs.
pub(crate) fn listed(id: &str) -> Result<&'static Service, Error> {
    service::find(id).ok_or_else(|| Error::UnknownService(id.to_owned()))
}

/// A document with its age behind it: how long ago it was collected, in milliseconds.
#[derive(Serialize)]
pub(crate) struct Aged<'a, T> {
    #[serde(flatten)]
    answer: &'a T,
    age_ms: u64,
}

impl<'a, T> Aged<'a, T> {
    pub(crate) fn new(answer: &'a T, age: Duration) -> Self {
        Self { answer, age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// The bytes of a document that many may be reading at the same time: what is the same for all of them is
/// there once, and each has only its own end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// Its beginning.
    pub shared: Option<Arc<[u8]>>,
    /// What follows.
    pub own: Vec<u8>,
}

impl Body {
    /// A document that was finished but for its age.
    pub(crate) fn aged(shared: &Arc<[u8]>, age: Duration) -> Self {
        let end = format!(",\"age_ms\":{}}}\n", u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        Self { shared: Some(Arc::clone(shared)), own: end.into_bytes() }
    }

    /// Its pieces, in order.
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        [self.shared.as_deref().unwrap_or_default(), &self.own]
    }

    pub(crate) fn length(&self) -> usize {
        self.pieces().map(<[u8]>::len).iter().sum()
    }
}

impl From<Vec<u8>> for Body {
    fn from(own: Vec<u8>) -> Self {
        Self { shared: None, own }
    }
}

/// A document without its end, which [`Body::aged`] gives it: then it is that of [`Aged`].
pub(crate) fn ageless(answer: &impl Serialize) -> Arc<[u8]> {
    let bytes = document(answer);
    bytes.strip_suffix(b"}\n").unwrap_or_default().into()
}

/// A document as clients get it: compact JSON and one newline, the same on the command line and
/// over HTTP.
pub(crate) fn document(answer: &impl Serialize) -> Vec<u8> {
    // Our documents have text keys and finite numbers only, so this cannot fail; if it ever does,
    // an empty body is the one that no client takes for an answer.
    let mut bytes = serde_json::to_vec(answer).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_shared_has_the_same_bytes_as_one_that_is_not() {
        #[derive(Serialize)]
        struct Answer {
            text: &'static str,
            number: Option<u8>,
        }
        let answer = Answer { text: "a}\n", number: None };
        let shared = ageless(&answer);
        for age in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(u64::MAX)] {
            let body = Body::aged(&shared, age);
            let whole = document(&Aged::new(&answer, age));
            assert_eq!(body.pieces().concat(), whole);
            assert_eq!(body.length(), whole.len());
        }
    }
}
