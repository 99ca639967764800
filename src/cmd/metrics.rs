//! `metrics`: what a server tells monitors, once.

use std::time::Instant;

use jiff::Timestamp;

use super::{Call, Failure, Outcome, overview::outcome, screen::Screen};
use crate::report::{
    last_log::LastLogs,
    metrics::{self, Collected, Sources},
    overview,
};

/// Asks everything once, and prints the text.
pub(super) fn run(call: &Call, screen: &mut Screen) -> Result<Outcome, Failure> {
    let (begin, started) = (Instant::now(), Timestamp::now());
    let answer = overview::collect(&call.ask, call.ask.deadline(), &LastLogs::new(false))?;
    let duration = begin.elapsed();
    let collected =
        |success: bool| Collected { success, duration, last_success: success.then(Timestamp::now) };
    let text = metrics::text(&Sources {
        overview: &answer,
        systemd: collected(answer.services.iter().all(|service| service.error.is_none())),
        nvidia_smi: collected(answer.gpu.error.is_none()),
        exec: &call.ask.exec,
        gpus_expected: call.ask.gpus_expected(),
        redacted: answer.gpu.redacted,
        requests: Vec::new(),
        certificate: None,
        started,
    });
    screen.write(text.as_bytes())?;
    Ok(outcome(&answer))
}
