//! A recording: what the programs of one machine answered at one moment, as a file of JSON lines.
//!
//! The first line says what the file is and when it was made, each other line is one run of a program. What is asked for
//! is matched by its kind and not by the text of the command, so a later version can ask for more.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Said},
    program::{Exit, Program},
    system::JournalFiles,
};

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// How many bytes the text of all runs may have together.
pub(crate) const TEXT: usize = 8 * 1024 * 1024;

/// How many bytes a file may have: JSON escapes make text longer.
pub(crate) const FILE: usize = 2 * TEXT;

/// How many runs are read; there are some dozens.
const RUNS: usize = 1000;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The format.
    pub sek8s_status_recording: u32,
    /// The version of sek8s-status that made it.
    pub version: String,
    /// The moment for which all answers are true.
    pub recorded_at: Timestamp,
    /// The version of systemd, where it is known.
    pub systemd: Option<String>,
    /// The release of the kernel, where it is known.
    pub kernel: Option<String>,
    /// The version of the nvidia driver, where one was loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// What could be read of the files of the journal.
    pub journal: JournalFiles,
    /// Names of the machine were replaced.
    pub anonymous: bool,
}

/// What a run was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub(crate) enum Asked {
    /// The properties of all units of the allowlist, in its order.
    Units,
    /// The newest entries of a service, the newest first.
    Journal { service: String },
    /// nvidia-smi's own text about all GPUs.
    Gpu { detail: bool },
    /// One row per GPU.
    GpuRows { columns: Vec<String> },
    /// One row per GPU with its remapped rows.
    RemappedRows,
}

/// One run of a program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    #[serde(flatten)]
    pub asked: Asked,
    /// The command line, for people who read the file.
    pub command: Vec<String>,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that killed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The code of the error if it was not started or did not end in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// There was no room for all of its output.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// How it ended; `limit` is what it would have now.
    pub(super) fn end(&self, program: Program, limit: std::time::Duration) -> Result<Exit, Error> {
        match (self.exit_code, self.signal, self.error.as_deref()) {
            (Some(code), ..) => Ok(Exit::Code(code)),
            (None, Some(signal), _) => Ok(Exit::Signal(signal)),
            (None, None, Some("timeout")) => Err(Error::Timeout { program, limit, said: Said::default() }),
            (None, None, Some("missing_binary")) => Err(Error::MissingBinary(program)),
            (None, None, _) => Err(Error::NotRecorded),
        }
    }
}

/// All that was recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub header: Header,
    pub runs: Vec<Run>,
}

/// Why a file is no recording. `Display` goes on from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordingError {
    /// It has no header of ours.
    Foreign,
    /// Its header names another format.
    Format(u32),
    /// This line is no run.
    Malformed(usize),
    /// It is too large.
    TooLarge,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is not a recording of `sek8s-status record`"),
            Self::Format(format) => {
                write!(
                    f,
                    "it is a recording in format {format}, and this version reads format {FORMAT}; upgrade sek8s-status"
                )
            }
            Self::Malformed(line) => write!(f, "it is cut off or malformed in line {line}"),
            Self::TooLarge => write!(f, "it exceeds {} MiB", FILE / 1024 / 1024),
        }
    }
}

impl Recording {
    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, RecordingError> {
        /// What all formats have in common.
        #[derive(Deserialize)]
        struct AnyFormat {
            sek8s_status_recording: u32,
        }
        if text.len() > FILE {
            return Err(RecordingError::TooLarge);
        }
        let mut lines = (1..).zip(text.lines());
        let first = lines.next().map_or("", |(_, line)| line);
        let any: AnyFormat = serde_json::from_str(first).map_err(|_| RecordingError::Foreign)?;
        if any.sek8s_status_recording != FORMAT {
            return Err(RecordingError::Format(any.sek8s_status_recording));
        }
        let header = serde_json::from_str(first).map_err(|_| RecordingError::Malformed(1))?;
        let mut runs = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let run = serde_json::from_str(line).map_err(|_| RecordingError::Malformed(number))?;
            if runs.len() >= RUNS {
                return Err(RecordingError::Malformed(number));
            }
            runs.push(run);
        }
        // A file that was cut off between two lines has no line end behind it, or no run at all.
        if runs.is_empty() || !text.ends_with('\n') {
            return Err(RecordingError::Malformed(text.lines().count() + 1));
        }
        Ok(Self { header, runs })
    }

    /// Its text.
    pub(crate) fn write(&self) -> String {
        // Text keys and finite numbers only, so this cannot fail.
        let line = |line: Result<String, serde_json::Error>| line.unwrap_or_default() + "\n";
        let mut text = line(serde_json::to_string(&self.header));
        text.extend(self.runs.iter().map(|run| line(serde_json::to_string(run))));
        text
    }
}
