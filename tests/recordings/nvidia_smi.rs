//! What nvidia-smi printed.

use sek8s_status::inside::{GpuRow, parse_gpu_rows, parse_gpu_rows_with_header};
use serde_json::Value;

use crate::{manifest::Recording, stub::Stub, test::Test};

/// The columns that we ask for.
pub const COLUMNS: [&str; 26] = [
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
    "mig.mode.pending",
    "ecc.mode.current",
    "ecc.mode.pending",
    "persistence_mode",
    "pcie.link.width.current",
    "pcie.link.width.max",
    "retired_pages.pending",
    "clocks_event_reasons.hw_thermal_slowdown",
    "clocks_event_reasons.hw_power_brake_slowdown",
    "fabric.state",
    "fabric.status",
    "gpu_recovery_action",
    "remapped_rows.pending",
    "remapped_rows.failure",
];

pub fn check(recording: &Recording) {
    as_it_is(recording);
    if recording.kind() == "csv" && !recording.file.contains("compute-apps") {
        as_rows(recording);
    }
}

/// Whatever it is, it is what nvidia-smi printed, and goes out whole.
fn as_it_is(recording: &Recording) {
    // Where the exit code was not recorded: 255 for an error, as older drivers had it.
    let unknown = if recording.kind() == "error" { 255 } else { 0 };
    let exit_code = recording.exit_code().unwrap_or(unknown);
    let run = |arguments: &str| {
        Test::new(&format!("gpu --max-output 1000000 {arguments}"))
            .nvidia_smi(&recording.stub(exit_code))
            .any_stdout()
            .status_of_any()
    };
    let ran = run("--json --parsed");
    let gpu = ran.json();
    let has_fault = gpu["findings"].as_array().unwrap().iter().any(|finding| finding["severity"] == "fault");
    assert_eq!(ran.output.status.code(), Some(i32::from(exit_code != 0 || has_fault)));
    let text = recording.text();
    let (own, other) = if recording.is_stderr() { ("stderr", "stdout") } else { ("stdout", "stderr") };
    assert_eq!((&gpu[own], &gpu[other]), (&text.as_str().into(), &"".into()));
    assert_eq!(gpu[format!("{own}_lines")].as_array().unwrap().len(), text.lines().count());
    assert_eq!(gpu["exit_code"], exit_code);
    assert_eq!((&gpu["stdout_truncated"], &gpu["stderr_truncated"]), (&false.into(), &false.into()));
    assert!(gpu["gpus"].is_null() && gpu.get("gpus").is_some(), "no columns of ours: {}", gpu["gpus"]);
    if exit_code == 0 {
        assert_eq!((&gpu["status"], &gpu["reason"]), (&"ok".into(), &Value::Null));
    } else {
        assert_eq!((&gpu["status"], &gpu["reason"]), (&"error".into(), &reason(exit_code, &text).into()));
    }
    for form in ["", "--raw", "--detail", "--gpu 3"] {
        let shown = run(form).stdout();
        assert!(!shown.is_empty() && !shown.contains('\u{1b}'), "{form}: {shown}");
    }
}

/// By the exit code, else by what it says.
fn reason(exit_code: i32, text: &str) -> &'static str {
    match exit_code {
        2 => "argument",
        3 => "unsupported",
        4 => "permission",
        6 => "no_devices",
        8 => "power_cable",
        9 => "driver_not_loaded",
        11 => "irq",
        13 => "function_missing",
        17 => "operating_system",
        20 => "memory",
        127 => "loader",
        12 => "library_missing",
        14 => "inforom",
        15 => "gpu_lost",
        16 => "reset_required",
        18 => "version_mismatch",
        _ if text.contains("version mismatch") => "version_mismatch",
        _ if text.contains("GPU is lost") => "gpu_lost",
        _ if text.contains("Insufficient Permissions") => "permission",
        _ if text.contains("No devices") => "no_devices",
        _ if text.contains("couldn't communicate with the NVIDIA driver") => "driver_not_loaded",
        _ if text.contains("couldn't find libnvidia-ml.so") => "library_missing",
        _ if text.contains("Mismatch in versions") => "version_mismatch",
        _ if text.contains("NVML: Timeout") => "timeout",
        _ if text.contains("GPU requires reset") => "reset_required",
        _ if text.contains("Insufficient Memory") => "memory",
        _ if text.contains("is not recognized") => "argument",
        _ => "unknown",
    }
}

