//! What the programs may be asked: the closed list.
//!
//! Every value of a command line has a type of its own: a service of the allowlist, a checked number, a fixed choice. No
//! variant has room for text, so nothing else can ever be on a command line.

use std::{fmt, str::FromStr};

use super::Columns;
use crate::{
    limits::{Limits, Lines, Priority},
    program::Program,
    service::{self, Service},
};

/// The properties asked of every unit; systemd prints them in an order of its own.
const SHOW: &str = "--property=Id,Names,LoadState,ActiveState,SubState,UnitFileState,MainPID,\
ExecMainCode,ExecMainStatus,Result,NRestarts,ActiveEnterTimestamp,StateChangeTimestamp,InvocationID,\
ExecMainStartTimestamp,ConditionResult,ConditionTimestamp,AssertResult,AssertTimestamp,NeedDaemonReload";

/// The fields of a journal entry that are used; journalctl adds the timestamps by itself.
const JOURNAL: &str = "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,SYSLOG_PID,_PID,_HOSTNAME";

const CSV: &str = "--format=csv,noheader,nounits";

/// For drivers whose `--query-gpu` has no such columns.
const REMAPPED: &str = "--query-remapped-rows=gpu_uuid,remapped_rows.pending,remapped_rows.failure";

/// Whether nvidia-smi prints its banner or its long report (`-q`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Detail {
    /// The banner.
    Summary,
    /// The long report.
    Full,
}

/// Which GPUs nvidia-smi is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Gpu {
    /// All there are.
    All,
    Index(u16),
}

impl FromStr for Gpu {
    type Err = ();

    /// Reads `all` or a plain decimal index of at most four digits.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "all" {
            return Ok(Self::All);
        }
        let is_plain = text.len() <= 4
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        if is_plain { text.parse().map(Self::Index).map_err(drop) } else { Err(()) }
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// One command of the closed list, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// The state of these units, in one call.
    Show(Vec<&'static Service>),
    /// The newest entries of a unit, newest first.
    ///
    /// Newest first and `@epoch` are right with every systemd: before 254 `--lines` with `--since`
    /// gives the oldest lines, before 255 an RFC 3339 time is refused (both tried on 252).
    Journal {
        /// Whose entries.
        service: &'static Service,
        /// How many.
        lines: Lines,
        /// Of this priority and worse.
        priority: Option<Priority>,
        /// From this second on, since 1970.
        since: Option<u64>,
    },
    /// The newest entries of a unit, oldest first, and then each new one as it comes.
    Follow {
        /// Whose entries.
        service: &'static Service,
        /// How many of those that are there.
        lines: Lines,
        /// Of this priority and worse.
        priority: Option<Priority>,
    },
    /// nvidia-smi's own text.
    Smi {
        /// How much of it.
        detail: Detail,
        gpu: Gpu,
    },
    /// One CSV row per GPU.
    Query {
        /// What is in a row.
        columns: Columns,
        gpu: Gpu,
    },
    /// One CSV row per GPU with its remapped rows: UUID, pending, failure.
    Remapped { gpu: Gpu },
}

/// What follows the fixed text of an argument.
enum Value {
    Unit(&'static Service),
    Count(u32),
    EpochSeconds(u64),
    Priority(Priority),
    Columns(Columns),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(service) => f.write_str(service.unit()),
            Self::Count(n) => write!(f, "{n}"),
            Self::EpochSeconds(n) => write!(f, "{n}"),
            Self::Priority(priority) => write!(f, "{}", priority.number()),
            Self::Columns(columns) => write!(f, "{columns}"),
        }
    }
}

impl Value {
    fn placeholder(&self) -> String {
        match self {
            Self::Unit(_) => "<unit>",
            Self::Count(_) => "<n>",
            Self::EpochSeconds(_) => "<epoch seconds>",
            Self::Priority(_) => "<0…7>",
            Self::Columns(columns) => return columns.to_string(),
        }
        .to_owned()
    }
}

impl Invocation {
    /// The program that is started.
    pub(crate) fn program(&self) -> Program {
        match self {
            Self::Show(_) => Program::Systemctl,
            Self::Journal { .. } | Self::Follow { .. } => Program::Journalctl,
            Self::Smi { .. } | Self::Query { .. } | Self::Remapped { .. } => Program::NvidiaSmi,
        }
    }

