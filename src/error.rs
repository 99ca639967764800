//! Errors: why a question has no answer, with their codes, sentences and advice.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    escape,
    program::{Exit, Program},
};

/// What a program printed: for the operator's terminal and log, never for a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Keeps the first `LIMIT` bytes, cut at a character: an error is copied for each service that it affects.
    const LIMIT: usize = 2048;

    /// The most informative line: the first that is neither empty nor part of a frame.
    pub fn line(&self) -> Option<&str> {
        self.0.lines().map(str::trim).find(|line| line.contains(char::is_alphanumeric))
    }

    /// What is known already, such as its only line that matters.
    pub fn of(line: Option<&str>) -> Self {
        Self::from(line.unwrap_or_default())
    }

    fn holds(&self, words: &str) -> bool {
        self.0.contains(words)
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self(text[..text.floor_char_boundary(Self::LIMIT)].to_owned())
    }
}

/// Why a question has no answer. `Display` is the message for clients: it never contains a
/// program's stderr or a path of the host. The operator's log gets [`Error::detail`] as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The id is not in the allowlist.
    UnknownService(String),
    /// A `gpu` parameter that is neither `all` nor a plain decimal index.
    BadGpu(String),
    /// A parameter that is malformed or out of range.
    BadParameter {
        /// The parameter's name.
        parameter: &'static str,
        allowed: String,
    },
    /// The program is missing, or exists and cannot be executed.
    MissingBinary(Program),
    /// The operating system could not start the program, for lack of memory or descriptors for example.
    NotStarted(Program, Said),
    /// The program did not exit, or did not close its output, in time.
    Timeout {
        program: Program,
        /// Its time limit.
        limit: Duration,
        /// What it had printed on stderr by then.
        said: Said,
    },
    /// The program exited with an error, or a signal killed it.
    CommandFailed {
        program: Program,
        /// How it ended.
        exit: Exit,
        /// What it printed on stderr.
        said: Said,
    },
    /// The program exited with 0, and its output could not be parsed.
    UnreadableOutput {
        program: Program,
        /// What it printed on stderr, otherwise on stdout.
        said: Said,
    },
    /// This process has no permission to read the journal.
    JournalPermission,
    /// There is no journal.
    NoJournal,
    /// There is a journal, but journalctl could not read its active file.
    UnreadableJournal {
        /// What journalctl printed on stderr.
        said: Said,
    },
    /// All workers are busy, or the same question is still being ended.
    Busy,
    /// The program survived SIGKILL; it is not started again until it exits.
    DriverHung {
        program: Program,
        /// Since when (RFC 3339).
        since: String,
    },
    /// The answers come from a recording, and this was not asked when it was made.
    NotRecorded,
    /// A defect of this program.
    Internal,
    /// A signal interrupted the question; the number of the signal.
    Interrupted(i32),
}

impl Error {
    /// The code that scripts and clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownService(_) => "unknown_service",
            Self::BadGpu(_) => "bad_gpu",
            Self::BadParameter { .. } => "bad_parameter",
            Self::MissingBinary(_) => "missing_binary",
            Self::Timeout { .. } => "timeout",
            Self::CommandFailed { .. } => "command_failed",
            Self::UnreadableOutput { .. } => "unreadable_output",
            Self::JournalPermission => "journal_permission",
            Self::NoJournal | Self::UnreadableJournal { .. } => "no_journal",
            Self::Busy => "busy",
            Self::DriverHung { .. } => "driver_hung",
            Self::NotRecorded => "not_recorded",
            Self::NotStarted(..) | Self::Internal | Self::Interrupted(_) => "internal",
        }
    }

    /// What to do next, if known: one clause for the terminal.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::UnknownService(_) => "see `sek8s-status services`".to_owned(),
            Self::MissingBinary(_) => "install it, or set --program-path to its directory".to_owned(),
            Self::Timeout { program: Program::NvidiaSmi, .. } => {
                "the driver may hang: see `sek8s-status logs nvidia-persistenced`, or raise --timeout"
                    .to_owned()
            }
            Self::Timeout { .. } => "raise --timeout, or check the system load".to_owned(),
            // What getopt_long(3), and systemctl for a value that it does not know, print.
            Self::CommandFailed { program: Program::Systemctl | Program::Journalctl, said, .. }
                if [
                    "unrecognized option",
                    "unknown option",
                    "Invalid value:",
                    "Failed to parse timestamp style",
                ]
                .iter()
                .any(|words| said.holds(words)) =>
            {
                "upgrade systemd: version 247 or later is required".to_owned()
            }
            Self::CommandFailed { program: Program::Systemctl, .. }
            | Self::UnreadableOutput { program: Program::Systemctl, .. } => {
                "see `sek8s-status privileges`".to_owned()
            }
            Self::JournalPermission => "run `usermod -aG systemd-journal USER`, then log in again".to_owned(),
            Self::NoJournal => {
                "check that systemd-journald is running and /etc/machine-id is correct".to_owned()
            }
            Self::UnreadableJournal { .. } => {
                "run `systemctl restart systemd-journald` to set the file aside and start a new one"
                    .to_owned()
            }
            Self::DriverHung { .. } => "restart the VM if it does not recover".to_owned(),
            _ => return None,
        })
    }

    /// For the operator only: the most informative line of the program's own text.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::CommandFailed { said, .. }
            | Self::Timeout { said, .. }
            | Self::UnreadableOutput { said, .. }
            | Self::UnreadableJournal { said }
            | Self::NotStarted(_, said) => said.line(),
            _ => None,
        }
    }
}

