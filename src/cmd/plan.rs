//! What each subcommand needs, before it runs.

use crate::{
    cli::{self, Command},
    report::privileges::Needed,
    settings::Settings,
    system::privilege::Capability,
};

/// What a subcommand needs of the machine and of this process.
pub(super) struct Plan {
    pub(super) name: &'static str,
    /// What of the machine, for `privileges`.
    pub(super) needs: &'static [Needed],
    /// The capabilities that it can still use once privileges are dropped.
    pub(super) keeps: &'static [Capability],
    /// It is about the journal, so that its operator should hear what is in the way.
    pub(super) warns_about_journal: bool,
    /// A signal ends the programs that it runs. Otherwise it ends when it has finished what it is doing.
    pub(super) signal_ends_programs: bool,
    /// It asks again and again.
    pub(super) goes_on: bool,
}

/// The port of `serve` is bound before privileges are dropped, so only the journal needs one of them later.
const JOURNAL: &[Capability] = &[Capability::DacReadSearch];

impl Plan {
    pub(super) fn of(command: &Command, settings: &Settings) -> Self {
        use Needed::{GpuDevices, Journal, LowPort, SystemBus};
        let plan = |name, needs| Self {
            name,
            needs,
            keeps: &[],
            warns_about_journal: false,
            signal_ends_programs: true,
            goes_on: false,
        };
        match command {
            Command::Services => plan("services", &[]),
            // The last entries of a single service are shown.
            Command::Status(flags) if flags.ids.len() == 1 => {
                Self { keeps: JOURNAL, ..plan("status", &[SystemBus]) }
            }
            Command::Status(_) => plan("status", &[SystemBus]),
            Command::Logs(_) => {
                Self { keeps: JOURNAL, warns_about_journal: true, ..plan("logs", &[Journal]) }
            }
            Command::Gpu(_) => plan("gpu", &[GpuDevices]),
            Command::Overview(flags) => {
                let keeps = if settings.last_log.value { JOURNAL } else { &[] };
                Self { keeps, goes_on: flags.watch.is_some(), ..plan("overview", &[SystemBus, GpuDevices]) }
            }
            Command::Serve(_) => Self {
                keeps: JOURNAL,
                warns_about_journal: true,
                signal_ends_programs: false,
                goes_on: true,
                ..plan("serve", &[SystemBus, Journal, GpuDevices, LowPort])
            },
            Command::Metrics => plan("metrics", &[SystemBus, GpuDevices]),
            Command::Check(_) => plan("check", &[SystemBus, GpuDevices]),
            Command::Wait(_) => Self { goes_on: true, ..plan("wait", &[SystemBus, GpuDevices]) },
            Command::Commands => plan("commands", &[]),
            Command::Openapi => plan("openapi", &[]),
            Command::Record(_) => Self {
                keeps: JOURNAL,
                warns_about_journal: true,
                ..plan("record", &[SystemBus, Journal, GpuDevices])
            },
            // It tries to read the journal.
            Command::Privileges => Self { keeps: JOURNAL, ..plan("privileges", &[]) },
        }
    }

    /// Those of all subcommands, in the order of the help.
    pub(super) fn of_each(settings: &Settings) -> impl Iterator<Item = Self> {
        cli::each().into_iter().map(|command| Self::of(&command, settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Given;

    fn settings(last_log: &'static str) -> Settings {
        let environment = move |name: &str| (name == "LAST_LOG").then(|| last_log.into());
        Settings::resolve(&Given::default(), &environment, false).unwrap()
    }

    #[test]
    fn each_subcommand_keeps_and_warns_as_it_needs() {
        let plan = |plan: Plan| {
            (plan.name, !plan.keeps.is_empty(), plan.warns_about_journal, plan.signal_ends_programs)
        };
        let plans: Vec<_> = Plan::of_each(&settings("on")).map(plan).collect();
        assert_eq!(
            plans,
            [
                ("services", false, false, true),
                ("status", false, false, true),
                ("logs", true, true, true),
                ("gpu", false, false, true),
                ("overview", true, false, true),
                ("serve", true, true, false),
                ("metrics", false, false, true),
                ("check", false, false, true),
                ("wait", false, false, true),
                ("commands", false, false, true),
                ("openapi", false, false, true),
                ("record", true, true, true),
                ("privileges", true, false, true),
            ]
        );
        let one = Command::Status(cli::Status { ids: vec!["k3s".to_owned()] });
        assert!(!Plan::of(&one, &settings("on")).keeps.is_empty(), "its last entries are shown");
        let overview = Command::Overview(cli::OverviewFlags::default());
        assert!(Plan::of(&overview, &settings("off")).keeps.is_empty(), "no entries are read");
    }
}
