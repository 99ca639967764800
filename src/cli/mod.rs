//! The command line, as types. The help, the man pages and the completions are rendered from them.

mod checks;
mod help;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

pub use self::checks::{Check, CheckFormat, Goal, WaitFlags};
use crate::{
    service::{self, Service},
    settings::{Given, ServeSettings, Settings},
};

/// Show the health of a confidential GPU VM: units, logs, GPUs and one verdict
///
/// Shows which of seven systemd units are healthy, what they logged last, what the GPUs report, and
/// one verdict: ok, or degraded with the reasons. It only reads: it starts `systemctl show`,
/// `journalctl` and `nvidia-smi`, and no other program.
#[derive(Debug, Parser)]
#[command(
    name = "sek8s-status",
    version,
    color = ColorChoice::Auto,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    after_help = help::MAIN,
    after_long_help = help::MAIN_LONG,
)]
pub struct Cli {
    /// What to show.
    #[command(subcommand)]
    pub command: Command,
    /// What every subcommand takes.
    #[command(flatten)]
    pub global: GlobalFlags,
    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version, hide_short_help = true)]
    version: Option<bool>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the supported services
    #[command(after_help = help::SERVICES)]
    Services,
    /// Show the state of services in systemd
    #[command(after_help = help::STATUS)]
    Status(Status),
    /// Show the last log entries of a service
    #[command(after_help = help::LOGS)]
    Logs(Logs),
    /// Show what nvidia-smi reports
    #[command(after_help = help::GPU)]
    Gpu(GpuFlags),
    /// Show all services and GPUs, with one verdict and its reasons
    #[command(after_help = help::OVERVIEW)]
    Overview(OverviewFlags),
    /// Serve the same reports over HTTP
    #[command(after_help = help::SERVE, after_long_help = help::SERVE_LONG)]
    Serve(Box<Serve>),
    /// Print Prometheus metrics, as `serve --metrics` serves them
    #[command(after_help = help::METRICS)]
    Metrics,
    /// Check the health in one line, as a monitoring plugin
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// Wait until the VM is healthy
    #[command(after_help = help::WAIT)]
    Wait(WaitFlags),
    /// List every command line that sek8s-status can run
    #[command(after_help = help::COMMANDS)]
    Commands,
    /// Print the OpenAPI description of what is served
    #[command(after_help = help::OPENAPI)]
    Openapi,
    /// Record what the programs answer, for a bug report or a test
    #[command(after_help = help::RECORD)]
    Record(Record),
    /// Show the privileges that are needed, and how to grant missing ones
    #[command(after_help = help::PRIVILEGES)]
    Privileges,
}

/// Flags that are allowed before and after the subcommand.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalFlags {
    /// Print JSON, the same document as over HTTP
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colors
    ///
    /// `auto` uses them on a terminal, unless NO_COLOR is set or TERM is dumb. [default: auto]
    #[arg(long, global = true, value_enum, value_name = "auto|always|never", default_value_t = Color::Auto, hide_default_value = true, hide_possible_values = true, hide_short_help = true)]
    pub color: Color,
    /// Use recorded data; run no programs
    #[arg(long, global = true, hide_short_help = true)]
    pub demo: bool,
    /// Use a recording; run no programs
    ///
    /// `sek8s-status record FILE` makes one.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "demo", hide_short_help = true)]
    pub replay: Option<std::path::PathBuf>,
    /// The settings of every subcommand.
    #[command(flatten)]
    pub settings: Given<Settings>,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always, even if NO_COLOR is set.
    Always,
    /// Never.
    Never,
}

