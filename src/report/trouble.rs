//! What can be wrong with a unit, and how grave that is.

/// What is wrong with a unit, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Failed,
    /// It ran to its end, and not with success.
    EndedBadly,
    /// It waits to be restarted.
    Restarting,
    /// It is not running.
    Stopped,
    /// Its last start was skipped by a condition.
    ConditionNotMet,
    /// Its last start was refused by an assertion.
    AssertionFailed,
    Starting,
    Stopping,
    Reloading,
    Masked,
    /// It has no unit file.
    NotFound,
    /// It has a unit file that systemd cannot use.
    BadUnitFile,
    /// systemd did not say.
    Unknown,
}

/// How grave a reason is; worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// It broke.
    Broken,
    /// Its state is not known.
    Unknown,
    /// It is not there or not running.
    Down,
    /// It is on its way.
    Changing,
}

impl Trouble {
    /// The code that scripts match on.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::EndedBadly => "exit_status",
            Self::Restarting => "restarting",
            Self::Stopped => "inactive",
            Self::ConditionNotMet => "condition_not_met",
            Self::AssertionFailed => "assertion_failed",
            Self::Starting => "activating",
            Self::Stopping => "deactivating",
            Self::Reloading => "reloading",
            Self::Masked => "masked",
            Self::NotFound => "not_found",
            Self::BadUnitFile => "bad_unit_file",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Failed | Self::EndedBadly | Self::Restarting | Self::BadUnitFile => Severity::Broken,
            Self::Unknown => Severity::Unknown,
            Self::Stopped | Self::ConditionNotMet | Self::AssertionFailed | Self::Masked | Self::NotFound => {
                Severity::Down
            }
            Self::Starting | Self::Stopping | Self::Reloading => Severity::Changing,
        }
    }
}
