//! What is remembered of the GPUs from one answer to the next.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::{
    gpu_health::{Code, Finding, Severity},
    gpu_query::Health,
    gpu_row::GpuRow,
};
use crate::{
    exec::{Columns, Executor},
    system::lock,
};

/// How long a GPU may register with the fabric before that is a fault.
const REGISTERING: Duration = Duration::from_secs(90);

/// What is remembered, by a process that asks once or again and again.
#[derive(Debug, Default)]
pub(crate) struct GpuMemory {
    /// For how long the answer of the health query is used again; `None` in a process that asks once.
    max_age: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The most GPUs that nvidia-smi has listed.
    most: usize,
    /// The version of the driver that nvidia-smi printed last.
    driver: Option<String>,
    /// The list of columns that was not refused, and by which driver.
    columns: Option<(Option<String>, Columns)>,
    /// The last answer of the health query, and when it was asked for.
    health: Option<(Instant, Arc<Health>)>,
    /// The faults of the last answer: only a whole answer clears them.
    faults: Vec<Finding>,
    /// The GPUs that register with the fabric, and since when.
    registering: Vec<(u16, Instant)>,
}

impl GpuMemory {
    /// For a process that goes on: the health query is asked again after this time.
    pub(crate) fn lasting(max_age: Duration) -> Self {
        Self { max_age: Some(max_age), state: Mutex::default() }
    }

    /// Whether the process goes on.
    pub(super) fn is_lasting(&self) -> bool {
        self.max_age.is_some()
    }

    /// The most GPUs that nvidia-smi listed before it listed these.
    pub(super) fn most_before(&self, listed: usize) -> usize {
        let mut state = lock(&self.state);
        let before = state.most;
        state.most = before.max(listed);
        before
    }

    /// The version of the driver: the one that is loaded, or the one that nvidia-smi has printed.
    pub(super) fn driver(&self, exec: &Executor) -> Option<String> {
        exec.driver_version().or_else(|| lock(&self.state).driver.clone())
    }

    pub(super) fn learn_driver(&self, version: Option<&str>) {
        if let Some(version) = version {
            lock(&self.state).driver = Some(version.to_owned());
        }
    }

    /// The columns to ask this driver for.
    pub(super) fn columns(&self, driver: Option<&str>) -> Columns {
        match &lock(&self.state).columns {
            Some((of, columns)) if of.as_deref() == driver => *columns,
            _ => Columns::of_driver(driver),
        }
    }

    /// This driver has not refused these columns.
    pub(super) fn learn_columns(&self, driver: Option<&str>, columns: Columns) {
        lock(&self.state).columns = Some((driver.map(str::to_owned), columns));
    }

    /// The last answer of the health query, and how old it is.
    pub(super) fn health(&self) -> Option<(Arc<Health>, Duration)> {
        let (at, health) = lock(&self.state).health.clone()?;
        Some((health, at.elapsed()))
    }

    /// The same if it is not too old to be used again.
    pub(super) fn fresh(&self) -> Option<(Arc<Health>, Duration)> {
        let max_age = self.max_age?;
        self.health().filter(|(_, age)| *age < max_age)
    }

    /// Keeps the answer of a query that has just ended, in a process that goes on.
    pub(super) fn keep(&self, health: Health) -> Arc<Health> {
        let health = Arc::new(health);
        if self.is_lasting() {
            lock(&self.state).health = Some((Instant::now(), Arc::clone(&health)));
        }
        health
    }

    /// Whether none of the last answers had this fault.
    pub(super) fn is_new(&self, fault: &Finding) -> bool {
        !lock(&self.state).faults.iter().any(|old| is_same(old, fault))
    }

    /// Adds the faults of earlier answers that this one does not clear. `is_whole`: it has a reading of every GPU.
    /// `rows`: what was read.
    pub(super) fn hold(&self, findings: &mut Vec<Finding>, is_whole: bool, rows: &[GpuRow]) {
        if !self.is_lasting() {
            return;
        }
        let mut state = lock(&self.state);
        for old in &state.faults {
            let row = rows.iter().find(|row| row.number() == old.gpu);
            let is_cleared = is_whole && row.is_none_or(|row| tells(row, old.code));
            if !is_cleared && !findings.iter().any(|new| is_same(old, new)) {
                findings.push(old.clone());
            }
        }
        findings.sort_by_key(|finding| (finding.severity, finding.gpu));
        let is_fault = |finding: &&Finding| finding.severity == Severity::Fault;
        state.faults = findings.iter().filter(is_fault).cloned().collect();
    }