impl Error {
    /// The whole message for the operator: what failed, what the program printed, what to do next.
    pub fn sentence(&self) -> String {
        let mut text = self.to_string();
        if let Some(detail) = self.detail() {
            text = format!("{text}: {}", escape::line(detail.trim().trim_end_matches('.')));
        }
        if let Some(advice) = self.advice() {
            text = format!("{text}; {advice}");
        }
        text
    }
}

impl Error {
    /// Whether one sentence tells both: a program that fails for each unit names another unit each time.
    pub fn is_same_cause(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownService(id) => write!(f, "unknown service `{}`", id.escape_debug()),
            Self::BadGpu(given) => {
                write!(f, "`gpu` is `{}`: it must be `all` or an index such as `0`", given.escape_debug())
            }
            Self::BadParameter { parameter, allowed } => write!(f, "`{parameter}` must be {allowed}"),
            Self::MissingBinary(program) => write!(f, "`{program}` is missing or cannot be executed"),
            Self::NotStarted(program, _) => write!(f, "could not start `{program}`"),
            Self::Timeout { program, limit, .. } => {
                write!(f, "`{program}` did not finish within {}", humantime::format_duration(*limit))
            }
            Self::CommandFailed { program, exit: Exit::Signal(signal), .. } => {
                write!(f, "`{program}` was killed by signal {signal}")
            }
            Self::CommandFailed { program, exit: Exit::Code(0), .. } => {
                write!(f, "`{program}` exited unexpectedly")
            }
            Self::CommandFailed { program, exit: Exit::Code(code), .. } => {
                write!(f, "`{program}` exited with status {code}")
            }
            Self::UnreadableOutput { program, .. } => write!(f, "could not parse the output of `{program}`"),
            Self::JournalPermission => write!(f, "`journalctl` is not allowed to read the system journal"),
            Self::NoJournal => write!(f, "`journalctl` found no journal"),
            Self::UnreadableJournal { .. } => {
                write!(f, "`journalctl` could not read the active journal file")
            }
            Self::Busy => write!(f, "too many requests in progress; retry shortly"),
            Self::DriverHung { program, since } => {
                write!(
                    f,
                    "`{program}` has been stuck in the kernel since {since}; it will not be started again until it exits"
                )
            }
            Self::NotRecorded => f.write_str("the recording has no answer to this"),
            Self::Internal => write!(f, "internal error; see the sek8s-status log"),
            Self::Interrupted(signal) => write!(f, "interrupted by signal {signal}"),
        }
    }
}

impl std::error::Error for Error {}

/// `{"error":code,"message":text,…}`, the form used in every document.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("error", self.code())?;
        map.serialize_entry("message", &self.to_string())?;
        match self {
            Self::BadParameter { parameter, .. } => map.serialize_entry("parameter", parameter)?,
            Self::MissingBinary(program) => map.serialize_entry("binary", program.name())?,
            Self::Timeout { program, .. } => map.serialize_entry("command", program.name())?,
            Self::DriverHung { program, since } => {
                map.serialize_entry("command", program.name())?;
                map.serialize_entry("since", since)?;
            }
            Self::CommandFailed { program, exit, .. } => {
                map.serialize_entry("command", program.name())?;
                map.serialize_entry("exit_code", &exit.code())?;
            }
            _ => {}
        }
        map.end()
    }
}

/// An error as a document of its own: `{"detail":{…}}`, the form that existing clients expect.
#[derive(Serialize)]
pub(crate) struct ErrorDocument<'a, E> {
    /// The error.
    pub detail: &'a E,
}
