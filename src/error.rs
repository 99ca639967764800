//! Why we could not answer.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    escape,
    exec::{Exit, Program},
};

/// What a program printed: for the operator's terminal and log, never for a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// Keeps the first `LIMIT` bytes, cut at a character: one error is copied for every service it spoils.
    const LIMIT: usize = 2048;

    /// The line that says most: the first that is neither empty nor a frame.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        self.0.lines().map(str::trim).find(|line| line.contains(char::is_alphanumeric))
    }

    /// What is known already, such as its only line that matters.
    #[must_use]
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
    NotStarted(Program, Said),
    /// The program did not end, or did not end its output, in time.
    Timeout {
        /// The program.
        program: Program,
        /// How long it had.
        limit: Duration,
        /// What it printed on stderr until then.
        said: Said,
    },
    /// The program ended, with something other than an answer.
    CommandFailed {
        /// The program.
        program: Program,
        /// How it ended.
        exit: Exit,
        /// What it printed on stderr.
        said: Said,
    },
    /// The program exited with 0, and its output could not be parsed.
    UnreadableOutput {
        /// The program.
        program: Program,
        /// What it printed on stderr, or else on stdout.
        said: Said,
    },
    /// This process is not allowed to read the journal.
    JournalPermission,
    /// There is no journal.
    NoJournal,
    /// There is a journal, and journalctl could not read the file that takes the newest entries.
    UnreadableJournal {
        /// What journalctl printed on stderr.
        said: Said,
    },
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
            Self::UnreadableOutput { .. } => "unreadable_output",
            Self::JournalPermission => "journal_permission",
            Self::NoJournal | Self::UnreadableJournal { .. } => "no_journal",
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
            Self::MissingBinary(_) => "install it, or name its directory with --program-path".to_owned(),
            Self::Timeout { program: Program::NvidiaSmi, .. } => {
                "the driver may hang: see `sek8s-status logs nvidia-persistenced`, or raise --timeout"
                    .to_owned()
            }
            Self::Timeout { .. } => "raise --timeout, or check the load of the machine".to_owned(),
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
                "this systemd is older than 247, the minimum: upgrade it".to_owned()
            }
            Self::CommandFailed { program: Program::Systemctl, .. }
            | Self::UnreadableOutput { program: Program::Systemctl, .. } => {
                "see `sek8s-status privileges`".to_owned()
            }
            Self::JournalPermission => {
                "run `usermod -aG systemd-journal USER` for this user, then log in again".to_owned()
            }
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

    /// What only the operator may see: the line of the program's own text that says most.
    #[must_use]
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

impl Error {
    /// Whether one sentence tells both: a program that fails for each unit names another unit each time.
    #[must_use]
    pub fn is_same_cause(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
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
            Self::CommandFailed { program, exit, .. } => {
                map.serialize_entry("command", program.name())?;
                map.serialize_entry("exit_code", &exit.code())?;
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