/// A CSV answer, read with its own columns; and then as if it had been asked for ours.
fn as_rows(recording: &Recording) {
    let text = recording.text();
    let command = recording.column("notes");
    let (columns, rows, body) = if command.contains("noheader") {
        let list = command.split_once("--query-gpu=").unwrap().1.split(' ').next().unwrap();
        let columns: Vec<&str> = list.split(',').collect();
        let rows = parse_gpu_rows(&columns, &text).rows;
        (columns, rows, text.as_str())
    } else {
        let (header, body) = text.split_once('\n').unwrap();
        let columns = header.split(',').map(|name| name.split('[').next().unwrap().trim()).collect();
        (columns, parse_gpu_rows_with_header(&text).rows, body)
    };
    check_rows(recording, &rows);

    let ours: String = body.lines().map(|line| as_ours(&columns, line)).collect();
    let nvidia_smi = Stub::prints(ours);
    let is_lost = i32::from(recording.file.contains("gpu3-lost"));
    let parsed = Test::new("gpu --json --parsed").nvidia_smi(&nvidia_smi).any_stdout().asked_times(2);
    let ran = parsed.status(is_lost);
    let mut expected = serde_json::to_value(&rows).unwrap();
    for (row, expected) in ran.json()["gpus"].as_array().unwrap().iter().zip(expected.as_array_mut().unwrap())
    {
        let mut row = row.clone();
        // Where every reading is there, nothing is worse than a warning.
        let health = row["health"].take();
        expected["health"].take();
        assert_eq!(health == "fault", row["temperature_c"].is_null(), "{row}");
        assert_eq!(row, *expected);
    }
    assert_eq!(ran.json()["gpus"].as_array().unwrap().len(), rows.len());
    let shown = Test::new("gpu").nvidia_smi(&nvidia_smi).any_stdout().status(is_lost).stdout();
    for row in &rows {
        assert!(shown.contains(row.name.as_deref().unwrap()), "{shown}");
    }
}

pub fn as_ours(columns: &[&str], line: &str) -> String {
    let values: Vec<&str> = line.split(',').map(str::trim).collect();
    let value = |name: &str| {
        let place = columns.iter().position(|column| *column == name);
        place.and_then(|place| values.get(place).copied()).unwrap_or("[N/A]")
    };
    COLUMNS.map(value).join(", ") + "\n"
}

fn check_rows(recording: &Recording, rows: &[GpuRow]) {
    assert_eq!(rows.len().to_string(), recording.column("gpu_count"));
    let model = recording.column("gpu_model").trim_end_matches(" (mock)").trim_end_matches(" ...");
    let driver = recording.column("driver_version");
    let totals = memory_totals(recording);
    assert_eq!(totals.len(), rows.len());
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row.index.as_ref().and_then(serde_json::Number::as_u64), Some(place as u64));
        assert!(row.name.as_deref().unwrap().starts_with(model), "{row:?}");
        assert!(row.uuid.as_deref().unwrap().starts_with("GPU-"), "{row:?}");
        assert!(row.driver_version.as_deref().is_none_or(|version| version == driver), "{row:?}");
        // The mock that lost its GPU 3 keeps its name only.
        if recording.file.contains("gpu3-lost") && place == 3 {
            assert_eq!((&row.memory_total_mib, &row.temperature_c, &row.power_w), (&None, &None, &None));
        } else {
            let total = row.memory_total_mib.as_ref().unwrap().to_string();
            assert_eq!(totals[place], total, "as the long report says");
            assert!(row.temperature_c.is_some() && row.power_w.is_some(), "{row:?}");
            let is_mig = recording.column("mig") == "on";
            assert_eq!(row.utilization_percent.is_none(), is_mig, "only a whole GPU has one: {row:?}");
        }
    }
}

/// How much memory each GPU has, by the long report of the same machine.
fn memory_totals(recording: &Recording) -> Vec<String> {
    let stem = recording.file.trim_end_matches(".csv");
    let long = match stem.strip_prefix("csv/") {
        Some(name) => format!("q/{name}.txt"),
        None => format!("{stem}-q.txt"),
    };
    let report = recording.beside(&long).expect("a long report beside it");
    // Less indented than that of a MIG device; nvidia-smi itself indents with tabs.
    let mut lines = report.lines();
    let mut totals = Vec::new();
    while lines.any(|line| matches!(line, "    FB Memory Usage" | "\tFB Memory Usage")) {
        let total = lines.next().unwrap();
        assert!(total.trim_start().starts_with("Total "), "{total}");
        totals.push(total.split_once(':').unwrap().1.trim().trim_end_matches(" MiB").to_owned());
    }
    totals
}