    /// The GPUs that had been registering with the fabric for too long at this moment.
    pub(super) fn stuck(&self, rows: &[GpuRow], now: Instant) -> Vec<u16> {
        let mut state = lock(&self.state);
        let before = std::mem::take(&mut state.registering);
        for row in rows.iter().filter(|row| row.fabric_state.as_deref() == Some("In Progress")) {
            let Some(index) = row.number() else { continue };
            let since = before.iter().find(|(of, _)| *of == index).map_or(now, |(_, since)| *since);
            state.registering.push((index, since));
        }
        let is_stuck = |(_, since): &&(u16, Instant)| now.duration_since(*since) > REGISTERING;
        state.registering.iter().filter(is_stuck).map(|(index, _)| *index).collect()
    }
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    (one.gpu, one.code) == (other.gpu, other.code)
}

/// Whether the row has a reading of what this fault is about.
fn tells(row: &GpuRow, code: Code) -> bool {
    match code {
        Code::EccUncorrected => row.ecc_uncorrected.is_some(),
        Code::RecoveryAction => row.recovery_action.is_some(),
        Code::RowRemapFailure => row.row_remap_failure.is_some(),
        Code::Fabric => row.fabric_state.is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(index: u16, ecc: Option<u64>) -> GpuRow {
        GpuRow { index: Some(index.into()), ecc_uncorrected: ecc.map(Into::into), ..GpuRow::default() }
    }

    fn fault(index: u16, code: Code) -> Finding {
        Finding { code, ..crate::report::gpu_health::unreadable(index, String::new()) }
    }

    #[test]
    fn only_a_whole_reading_clears_a_fault() {
        let memory = GpuMemory::lasting(Duration::from_secs(30));
        let after = |is_whole, rows: &[GpuRow]| {
            let mut findings = Vec::new();
            memory.hold(&mut findings, is_whole, rows);
            findings.len()
        };
        memory.hold(&mut vec![fault(3, Code::EccUncorrected)], true, &[row(3, Some(2))]);
        assert_eq!(after(false, &[]), 1, "nothing could be asked");
        assert_eq!(after(false, &[row(3, Some(0))]), 1, "another GPU could not be read");
        assert_eq!(after(true, &[row(3, None)]), 1, "the count is not known");
        assert_eq!(after(true, &[row(3, Some(0))]), 0);
        assert_eq!(after(false, &[]), 0, "it is cleared for good");
    }

    #[test]
    fn a_process_that_asks_once_remembers_no_fault_and_no_answer() {
        let memory = GpuMemory::default();
        memory.hold(&mut vec![fault(3, Code::GpuLost)], true, &[]);
        let mut findings = Vec::new();
        memory.hold(&mut findings, false, &[]);
        assert_eq!(findings, []);
        memory.keep(Health::default());
        assert!(memory.fresh().is_none());
    }

    #[test]
    fn registering_for_more_than_90_seconds_is_too_long() {
        let memory = GpuMemory::default();
        let begin = Instant::now();
        let rows = |state: &str| [GpuRow { fabric_state: Some(state.to_owned()), ..row(5, None) }];
        let at = |seconds, state| memory.stuck(&rows(state), begin + Duration::from_secs(seconds));
        assert!(at(0, "In Progress").is_empty());
        assert!(at(90, "In Progress").is_empty());
        assert_eq!(at(91, "In Progress"), [5]);
        assert!(at(92, "Completed").is_empty());
        assert!(at(200, "In Progress").is_empty(), "it begins anew");
    }

    #[test]
    fn a_list_is_remembered_for_the_driver_that_took_it() {
        let memory = GpuMemory::default();
        memory.learn_columns(Some("570.1"), Columns::From535);
        assert_eq!(memory.columns(Some("570.1")), Columns::From535);
        assert_eq!(memory.columns(Some("590.1")), Columns::From590);
        assert_eq!(memory.columns(None), Columns::From590);
    }
}
