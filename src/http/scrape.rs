//! What a monitor is answered: the verdict with its parts, and how asking for them went.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;

use super::requests;
use crate::{
    exec::Executor,
    report::{
        metrics::{self, Collected, Sources},
        overview::Overview,
    },
    system::lock,
};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Systemd,
    NvidiaSmi,
}

/// How asking each source went last, and how many secrets were taken out of its answers.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    systemd: Collected,
    nvidia_smi: Collected,
    redacted: u64,
}

impl Record {
    /// Remembers a run that has ended.
    pub(super) fn ran(&self, source: Source, duration: Duration, success: bool) {
        let mut state = lock(&self.0);
        let one = match source {
            Source::Systemd => &mut state.systemd,
            Source::NvidiaSmi => &mut state.nvidia_smi,
        };
        one.duration = duration;
        if success {
            one.last_success = Some(Timestamp::now());
        }
    }

    pub(super) fn redacted(&self, count: u64) {
        let mut state = lock(&self.0);
        state.redacted = state.redacted.saturating_add(count);
    }
}

/// One answer for a monitor.
pub(super) struct Scrape {
    overview: Overview,
    state: State,
    gpus_expected: Option<usize>,
    exec: Arc<Executor>,
}

impl Scrape {
    /// `has_answered`: whether systemd and nvidia-smi have, in time.
    pub(super) fn new(
        overview: Overview,
        record: &Record,
        has_answered: [bool; 2],
        gpus_expected: Option<usize>,
        exec: &Arc<Executor>,
    ) -> Self {
        let mut state = *lock(&record.0);
        [state.systemd.success, state.nvidia_smi.success] = has_answered;
        Self { overview, state, gpus_expected, exec: Arc::clone(exec) }
    }

    /// The text, with what the server knows of itself.
    pub(super) fn text(&self, certificate: Option<Timestamp>, started: Timestamp) -> String {
        metrics::text(&Sources {
            overview: &self.overview,
            systemd: self.state.systemd,
            nvidia_smi: self.state.nvidia_smi,
            exec: &self.exec,
            gpus_expected: self.gpus_expected,
            redacted: self.state.redacted,
            requests: requests::counts(),
            certificate,
            started,
        })
    }
}
