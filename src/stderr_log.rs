//! The log of this program, on stderr: one line per record.

use std::io::{self, Write};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::settings::Environment;

/// Starts logging. Under systemd each line gets its priority (sd-daemon(3)).
pub(crate) fn start(environment: Environment<'_>) {
    let journal = environment("JOURNAL_STREAM").is_some();
    // A second call in one process keeps the first logger, which does the same.
    if log::set_boxed_logger(Box::new(Stderr { journal })).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

struct Stderr {
    journal: bool,
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // tiny_http logs every connection that ends early, which is not worth a line.
        metadata.target().starts_with("sek8s_status") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let priority = match (self.journal, record.level()) {
            (false, _) => "",
            (true, Level::Error) => "<3>",
            (true, Level::Warn) => "<4>",
            (true, Level::Info) => "<6>",
            (true, Level::Debug | Level::Trace) => "<7>",
        };
        // A closed stderr must not end the process.
        let _ = io::stderr().write_all(format!("{priority}sek8s-status: {}\n", record.args()).as_bytes());
    }

    fn flush(&self) {}
}
