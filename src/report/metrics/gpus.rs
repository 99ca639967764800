//! The GPUs, under the names of nvidia_gpu_exporter.

use serde_json::Number;

use super::{
    families::{Families, Labels},
    units::truth,
};
use crate::{
    escape,
    report::{GpuRow, gpu::GpuReport, gpu_health::State},
};

/// The longest name that is a label.
const NAME: usize = 64;

/// A GPU whose UUID is well-formed, by that UUID as nvidia_gpu_exporter writes it.
struct Named<'a> {
    uuid: String,
    index: String,
    name: String,
    driver: String,
    row: &'a GpuRow,
}

/// What a row has in a column, as a number.
type Reading = fn(&GpuRow) -> Option<f64>;

/// Name, help, and where the number comes from.
const READINGS: [(&str, &str, Reading); 13] = [
    ("temperature_gpu", "Core temperature in degrees Celsius.", |row| number(row.temperature_c.as_ref())),
    ("power_draw_watts", "Power drawn in watts.", |row| number(row.power_w.as_ref())),
    ("power_limit_watts", "Power allowed in watts.", |row| number(row.power_limit_w.as_ref())),
    ("utilization_gpu_ratio", "Share of time in which a kernel ran, 0 to 1.", |row| {
        number(row.utilization_percent.as_ref()).map(|percent| percent / 100.0)
    }),
    ("memory_used_bytes", "Memory in use.", |row| number(row.memory_used_mib.as_ref()).map(|mib| mib * MIB)),
    ("memory_total_bytes", "Memory there is.", |row| {
        number(row.memory_total_mib.as_ref()).map(|mib| mib * MIB)
    }),
    ("ecc_errors_uncorrected_volatile_total", "Uncorrected ECC errors since the driver was loaded.", |row| {
        number(row.ecc_uncorrected.as_ref())
    }),
    ("remapped_rows_pending", "1 if rows are remapped at the next reset.", |row| {
        row.row_remap_pending.map(truth)
    }),
    ("remapped_rows_failure", "1 if rows could not be remapped.", |row| row.row_remap_failure.map(truth)),
    (
        "gpu_recovery_action",
        "Recovery action: 0 none, 1 reset, 2 reboot, 3 drain P2P, 4 drain and reset.",
        |row| {
            place(
                row.recovery_action.as_deref(),
                &["None", "Reset", "Reboot", "Drain P2P", "Drain and Reset"],
            )
        },
    ),
    ("fabric_state", "Fabric: 0 not supported, 1 not started, 2 in progress, 3 completed.", |row| {
        place(row.fabric_state.as_deref(), &["Not Supported", "Not Started", "In Progress", "Completed"])
    }),
    (
        "clocks_event_reasons_hw_thermal_slowdown",
        "1 if the hardware throttles the GPU because it is hot.",
        |row| row.hw_thermal_slowdown.map(truth),
    ),
    (
        "clocks_event_reasons_hw_power_brake_slowdown",
        "1 if the host's power brake throttles the GPU.",
        |row| row.hw_power_brake.map(truth),
    ),
];

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn add(families: &mut Families, gpu: &GpuReport) {
    let rows = gpu.rows().unwrap_or_default();
    let named: Vec<Named<'_>> = rows.iter().filter_map(named).collect();
    let info = named.iter().map(|gpu| {
        let labels: Labels<'_> = vec![
            ("driver_version", &gpu.driver),
            ("index", &gpu.index),
            ("name", &gpu.name),
            ("uuid", &gpu.uuid),
        ];
        (labels, 1.0)
    });
    families.gauge("nvidia_smi_gpu_info", "A GPU with its names.", info);
    for (name, help, reading) in READINGS {
        let samples = named.iter().filter_map(|gpu| Some((vec![("uuid", &*gpu.uuid)], reading(gpu.row)?)));
        let name = format!("nvidia_smi_{name}");
        if name.ends_with("_total") {
            families.counter(&name, help, samples);
        } else {
            families.gauge(&name, help, samples);
        }
    }
    let healthy = named
        .iter()
        .filter(|gpu| gpu.row.health != State::Unknown)
        .map(|gpu| (vec![("uuid", &*gpu.uuid)], truth(gpu.row.health != State::Fault)));
    families.gauge("sek8s_gpu_healthy", "1 if the GPU has no fault.", healthy);
    let count = u32::try_from(rows.len()).map(f64::from).ok();
    families.one("sek8s_gpus", "GPUs that nvidia-smi lists.", count.filter(|_| gpu.rows().is_some()));
}

fn named(row: &GpuRow) -> Option<Named<'_>> {
    let text = |text: Option<&str>| escape::bounded(text.unwrap_or_default(), NAME);
    Some(Named {
        uuid: uuid(row.uuid.as_deref()?)?,
        index: row.index.as_ref()?.to_string(),
        name: text(row.name.as_deref()),
        driver: text(row.driver_version.as_deref()),
        row,
    })
}

/// In lower case and without `GPU-`; `None` if it has another form.
fn uuid(text: &str) -> Option<String> {
    let uuid = text.strip_prefix("GPU-")?.to_ascii_lowercase();
    let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
    let is_hex = uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (is_hex && lengths == [8, 4, 4, 4, 12]).then_some(uuid)
}

fn number(number: Option<&Number>) -> Option<f64> {
    number.and_then(Number::as_f64)
}

/// The number of a word among these.
fn place(word: Option<&str>, words: &[&str]) -> Option<f64> {
    let place = words.iter().position(|one| Some(*one) == word)?;
    u32::try_from(place).map(f64::from).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_uuid_is_a_label() {
        let good = "GPU-DD74013f-a593-442d-b310-4f05acd778fc";
        assert_eq!(uuid(good).as_deref(), Some("dd74013f-a593-442d-b310-4f05acd778fc"));
        for bad in [
            "",
            "GPU-",
            "GPU-aaaa",
            "dd74013f-a593-442d-b310-4f05acd778fc",
            "GPU-dd74013f-a593-442d-b310-4f05acd778fg",
            "GPU-dd74013f-a593-442d-b310-4f05acd77\"fc",
        ] {
            assert_eq!(uuid(bad), None, "{bad}");
        }
    }
}
