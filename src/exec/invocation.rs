//! What may be asked of the programs: the closed list, as constructors.
//!
//! An [`Invocation`] cannot be made in any other way, and the constructors take only listed
//! services and checked numbers. So nothing else can ever stand on a command line.

use std::fmt::Write as _;

use crate::{
    limits::{Lines, Priority},
    program::Program,
    service::{self, Service},
};

/// The properties asked of every unit. Their order is systemd's business: it prints its own.
const SHOW: &str = "--property=Id,Names,LoadState,ActiveState,SubState,UnitFileState,MainPID,\
ExecMainCode,ExecMainStatus,Result,NRestarts,ActiveEnterTimestamp,StateChangeTimestamp,InvocationID,\
ExecMainStartTimestamp,ConditionResult,ConditionTimestamp,AssertResult,AssertTimestamp,NeedDaemonReload";

/// The fields of a journal entry that are used; journalctl adds the timestamps by itself.
const JOURNAL: &str = "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,SYSLOG_PID,_PID,_HOSTNAME";

const CSV: &str = "--format=csv,noheader,nounits";

/// Which columns are asked of `nvidia-smi --query-gpu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// All that a parsed row has.
    Full,
    /// The ones every driver since 2014 knows, for when the full list is refused.
    Minimal,
}

impl Columns {
    /// The columns' names in nvidia-smi's words, in the order they are printed.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Full => &[
                "index",
                "uuid",
                "name",
                "driver_version",
                "temperature.gpu",
                "power.draw",
                "power.limit",
                "utilization.gpu",
                "memory.used",
                "memory.total",
                "ecc.errors.uncorrected.volatile.total",
                "mig.mode.current",
            ],
            Self::Minimal => &[
                "index",
                "uuid",
                "name",
                "driver_version",
                "temperature.gpu",
                "utilization.gpu",
                "memory.used",
                "memory.total",
            ],
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Full => {
                "--query-gpu=index,uuid,name,driver_version,temperature.gpu,power.draw,power.limit,\
utilization.gpu,memory.used,memory.total,ecc.errors.uncorrected.volatile.total,mig.mode.current"
            }
            Self::Minimal => {
                "--query-gpu=index,uuid,name,driver_version,temperature.gpu,utilization.gpu,memory.used,memory.total"
            }
        }
    }
}

/// Whether nvidia-smi prints its banner or its long report (`-q`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// The banner.
    Summary,
    /// The long report.
    Full,
}

/// Which GPUs nvidia-smi is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gpu {
    /// All there are.
    All,
    /// The one with this index.
    Index(u16),
}

impl Gpu {
    /// Reads `all` or a plain decimal index of at most four digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        let plain = text.len() <= 4
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        if plain { text.parse().ok().map(Self::Index) } else { None }
    }
}

impl std::fmt::Display for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// One argument: fixed text, and after it a value if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Argument {
    fixed: &'static str,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Unit(&'static Service),
    Count(u32),
    EpochSeconds(u64),
    Priority(Priority),
}

impl Argument {
    fn render(self) -> String {
        let mut text = self.fixed.to_owned();
        // Writing to a String cannot fail.
        let _ = match self.value {
            Value::None => Ok(()),
            Value::Unit(service) => text.write_str(service.unit()),
            Value::Count(n) => write!(text, "{n}"),
            Value::EpochSeconds(n) => write!(text, "{n}"),
            Value::Priority(priority) => write!(text, "{}", priority.number()),
        };
        text
    }

    fn template(self) -> String {
        let placeholder = match self.value {
            Value::None => "",
            Value::Unit(_) => "<unit>",
            Value::Count(_) => "<n>",
            Value::EpochSeconds(_) => "<epoch seconds>",
            Value::Priority(_) => "<0…7>",
        };
        format!("{}{placeholder}", self.fixed)
    }
}

/// One command of the closed list, with its values filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    program: Program,
    arguments: Vec<Argument>,
}

