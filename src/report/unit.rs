//! The state of one unit, in systemd's own words, from `systemctl show`.

use jiff::Timestamp;
use serde::Serialize;

use super::timestamp;
use crate::service::Service;

/// What systemd says of a unit. All text, as printed; `None` where it printed nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct UnitStatus {
    /// `LoadState`: loaded, not-found, masked, bad-setting, error.
    pub load_state: Option<String>,
    /// `ActiveState`: active, reloading, inactive, failed, activating, deactivating.
    pub active_state: Option<String>,
    /// `SubState`: running, exited, dead, auto-restart and more, by the kind of unit.
    pub sub_state: Option<String>,
    /// `UnitFileState`: enabled, disabled, masked, static and more.
    pub unit_file_state: Option<String>,
    /// `MainPID`; `0` when there is none.
    pub main_pid: Option<String>,
    /// `ExecMainCode`, from waitid(2): 1 exited, 2 killed, 3 dumped; 0 when it has not ended.
    pub exit_code: Option<String>,
    /// `ExecMainStatus`: the exit status or the signal's number.
    pub exit_status: Option<String>,
    /// `Result`: success, exit-code, signal, timeout and more.
    pub result: Option<String>,
    /// `NRestarts`: how often systemd restarted it by itself.
    pub n_restarts: Option<String>,
    /// Since when it is active (RFC 3339); `None` while it is not.
    pub active_since: Option<String>,
    /// Since when it is in its present state (RFC 3339).
    pub state_since: Option<String>,
    /// `InvocationID` of its last start.
    pub invocation_id: Option<String>,
    /// `ExecMainStartTimestamp`: when the main process of its last run was started.
    #[serde(skip)]
    pub main_started_at: Option<Timestamp>,
    /// `ConditionTimestamp`: when it was last attempted to start it, whether a process was started or not.
    #[serde(skip)]
    pub start_attempted_at: Option<Timestamp>,
    /// Set when its last start was skipped, and it has not run since.
    #[serde(skip)]
    pub skipped: Option<Skipped>,
    /// `NeedDaemonReload`: its unit file has changed on disk since systemd loaded it.
    #[serde(skip)]
    pub needs_daemon_reload: bool,
}

impl UnitStatus {
    /// Whether it failed, waits to be restarted, or ended with anything but success, whatever its unit file is
    /// by now.
    pub(super) fn ended_badly(&self) -> bool {
        let sub_state = self.sub_state.as_deref().unwrap_or_default();
        match self.active_state.as_deref() {
            Some("failed") => true,
            Some("active") => sub_state == "exited" && self.exit_status.as_deref() != Some("0"),
            Some("activating") => sub_state.starts_with("auto-restart"),
            Some("deactivating") => !matches!(self.result.as_deref(), None | Some("success")),
            Some("inactive") => {
                self.skipped.is_none()
                    && !matches!(self.result.as_deref(), None | Some("success" | "exec-condition"))
            }
            _ => false,
        }
    }
}

/// A start that systemd skipped, and when (RFC 3339).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// A `Condition…=` of the unit was not met.
    Condition(String),
    /// An `Assert…=` of the unit failed.
    Assertion(String),
}

/// One unit's block of an answer: what it is called there, and what is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Block {
    id: Option<String>,
    names: Vec<String>,
    lines: usize,
    pub(super) status: UnitStatus,
}

impl Block {
    /// Whether this is the answer for that service: an alias prints its real name as Id, and the
    /// one it was asked by among its Names.
    pub(crate) fn fits(&self, service: &Service) -> bool {
        self.id.as_deref() == Some(service.unit()) || self.names.iter().any(|name| name == service.unit())
    }

    /// How many properties were printed.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Whether the states are there. systemctl prints a service's own properties before those of every unit, so
    /// these are among the last (tried on systemd 252).
    pub(super) fn has_states(&self) -> bool {
        let UnitStatus { load_state, active_state, sub_state, .. } = &self.status;
        [load_state, active_state, sub_state].iter().all(|state| state.is_some())
    }
}

/// Reads the blocks of an answer, which blank lines separate. Unknown and unreadable lines are
/// left out. Pure, so that recorded output can be fed to it.
pub(crate) fn parse(show: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = show.lines().peekable();
    while lines.peek().is_some() {
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        if !block.is_empty() {
            blocks.push(parse_block(&block));
        }
    }
    blocks
}

fn parse_block(lines: &[&str]) -> Block {
    let property = |name: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    let moment = |name: &str| property(name).and_then(|text| timestamp::of_systemd(&text));
    let time = |name: &str| moment(name).map(timestamp::rfc_3339);
    let is = |name: &str, value: &str| property(name).as_deref() == Some(value);
    // A unit that was never started prints `ConditionResult=no`, too, and one that ran and stopped keeps the result
    // of that start (tried on systemd 252): only a result that is newer than the last stop tells of a skipped start.
    let stopped = moment("StateChangeTimestamp");
    let after_stop = |name: &str| moment(name).filter(|at| stopped.is_none_or(|stopped| *at > stopped));
    let skipped_by = |result: &str, at: &str| {
        after_stop(at).filter(|_| is("ActiveState", "inactive") && is(result, "no")).map(timestamp::rfc_3339)
    };
    let skipped = skipped_by("ConditionResult", "ConditionTimestamp")
        .map(Skipped::Condition)
        .or_else(|| skipped_by("AssertResult", "AssertTimestamp").map(Skipped::Assertion));
    let active_state = property("ActiveState");
    // systemd keeps the time of the last start while a unit is down.
    let is_active = matches!(active_state.as_deref(), Some("active" | "reloading" | "refreshing"));
    Block {
        id: property("Id"),
        lines: lines.len(),
        names: property("Names").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
        status: UnitStatus {
            load_state: property("LoadState"),
            active_state,
            sub_state: property("SubState"),
            unit_file_state: property("UnitFileState"),
            main_pid: property("MainPID"),
            exit_code: property("ExecMainCode"),
            exit_status: property("ExecMainStatus"),
            result: property("Result"),
            n_restarts: property("NRestarts"),
            active_since: if is_active { time("ActiveEnterTimestamp") } else { None },
            state_since: time("StateChangeTimestamp"),
            invocation_id: property("InvocationID"),
            main_started_at: moment("ExecMainStartTimestamp"),
            start_attempted_at: moment("ConditionTimestamp"),
            skipped,
            needs_daemon_reload: is("NeedDaemonReload", "yes"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service;

    #[test]
    fn empty_properties_are_none_and_an_alias_fits_by_its_names() {
        let blocks = parse(
            "Id=rancher.service\nNames=rancher.service k3s.service\nUnitFileState=\n\n\nId=k3s.service\nLoadState=loaded\n",
        );
        assert_eq!(blocks.len(), 2);
        let k3s = service::find("k3s").unwrap_or(&service::all()[0]);
        assert!(blocks[0].fits(k3s) && blocks[1].fits(k3s));
        assert!(!blocks[0].fits(&service::all()[0]));
        assert_eq!(blocks[0].status, UnitStatus::default());
        assert_eq!(blocks[1].status.load_state.as_deref(), Some("loaded"));
    }

    #[test]
    fn a_unit_that_is_down_is_not_active_since_its_last_start() {
        let of = |state: &str| {
            parse(&format!("ActiveState={state}\nActiveEnterTimestamp=Tue 2026-11-24 11:51:44.283209 UTC"))[0]
                .status
                .active_since
                .clone()
        };
        assert_eq!(of("active").as_deref(), Some("2026-11-24T11:51:44.283209Z"));
        assert_eq!(of("failed"), None);
    }
}
