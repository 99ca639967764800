//! The columns of `nvidia-smi --query-gpu`: a fixed list for each generation of drivers.
//!
//! nvidia-smi refuses a whole list for one column that it does not know. Which driver knows what was tried with NVIDIA's
//! own binaries from 450 to 555 and is in recordings from 590 on. 565 to 580 are a guess: one that is refused costs a
//! start of nvidia-smi, and then the list before it is asked for.

use std::fmt;

/// Which columns are queried; displayed as nvidia-smi takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Driver 590 and later.
    From590,
    /// 565 to 580.
    From565,
    /// 535 to 555.
    From535,
    /// 525 and 530.
    From525,
    /// 450 to 520.
    From450,
    /// What recordings of sek8s-status 0.1 have, where nothing was refused.
    Recorded,
    /// The ones that every driver since 2014 knows.
    Minimal,
}

const MINIMAL: [&str; 8] = [
    "index",
    "uuid",
    "name",
    "driver_version",
    "temperature.gpu",
    "utilization.gpu",
    "memory.used",
    "memory.total",
];

const RECORDED: [&str; 12] = [
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
];

const FROM_450: [&str; 7] = [
    "mig.mode.pending",
    "ecc.mode.current",
    "ecc.mode.pending",
    "persistence_mode",
    "pcie.link.width.current",
    "pcie.link.width.max",
    "retired_pages.pending",
];

/// What the slowdowns were called before 535.
const THROTTLE: [&str; 2] =
    ["clocks_throttle_reasons.hw_thermal_slowdown", "clocks_throttle_reasons.hw_power_brake_slowdown"];

const EVENTS: [&str; 2] =
    ["clocks_event_reasons.hw_thermal_slowdown", "clocks_event_reasons.hw_power_brake_slowdown"];

const FABRIC: [&str; 2] = ["fabric.state", "fabric.status"];

const RESET: [&str; 1] = ["reset_status.reset_required"];

const RECOVERY: [&str; 1] = ["gpu_recovery_action"];

const REMAPPED: [&str; 2] = ["remapped_rows.pending", "remapped_rows.failure"];

impl Columns {
    /// All lists, the newest first.
    pub(crate) const ALL: [Self; 7] = [
        Self::From590,
        Self::From565,
        Self::From535,
        Self::From525,
        Self::From450,
        Self::Recorded,
        Self::Minimal,
    ];

    /// The list that a driver of this version knows; the newest if the version is not known.
    pub(crate) fn of_driver(version: Option<&str>) -> Self {
        let branch = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        match branch {
            None | Some(590..) => Self::From590,
            Some(565..) => Self::From565,
            Some(535..) => Self::From535,
            Some(525..) => Self::From525,
            Some(450..) => Self::From450,
            Some(_) => Self::Minimal,
        }
    }

    /// The list to ask for where this one was refused.
    pub(crate) fn before(self) -> Option<Self> {
        Self::ALL.into_iter().skip_while(|columns| *columns != self).nth(1)
    }

    /// Whether remapped rows have a query of their own.
    pub(crate) fn leaves_out_remapped_rows(self) -> bool {
        matches!(self, Self::From565 | Self::From535 | Self::From525 | Self::From450)
    }

    /// The columns' names in nvidia-smi's words, in the order in which they are printed.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let parts: &[&[&'static str]] = match self {
            Self::From590 => &[&RECORDED, &FROM_450, &EVENTS, &FABRIC, &RECOVERY, &REMAPPED],
            Self::From565 => &[&RECORDED, &FROM_450, &EVENTS, &FABRIC, &RECOVERY],
            Self::From535 => &[&RECORDED, &FROM_450, &EVENTS, &FABRIC, &RESET],
            Self::From525 => &[&RECORDED, &FROM_450, &THROTTLE, &FABRIC],
            Self::From450 => &[&RECORDED, &FROM_450, &THROTTLE],
            Self::Recorded => &[&RECORDED],
            Self::Minimal => &[&MINIMAL],
        };
        parts.concat()
    }

    /// What can be known of a GPU at most, and is not asked for with this list: in the words of the newest driver that
    /// has the column. `has_remapped`: remapped rows have been told by their own query.
    pub(crate) fn unreported(self, has_remapped: bool) -> Vec<&'static str> {
        let names = self.names();
        let all = [&RECORDED as &[_], &FROM_450, &EVENTS, &FABRIC, &RECOVERY, &RESET, &REMAPPED].concat();
        let is_known = |column: &&str| {
            names.contains(column)
                || (EVENTS.contains(column) && names.contains(&THROTTLE[0]))
                || (REMAPPED.contains(column) && has_remapped)
        };
        all.into_iter().filter(|column| !is_known(column)).collect()
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_driver_picks_the_list() {
        fn case(version: &str, expected: Columns) {
            assert_eq!(Columns::of_driver(Some(version)), expected, "{version}");
        }
        case("610.57.04", Columns::From590);
        case("590.48.01", Columns::From590);
        case("580.95.05", Columns::From565);
        case("565.57.01", Columns::From565);
        case("555.58.02", Columns::From535);
        case("535.261.03", Columns::From535);
        case("530.30.02", Columns::From525);
        case("525.147.05", Columns::From525);
        case("470.256.02", Columns::From450);
        case("450.248.02", Columns::From450);
        case("390.157", Columns::Minimal);
        for unknown in [None, Some(""), Some("N/A"), Some("-1.2")] {
            assert_eq!(Columns::of_driver(unknown), Columns::From590, "{unknown:?}");
        }
    }

    #[test]
    fn each_refusal_leads_to_an_older_list_and_the_last_has_none() {
        let mut seen = vec![Columns::From590];
        while let Some(older) = seen[seen.len() - 1].before() {
            seen.push(older);
        }
        assert_eq!(seen, Columns::ALL);
    }

    #[test]
    fn no_list_has_a_column_that_its_drivers_do_not_know() {
        let has = |columns: Columns, start: &str| columns.names().iter().any(|name| name.starts_with(start));
        for columns in Columns::ALL {
            let is_since = |first| Columns::ALL.iter().position(|one| *one == columns) <= first;
            assert_eq!(has(columns, "remapped_rows."), is_since(Some(0)), "{columns:?}");
            assert_eq!(has(columns, "gpu_recovery_action"), is_since(Some(1)), "{columns:?}");
            assert_eq!(has(columns, "clocks_event_reasons."), is_since(Some(2)), "{columns:?}");
            assert_eq!(has(columns, "fabric."), is_since(Some(3)), "{columns:?}");
            assert_eq!(has(columns, "reset_status."), columns == Columns::From535);
        }
    }

    #[test]
    fn what_a_driver_cannot_tell_is_named() {
        assert_eq!(Columns::From590.unreported(false), ["reset_status.reset_required"]);
        assert_eq!(Columns::From535.unreported(true), ["gpu_recovery_action"]);
        assert_eq!(
            Columns::From535.unreported(false),
            ["gpu_recovery_action", "remapped_rows.pending", "remapped_rows.failure"]
        );
        assert!(Columns::Minimal.unreported(false).contains(&"power.draw"));
        assert!(!Columns::From450.unreported(true).iter().any(|name| name.starts_with("clocks")));
    }
}