/// `status`
#[derive(Debug, Default, Args)]
pub struct Status {
    /// Service ids, see `sek8s-status services` [default: all]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// `logs`
#[derive(Debug, Default, Args)]
pub struct Logs {
    /// Service id, see `sek8s-status services`
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show the last N entries
    ///
    /// At most --log-max. [default: --log-default]
    #[arg(short = 'n', long, value_name = "N", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub lines: Option<String>,
    /// Maximum age of entries, such as `1h30m`
    ///
    /// At most --log-window.
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, conflicts_with = "follow")]
    pub since: Option<String>,
    /// Show only this priority and worse
    ///
    /// 0 to 7, or emerg, alert, crit, err, warning, notice, info or debug.
    #[arg(short, long, value_name = "PRIORITY", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub priority: Option<String>,
    /// Show local times instead of UTC
    #[arg(long, conflicts_with = "json")]
    pub local: bool,
    /// Follow new entries until Ctrl-C
    ///
    /// With --json, prints one entry object per line.
    #[arg(short, long)]
    pub follow: bool,
    /// With --json, include parsed entries
    #[arg(long, requires = "json", conflicts_with = "follow")]
    pub entries: bool,
}

/// `gpu`
#[derive(Debug, Default, Args)]
pub struct GpuFlags {
    /// Show the full report (nvidia-smi -q)
    #[arg(long)]
    pub detail: bool,
    /// GPU index, or all
    #[arg(long, value_name = "N|all", value_hint = ValueHint::Other, default_value = "all", allow_hyphen_values = true)]
    pub gpu: String,
    /// Show the output of nvidia-smi itself
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
    /// With --json, include one parsed row per GPU
    #[arg(long, requires = "json")]
    pub parsed: bool,
}

/// `overview`
#[derive(Debug, Default, Args)]
pub struct OverviewFlags {
    /// Repeat until Ctrl-C, every 2s by default
    ///
    /// With --json, prints one document per line.
    #[arg(long, value_name = "INTERVAL", value_hint = ValueHint::Other, num_args = 0..=1, default_missing_value = "2s", value_parser = interval)]
    pub watch: Option<std::time::Duration>,
}

/// `serve`
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// The settings.
    #[command(flatten)]
    pub settings: Given<ServeSettings>,
    /// Print every setting with its origin
    ///
    /// Exits with 0 if the server could start, with 2 if not.
    #[arg(long)]
    pub check: bool,
}

/// `record`
#[derive(Debug, Default, Args)]
pub struct Record {
    /// File to create, with mode 0600; it must not exist
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: std::path::PathBuf,
    /// Record the last N log entries of each service
    ///
    /// At most --log-max. [default: 200]
    #[arg(short = 'n', long, value_name = "N", value_hint = ValueHint::Other, default_value = "200", hide_default_value = true, allow_hyphen_values = true)]
    pub lines: String,
    /// Replace names of the machine
    ///
    /// Host names, machine ids, GPU UUIDs and serial numbers get stand-ins of the same width.
    #[arg(long)]
    pub anonymous: bool,
}

fn interval(text: &str) -> Result<std::time::Duration, String> {
    let allowed = "it must be a duration from 100ms to 1h, such as `2s`";
    let interval = humantime::parse_duration(text).map_err(|_| allowed.to_owned())?;
    if (std::time::Duration::from_millis(100)..=std::time::Duration::from_hours(1)).contains(&interval) {
        Ok(interval)
    } else {
        Err(allowed.to_owned())
    }
}

/// Every subcommand once, without flags, in the order of the help.
#[must_use]
pub fn each() -> [Command; 13] {
    [
        Command::Services,
        Command::Status(Status::default()),
        Command::Logs(Logs::default()),
        Command::Gpu(GpuFlags::default()),
        Command::Overview(OverviewFlags::default()),
        Command::Serve(Box::default()),
        Command::Metrics,
        Command::Check(Check::default()),
        Command::Wait(WaitFlags::default()),
        Command::Commands,
        Command::Openapi,
        Command::Record(Record::default()),
        Command::Privileges,
    ]
}

/// The whole command line, for the man pages.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The same for the completions, with the service ids as values. On the real command line an unknown id is
/// not a usage error: it has an error code of its own.
#[must_use]
pub fn command_for_completions() -> clap::Command {
    let ids = |argument: clap::Arg| {
        argument.value_parser(service::all().iter().map(Service::id).collect::<Vec<_>>())
    };
    Cli::command()
        .mut_arg("masked-ok", ids)
        .mut_subcommand("status", |status| status.mut_arg("ids", ids))
        .mut_subcommand("logs", |logs| logs.mut_arg("id", ids))
}