impl Invocation {
    fn new(program: Program, fixed: &[&'static str]) -> Self {
        Self { program, arguments: Vec::new() }.fixed(fixed)
    }

    fn fixed(mut self, arguments: &[&'static str]) -> Self {
        self.arguments.extend(arguments.iter().map(|fixed| Argument { fixed, value: Value::None }));
        self
    }

    fn value(mut self, fixed: &'static str, value: Value) -> Self {
        self.arguments.push(Argument { fixed, value });
        self
    }

    /// The state of these units, in one call.
    #[must_use]
    pub fn show<'a>(services: impl IntoIterator<Item = &'a &'static Service>) -> Self {
        let show = Self::new(Program::Systemctl, &["show", "--no-pager", "--timestamp=us+utc", SHOW, "--"]);
        services.into_iter().fold(show, |show, service| show.value("", Value::Unit(service)))
    }

    /// The newest entries of a unit, newest first, of this priority and worse, from `since` (seconds since
    /// 1970) on.
    ///
    /// Newest first and `@epoch` are right with every systemd: before 254 `--lines` with `--since`
    /// gives the oldest lines, before 255 an RFC 3339 time is refused (both tried on 252).
    #[must_use]
    pub fn journal(
        service: &'static Service,
        lines: Lines,
        priority: Option<Priority>,
        since: Option<u64>,
    ) -> Self {
        let journal = Self::journal_of(service, "--reverse", lines, priority);
        match since {
            Some(seconds) => journal.value("--since=@", Value::EpochSeconds(seconds)),
            None => journal,
        }
    }

    /// The newest entries of a unit, of this priority and worse, oldest first, and then each new one as it comes.
    #[must_use]
    pub fn follow(service: &'static Service, lines: Lines, priority: Option<Priority>) -> Self {
        Self::journal_of(service, "--follow", lines, priority)
    }

    fn journal_of(
        service: &'static Service,
        order: &'static str,
        lines: Lines,
        priority: Option<Priority>,
    ) -> Self {
        let journal = Self::new(Program::Journalctl, &[])
            .value("--unit=", Value::Unit(service))
            .fixed(&["--no-pager", "--output=json", "--all", JOURNAL, order])
            .value("--lines=", Value::Count(lines.clamped()));
        match priority {
            Some(priority) => journal.value("--priority=", Value::Priority(priority)),
            None => journal,
        }
    }

    /// nvidia-smi's own text.
    #[must_use]
    pub fn nvidia_smi(detail: Detail, gpu: Gpu) -> Self {
        let fixed: &[&'static str] = match detail {
            Detail::Summary => &[],
            Detail::Full => &["-q"],
        };
        Self::new(Program::NvidiaSmi, fixed).of_gpu(gpu)
    }

    /// One CSV row a GPU.
    #[must_use]
    pub fn query_gpus(columns: Columns, gpu: Gpu) -> Self {
        Self::new(Program::NvidiaSmi, &[columns.argument(), CSV]).of_gpu(gpu)
    }

    fn of_gpu(self, gpu: Gpu) -> Self {
        match gpu {
            Gpu::All => self,
            Gpu::Index(index) => self.fixed(&["-i"]).value("", Value::Count(index.into())),
        }
    }

    /// The program that is started.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// The arguments it gets, without its own name.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        self.arguments.iter().map(|argument| argument.render()).collect()
    }

    /// The program's name and its arguments, as a document shows them.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        [self.program.name().to_owned()].into_iter().chain(self.arguments()).collect()
    }

    /// The same with `<unit>`, `<n>` and `<epoch seconds>` in the place of values.
    #[must_use]
    pub fn template(&self) -> Vec<String> {
        let arguments = self.arguments.iter().map(|argument| argument.template());
        [self.program.name().to_owned()].into_iter().chain(arguments).collect()
    }

    /// Every form a command can have, one invocation each.
    #[must_use]
    pub fn closed_list() -> Vec<Self> {
        let service = &service::all()[0];
        let lines = Lines::new(None, &crate::limits::Limits::default());
        let mut list = vec![
            Self::show([&service]),
            Self::journal(service, lines, None, None),
            Self::journal(service, lines, None, Some(0)),
            Self::journal(service, lines, Some(Priority::WORST), None),
            Self::journal(service, lines, Some(Priority::WORST), Some(0)),
            Self::follow(service, lines, None),
            Self::follow(service, lines, Some(Priority::WORST)),
        ];
        for gpu in [Gpu::All, Gpu::Index(0)] {
            for detail in [Detail::Summary, Detail::Full] {
                list.push(Self::nvidia_smi(detail, gpu));
            }
            for columns in [Columns::Full, Columns::Minimal] {
                list.push(Self::query_gpus(columns, gpu));
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_asks_for_exactly_the_named_columns() {
        for columns in [Columns::Full, Columns::Minimal] {
            assert_eq!(columns.argument(), format!("--query-gpu={}", columns.names().join(",")));
        }
    }

    #[test]
    fn a_gpu_is_all_or_a_plain_index() {
        assert_eq!(Gpu::parse("all"), Some(Gpu::All));
        assert_eq!(Gpu::parse("0"), Some(Gpu::Index(0)));
        assert_eq!(Gpu::parse("9999"), Some(Gpu::Index(9999)));
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
            assert_eq!(Gpu::parse(text), None, "{text:?}");
        }
    }
}
