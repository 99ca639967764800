//! Why we could not answer.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{escape, exec::Program};

/// Why a question has no answer. `Display` is the sentence a client gets: it never holds a
/// program's stderr or a path of the host. The operator's log gets [`Error::detail`] as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The id is not in the allowlist.
    UnknownService(String),
    /// No such path.
    NotFound,
    /// The path is known, the method is neither GET nor HEAD.
    MethodNotAllowed,
    /// HTTP that cannot be read; the text says what was wrong with it.
    BadRequest(&'static str),
    /// A GPU that is neither `all` nor a plain decimal index.
    BadGpu(String),
    /// A parameter that cannot be read or is out of range.
    BadParameter {
        /// The parameter's name.
        parameter: &'static str,
        /// What is allowed.
        allowed: String,
    },
    /// The program is missing, or is there and cannot be started.
    MissingBinary(Program),
    /// The machine refused to start any program at all.
    NotStarted(Program, String),
    /// The program did not end, or did not end its output, in time.
    Timeout {
        /// The program.
        program: Program,
        /// How long it had.
        limit: Duration,
    },
    /// The program ended, with something other than an answer.
    CommandFailed {
        /// The program.
        program: Program,
        /// Its exit code, or 128 + n when signal n ended it.
        exit_code: i32,
        /// What it said on stderr, for the operator only.
        stderr: String,
    },
    /// The program ended well, with an answer that makes no sense.
    UnreadableOutput(Program),
    /// journalctl may not read the journal.
    JournalPermission,
    /// There is no journal to read.
    NoJournal,
    /// Everybody who could answer is occupied.
    Busy,
    /// The program does not even end on SIGKILL; it is not started again while that is so.
    DriverHung {
        /// The program.
        program: Program,
        /// Since when (RFC 3339).
        since: String,
    },
    /// Nobody has shown who he is.
    Unauthenticated,
    /// It is known who asks, and that one may not.
    Forbidden,
    /// No whole request came in time.
    RequestTimeout,
    /// A request with a body, where none belongs.
    TooLarge,
    /// The target is over its limit.
    UriTooLong,
    /// The head is over its limit, or has too many headers.
    HeadersTooLarge,
    /// A defect of this program.
    Internal,
    /// A signal ended the question; the number of the signal.
    Interrupted(i32),
}

impl Error {
    /// The code that scripts and clients match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownService(_) => "unknown_service",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BadRequest(_) => "bad_request",
            Self::BadGpu(_) => "bad_gpu",
            Self::BadParameter { .. } => "bad_parameter",
            Self::MissingBinary(_) => "missing_binary",
            Self::Timeout { .. } => "timeout",
            Self::CommandFailed { .. } => "command_failed",
            Self::UnreadableOutput(_) => "unreadable_output",
            Self::JournalPermission => "journal_permission",
            Self::NoJournal => "no_journal",
            Self::Busy => "busy",
            Self::DriverHung { .. } => "driver_hung",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::RequestTimeout => "request_timeout",
            Self::TooLarge => "too_large",
            Self::UriTooLong => "uri_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::NotStarted(..) | Self::Internal | Self::Interrupted(_) => "internal",
        }
    }

    /// What to do next, where that is known: one clause for the terminal.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::UnknownService(_) => "`sek8s-status services` lists the ids".to_owned(),
            Self::MissingBinary(_) => "install it, or name its folder with --program-path".to_owned(),
            Self::Timeout { program: Program::NvidiaSmi, .. } => {
                "the driver may hang: look at `sek8s-status logs nvidia-persistenced`, or raise --timeout"
                    .to_owned()
            }
            Self::Timeout { .. } => "raise --timeout, or look at the load of the machine".to_owned(),
            Self::CommandFailed { program: Program::Systemctl, .. } => {
                "is systemd running here, and can this user reach the system bus?".to_owned()
            }
            Self::JournalPermission => {
                "add this user to the group: usermod -aG systemd-journal USER, then log in again".to_owned()
            }
            Self::NoJournal => {
                "is systemd-journald running here, and is /etc/machine-id this machine's?".to_owned()
            }
            Self::DriverHung { .. } => "the VM needs a restart if it does not come back".to_owned(),
            _ => return None,
        })
    }

    /// What only the operator may see: what the program said on stderr, its first line.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::CommandFailed { stderr, .. } => stderr.lines().find(|line| !line.trim().is_empty()),
            Self::NotStarted(_, reason) => Some(reason),
            _ => None,
        }
    }
}