    /// The arguments: fixed text, each followed by a value if there is one.
    fn parts(&self) -> Vec<(&'static str, Option<Value>)> {
        let fixed = |text: &[&'static str]| text.iter().map(|text| (*text, None)).collect::<Vec<_>>();
        let journal = |service, order, lines: Lines, priority: Option<Priority>| {
            let mut parts = vec![("--unit=", Some(Value::Unit(service)))];
            parts.extend(fixed(&["--no-pager", "--output=json", "--all", JOURNAL, order]));
            parts.push(("--lines=", Some(Value::Count(lines.clamped()))));
            parts.extend(priority.map(|priority| ("--priority=", Some(Value::Priority(priority)))));
            parts
        };
        let (mut parts, gpu) = match self {
            Self::Show(services) => {
                let mut parts = fixed(&["show", "--no-pager", "--timestamp=us+utc", SHOW, "--"]);
                parts.extend(services.iter().map(|service| ("", Some(Value::Unit(service)))));
                return parts;
            }
            Self::Journal { service, lines, priority, since } => {
                let mut parts = journal(service, "--reverse", *lines, *priority);
                parts.extend(since.map(|since| ("--since=@", Some(Value::EpochSeconds(since)))));
                return parts;
            }
            Self::Follow { service, lines, priority } => {
                return journal(service, "--follow", *lines, *priority);
            }
            Self::Smi { detail: Detail::Summary, gpu } => (Vec::new(), gpu),
            Self::Smi { detail: Detail::Full, gpu } => (fixed(&["-q"]), gpu),
            Self::Query { columns, gpu } => {
                (vec![("--query-gpu=", Some(Value::Columns(*columns))), (CSV, None)], gpu)
            }
            Self::Remapped { gpu } => (fixed(&[REMAPPED, CSV]), gpu),
        };
        if let Gpu::Index(index) = gpu {
            parts.extend([("-i", None), ("", Some(Value::Count((*index).into())))]);
        }
        parts
    }

    /// The arguments that the program gets, without its own name.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let value = |value: Option<Value>| value.map(|value| value.to_string()).unwrap_or_default();
        self.parts().into_iter().map(|(fixed, part)| format!("{fixed}{}", value(part))).collect()
    }

    /// The program's name and its arguments, as a document shows them.
    pub(crate) fn command(&self) -> Vec<String> {
        [self.program().name().to_owned()].into_iter().chain(self.arguments()).collect()
    }

    /// The same with `<unit>`, `<n>` and `<epoch seconds>` in the place of values.
    pub(crate) fn template(&self) -> Vec<String> {
        let value = |value: Option<Value>| value.map(|value| value.placeholder()).unwrap_or_default();
        let arguments = self.parts().into_iter().map(|(fixed, part)| format!("{fixed}{}", value(part)));
        [self.program().name().to_owned()].into_iter().chain(arguments).collect()
    }

    /// Every form a command can have, one invocation each.
    pub(crate) fn closed_list() -> Vec<Self> {
        let service = &service::all()[0];
        let lines = Lines::new(None, &Limits::default());
        let mut list = vec![Self::Show(vec![service])];
        for priority in [None, Some(Priority::WORST)] {
            list.extend([None, Some(0)].map(|since| Self::Journal { service, lines, priority, since }));
        }
        list.extend([None, Some(Priority::WORST)].map(|priority| Self::Follow { service, lines, priority }));
        for gpu in [Gpu::All, Gpu::Index(0)] {
            list.extend([Detail::Summary, Detail::Full].map(|detail| Self::Smi { detail, gpu }));
            list.extend(Columns::ALL.map(|columns| Self::Query { columns, gpu }));
            list.push(Self::Remapped { gpu });
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_all_or_a_plain_index() {
        assert_eq!("all".parse(), Ok(Gpu::All));
        assert_eq!("0".parse(), Ok(Gpu::Index(0)));
        assert_eq!("9999".parse(), Ok(Gpu::Index(9999)));
        for text in [
            "",
            "ALL",
            "-1",
            "+1",
            "01",
            "00",
            "1,2",
            "0x1",
            "10000",
            "18446744073709551616",
            " 1",
            "GPU-1",
            "٣",
        ] {
            assert_eq!(text.parse::<Gpu>(), Err(()), "{text:?}");
        }
    }
}
