//! One cell after the other of real answers is broken: the right code comes, and no other changes.

use libtest_mimic::Trial;
use sek8s_status::inside::gpu_findings;

use crate::{
    manifest::Recording,
    nvidia_smi::{COLUMNS, as_ours},
};

/// What stands in a cell in the place of its value, whatever the column.
const BROKEN: [(&str, &str); 4] = [
    ("ERR!", "cell_unreadable"),
    ("[Unknown Error]", "cell_unreadable"),
    ("[GPU is lost]", "gpu_lost"),
    ("[GPU requires reset]", "reset_required"),
];

/// What a column says of trouble.
const VALUES: [(&str, &str, &str); 20] = [
    ("gpu_recovery_action", "Reset", "recovery_action"),
    ("gpu_recovery_action", "Reboot", "recovery_action"),
    ("gpu_recovery_action", "Drain and Reset", "recovery_action"),
    ("gpu_recovery_action", "Drain P2P", "drain_p2p"),
    ("ecc.errors.uncorrected.volatile.total", "1", "ecc_uncorrected"),
    ("remapped_rows.failure", "Yes", "row_remap_failure"),
    ("remapped_rows.pending", "Yes", "row_remap_pending"),
    ("retired_pages.pending", "Yes", "retired_pages_pending"),
    ("fabric.state", "Not Started", "fabric"),
    ("fabric.state", "In Progress", "fabric_in_progress"),
    ("temperature.gpu", "65535", "cell_unreadable"),
    ("power.draw", "3720564.75 W", "cell_unreadable"),
    ("utilization.gpu", "101 %", "cell_unreadable"),
    ("clocks_event_reasons.hw_thermal_slowdown", "Active", "hw_thermal_slowdown"),
    ("clocks_event_reasons.hw_power_brake_slowdown", "Active", "hw_power_brake"),
    ("persistence_mode", "Disabled", "persistence_off"),
    ("ecc.mode.pending", "Other", "pending_change"),
    ("mig.mode.pending", "Other", "pending_change"),
    ("pcie.link.width.current", "1", "pcie_width"),
    ("fabric.status", "Unknown Error", "fabric"),
];

/// One trial for all real answers that have our columns.
pub fn trial(recordings: Vec<Recording>) -> Trial {
    Trial::test("nvidia-smi: each broken cell is found, and nothing else", move || {
        let is_wanted = |one: &&Recording| {
            let is_real = one.kind() == "csv" && !one.file.contains("compute-apps");
            is_real && one.column("provenance") == "real GPU"
        };
        let mut mutations = 0;
        for recording in recordings.iter().filter(is_wanted) {
            mutations += check(recording);
        }
        assert!(mutations > 500, "{mutations}");
        eprintln!("{mutations} mutations");
        Ok(())
    })
}

fn check(recording: &Recording) -> usize {
    let text = recording.text();
    let (header, body) = text.split_once('\n').unwrap();
    let columns: Vec<&str> = header.split(',').map(|name| name.split('[').next().unwrap().trim()).collect();
    let ours: String = body.lines().map(|line| as_ours(&columns, line)).collect();
    let well = gpu_findings(&COLUMNS, &ours);
    assert!(well.iter().all(|(_, is_fault, _)| !is_fault), "{}: {well:?}", recording.file);
    let broken = COLUMNS.iter().flat_map(|column| BROKEN.map(|(value, code)| (*column, value, code)));
    let mut mutations = 0;
    for (column, value, code) in broken.chain(VALUES) {
        let place = COLUMNS.iter().position(|one| *one == column).unwrap();
        let mut cells: Vec<&str> = ours.lines().next().unwrap().split(", ").collect();
        // What this GPU does not have says nothing: it is the rule for modes, lanes and the status of a fabric.
        let needs_other =
            ["ecc.mode.pending", "mig.mode.pending", "pcie.link.width.current", "fabric.status"];
        if needs_other.contains(&column) && cells[place].contains("N/A") {
            continue;
        }
        let replaced = std::mem::replace(&mut cells[place], value);
        let found = gpu_findings(&COLUMNS, &cells.join(", "));
        let case = format!("{}: {column} is {value} and not {replaced}: {found:?}", recording.file);
        assert!(found.iter().any(|one| (one.0, one.2) == (Some(0), code)), "{case}");
        let is_whole = ["gpu_lost", "reset_required"].contains(&code);
        let others: Vec<_> = found.iter().filter(|one| one.2 != code).collect();
        let before: Vec<_> = well
            .iter()
            .filter(|one| {
                !is_whole && one.2 != code && !(column == "persistence_mode" && one.2 == "persistence_off")
            })
            .filter(|one| !(column.starts_with("pcie") && one.2 == "pcie_width"))
            .collect();
        assert_eq!(others, before, "{case}");
        mutations += 1;
    }
    mutations
}