impl Error {
    /// All of it, as the operator reads it: what failed, what the program said, what to do next.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.to_string();
        if let Some(detail) = self.detail() {
            text = format!("{text}: {}", escape::line(detail.trim()));
        }
        if let Some(advice) = self.advice() {
            text = format!("{text}; {advice}");
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownService(id) => write!(f, "unknown service `{}`", id.escape_debug()),
            Self::NotFound => write!(f, "there is nothing at this path"),
            Self::MethodNotAllowed => write!(f, "only GET and HEAD are answered"),
            Self::BadRequest(what) => write!(f, "the request cannot be read: {what}"),
            Self::BadGpu(given) => {
                write!(f, "`gpu` is `{}`: it must be `all` or an index such as `0`", given.escape_debug())
            }
            Self::BadParameter { parameter, allowed } => write!(f, "`{parameter}` must be {allowed}"),
            Self::MissingBinary(program) => write!(f, "`{program}` is missing or cannot be executed"),
            Self::NotStarted(program, _) => write!(f, "`{program}` could not be started"),
            Self::Timeout { program, limit } => {
                write!(f, "`{program}` did not finish within {}", humantime::format_duration(*limit))
            }
            Self::CommandFailed { program, exit_code, .. } if *exit_code > 128 => {
                write!(f, "`{program}` was ended by signal {}", exit_code - 128)
            }
            Self::CommandFailed { program, exit_code: 0, .. } => write!(f, "`{program}` ended by itself"),
            Self::CommandFailed { program, exit_code, .. } => {
                write!(f, "`{program}` failed with exit code {exit_code}")
            }
            Self::UnreadableOutput(program) => {
                write!(f, "`{program}` gave an answer that cannot be read")
            }
            Self::JournalPermission => write!(f, "`journalctl` may not read the system journal"),
            Self::NoJournal => write!(f, "`journalctl` found no journal"),
            Self::Busy => write!(f, "too much is asked at once; try again in a moment"),
            Self::DriverHung { program, since } => {
                write!(
                    f,
                    "`{program}` hangs in the kernel since {since} and cannot be started again until that ends"
                )
            }
            Self::Unauthenticated => write!(f, "who asks has to show who he is"),
            Self::Forbidden => write!(f, "this key may not ask"),
            Self::RequestTimeout => write!(f, "no whole request came in time"),
            Self::TooLarge => write!(f, "the request has a body, and none belongs here"),
            Self::UriTooLong => write!(f, "the target is longer than 4096 bytes"),
            Self::HeadersTooLarge => {
                write!(f, "the head is longer than 16384 bytes or has more than 64 headers")
            }
            Self::Internal => write!(f, "an internal error; the log of this program has the details"),
            Self::Interrupted(signal) => write!(f, "ended by signal {signal}"),
        }
    }
}

impl std::error::Error for Error {}

/// `{"error":code,"message":text,…}`, the form it has in every document.
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
            Self::CommandFailed { program, exit_code, .. } => {
                map.serialize_entry("command", program.name())?;
                map.serialize_entry("exit_code", exit_code)?;
            }
            _ => {}
        }
        map.end()
    }
}

/// An error as a whole document: `{"detail":{…}}`, as the existing clients know it.
#[derive(Serialize)]
pub struct ErrorDocument<'a> {
    /// The error.
    pub detail: &'a Error,
}
