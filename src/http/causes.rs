//! Why answers lack something, for the log of the server.

use crate::{
    error::Error,
    escape,
    report::{NoteKind, logs::Logs, status::ServiceStatus},
};

/// Logs each cause once, however many services it spoils.
pub(super) fn log_causes(services: &[ServiceStatus]) {
    let mut logged: Vec<&Error> = Vec::new();
    for error in services.iter().filter_map(|status| status.error.as_ref()) {
        if !logged.iter().any(|other| other.is_same_cause(error)) {
            log_cause(error);
            logged.push(error);
        }
    }
}

/// Logs why a run brought no answer, or not all of one: the operator may read what clients must not. Once for the
/// run, however many requests share it.
pub(super) fn log_cause(error: &Error) {
    if !matches!(error, Error::Busy | Error::Interrupted(_)) {
        log::warn!("{}", error.sentence());
    }
}

/// Logs what journalctl said of entries that are an answer all the same.
pub(super) fn log_notes(logs: &Logs) {
    for note in logs.notes.iter().filter(|note| note.kind != NoteKind::OnlySystemd) {
        match &note.said {
            Some(said) => log::warn!("{}: {}", note.kind, escape::line(said)),
            None => log::warn!("{}", note.kind),
        }
    }
}
