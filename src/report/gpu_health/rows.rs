//! What the rows of the query say of the health of each GPU.

use serde_json::Number;

use super::{Code, Finding, Severity, UNREADABLE};
use crate::report::{
    gpu_banner::{CELSIUS, WATTS},
    gpu_row::GpuRow,
};

/// The findings in the rows of a query. `is_stuck`: this GPU has been registering with the fabric for too long. Pure.
pub(crate) fn of_rows(rows: &[GpuRow], is_stuck: impl Fn(u16) -> bool) -> Vec<Finding> {
    rows.iter().flat_map(|row| of_row(row, row.number().is_some_and(&is_stuck))).collect()
}

fn of_row(row: &GpuRow, is_stuck: bool) -> Vec<Finding> {
    let finding = |severity, code: Code, text: String| Finding {
        uuid: row.uuid.clone(),
        ..Finding::new(row.number(), severity, code, text)
    };
    let whole = |code: Code| vec![finding(Severity::Fault, code, code.sentence().to_owned())];
    let marks = row.marks;
    if marks.is_lost {
        return whole(Code::GpuLost);
    } else if marks.is_reset_required {
        return whole(Code::ResetRequired);
    } else if marks.is_blank || marks.unreadable >= UNREADABLE {
        return whole(Code::GpuUnreadable);
    }
    let mut found = Vec::new();
    let mut add = |severity, code: Code, text: Option<String>| {
        found.push(finding(severity, code, text.unwrap_or_else(|| code.sentence().to_owned())));
    };
    let mut fault = |code: Code, text: Option<String>| add(Severity::Fault, code, text);
    if row.reset_required == Some(true) {
        fault(Code::ResetRequired, None);
    }
    if let Some(action) = row.recovery_action.as_deref().filter(|action| !["None", DRAIN].contains(action)) {
        fault(Code::RecoveryAction, Some(format!("{}: {action}", Code::RecoveryAction.sentence())));
    }
    if let Some(text) = super::uncorrected(row.ecc_uncorrected.as_ref().and_then(Number::as_u64)) {
        fault(Code::EccUncorrected, Some(text));
    }
    if row.row_remap_failure == Some(true) {
        fault(Code::RowRemapFailure, None);
    }
    match (row.fabric_state.as_deref(), row.fabric_status.as_deref()) {
        (Some("Not Started"), _) => fault(Code::Fabric, None),
        (Some("In Progress"), _) if is_stuck => {
            let text = format!("{} for more than 90 s", Code::FabricInProgress.sentence());
            fault(Code::Fabric, Some(text));
        }
        (Some("Completed"), Some(status)) if status != "Success" => {
            fault(Code::Fabric, Some(format!("{}: {status}", Code::Fabric.sentence())));
        }
        _ => {}
    }
    let mut warn = |code: Code, text: Option<String>| add(Severity::Warning, code, text);
    for (is_found, code) in [
        (row.row_remap_pending == Some(true), Code::RowRemapPending),
        (row.retired_pages_pending == Some(true), Code::RetiredPagesPending),
        (row.recovery_action.as_deref() == Some(DRAIN), Code::DrainP2p),
        (marks.unreadable > 0 || is_impossible(row), Code::CellUnreadable),
        (row.hw_thermal_slowdown == Some(true), Code::HwThermalSlowdown),
        (row.hw_power_brake == Some(true), Code::HwPowerBrake),
        (row.persistence == Some(false), Code::PersistenceOff),
        (row.fabric_state.as_deref() == Some("In Progress") && !is_stuck, Code::FabricInProgress),
    ] {
        if is_found {
            warn(code, None);
        }
    }
    if let Some(text) = super::pending_change(
        is_changing(row.ecc_mode.as_deref(), row.ecc_pending.as_deref()),
        is_changing(row.mig.as_deref(), row.mig_pending.as_deref()),
    ) {
        warn(Code::PendingChange, Some(text.to_owned()));
    }
    let lanes = [&row.pcie_width, &row.pcie_width_max].map(|width| width.as_ref()?.as_u64());
    if let [Some(width), Some(most)] = lanes
        && width < most
    {
        warn(Code::PcieWidth, Some(format!("uses {width} of {most} PCIe lanes")));
    }
    found
}

/// The one recovery action that leaves the GPU usable.
const DRAIN: &str = "Drain P2P";

/// A mode will be another one after the next reset.
fn is_changing(current: Option<&str>, pending: Option<&str>) -> bool {
    current.zip(pending).is_some_and(|(current, pending)| current != pending)
}

/// `-q` and the query of 535 to 555 print uninitialised memory when a reading fails.
fn is_impossible(row: &GpuRow) -> bool {
    let readings = [(&row.power_w, WATTS), (&row.temperature_c, CELSIUS), (&row.utilization_percent, 100)];
    let exceeds = |(reading, most): (&Option<Number>, u32)| {
        reading.as_ref().and_then(Number::as_f64).is_some_and(|reading| reading > f64::from(most))
    };
    readings.into_iter().any(exceeds)
}
