//! `check` and `wait`.

use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

/// `check`
#[derive(Debug, Default, Args)]
pub struct Check {
    /// Service ids, or gpu [default: all]
    #[arg(value_name = "ID|gpu")]
    pub ids: Vec<String>,
    /// The convention of the line and the exit code
    #[arg(long, value_enum, value_name = "nagios|npd", default_value_t = CheckFormat::Nagios, hide_possible_values = true)]
    pub format: CheckFormat,
}

/// The convention that a check follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Monitoring Plugins' guidelines: Nagios, Icinga.
    #[default]
    Nagios,
    /// A custom plugin of node-problem-detector.
    Npd,
}

/// `wait`
#[derive(Debug, Default, Args)]
pub struct WaitFlags {
    /// Service ids, or gpu [default: all]
    #[arg(value_name = "ID|gpu")]
    pub ids: Vec<String>,
    /// What to wait for
    ///
    /// `ok` is the verdict of the overview, `healthy` that of the services without the GPUs, `answer` that systemd and
    /// nvidia-smi can be asked.
    #[arg(long = "for", value_enum, value_name = "ok|healthy|answer", default_value_t = Goal::Ok, hide_possible_values = true)]
    pub goal: Goal,
    /// How long to wait
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, default_value = "5m", value_parser = within)]
    pub within: Duration,
    /// How often to ask
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, default_value = "2s", value_parser = super::interval)]
    pub interval: Duration,
    /// Do not print what is waited for
    #[arg(long)]
    pub quiet: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// The verdict is ok.
    #[default]
    Ok,
    /// The services are healthy.
    Healthy,
    /// All can be asked.
    Answer,
}

fn within(text: &str) -> Result<Duration, String> {
    let within = humantime::parse_duration(text).ok();
    within
        .filter(|within| *within <= Duration::from_hours(24))
        .ok_or_else(|| "it must be a duration of at most 24h, such as `5m`".to_owned())
}
