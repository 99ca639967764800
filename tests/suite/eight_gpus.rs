//! nvidia-smi of driver 590 with eight GPUs, of which the third may be bad.

use serde_json::Value;

use crate::stub::Stub;

/// The columns of driver 590, healthy.
pub const WELL: [(&str, &str); 26] = [
    ("index", "#"),
    ("uuid", "GPU-#"),
    ("name", "NVIDIA H100 80GB HBM3"),
    ("driver_version", "590.48.01"),
    ("temperature.gpu", "41"),
    ("power.draw", "118.22"),
    ("power.limit", "700.00"),
    ("utilization.gpu", "37"),
    ("memory.used", "61234"),
    ("memory.total", "81559"),
    ("ecc.errors.uncorrected.volatile.total", "0"),
    ("mig.mode.current", "Disabled"),
    ("mig.mode.pending", "Disabled"),
    ("ecc.mode.current", "Enabled"),
    ("ecc.mode.pending", "Enabled"),
    ("persistence_mode", "Enabled"),
    ("pcie.link.width.current", "16"),
    ("pcie.link.width.max", "16"),
    ("retired_pages.pending", "No"),
    ("clocks_event_reasons.hw_thermal_slowdown", "Not Active"),
    ("clocks_event_reasons.hw_power_brake_slowdown", "Not Active"),
    ("fabric.state", "Completed"),
    ("fabric.status", "Success"),
    ("gpu_recovery_action", "None"),
    ("remapped_rows.pending", "No"),
    ("remapped_rows.failure", "No"),
];

/// Rows of eight GPUs, where GPU 3 has other cells.
pub fn rows(changed: &[(&str, &str)]) -> String {
    let row = |index: usize| {
        let cell = |(column, well): &(&str, &str)| {
            let other = changed.iter().find(|(name, _)| index == 3 && name == column);
            other.map_or(*well, |(_, value)| *value).replace('#', &index.to_string())
        };
        WELL.iter().map(cell).collect::<Vec<_>>().join(", ") + "\n"
    };
    (0..8).map(row).collect()
}

/// The banner of eight GPUs that are well, by this driver.
fn banner(driver: &str) -> String {
    let gpu = |index: usize| {
        format!(
            "|   {index}  NVIDIA H100 80GB HBM3          On  |   00000000:1{index}:00.0 Off |                    0 |\n\
             | N/A   41C    P0            118W /  700W |   61234MiB /  81559MiB |     37%      Default |\n"
        )
    };
    let head = format!("| NVIDIA-SMI {driver}   Driver Version: {driver}   CUDA Version: 13.1 |\n");
    head + &(0..8).map(gpu).collect::<String>()
}

/// As nvidia-smi of driver 590 with these rows; `-i` prints one of them.
pub fn eight(csv: &str) -> Stub {
    Stub::acts(
        r#"case "$*" in
            *--query-gpu=*"-i "*) grep "^${*##*-i }," "$d/csv" || { echo "No devices were found"; exit 6; } ;;
            *--query-gpu=*) cat "$d/csv" ;;
            *) cat "$d/banner" ;;
        esac"#,
    )
    .file("banner", banner("590.48.01"))
    .file("csv", csv)
}

/// What NVIDIA's programs print where GPU 3 cannot be opened.
pub const LOST: &str = "Unable to determine the device handle for GPU0000:13:00.0: GPU is lost.  Reboot the system to recover this GPU";

/// GPU 3 makes every answer that it is in do this.
pub fn bad_third(does: &str) -> Stub {
    let stub = eight(&rows(&[]));
    Stub::acts(&format!(
        "case \"$*\" in *\"-i 3\") {does} ;; *\"-i \"*) ;; *) {does} ;; esac\n{}",
        stub.script()
    ))
    .files_of(&stub)
}

/// A GPU and a code.
pub type Sign = (Value, Value);

/// The reasons and the warnings.
pub fn found(overview: &Value) -> (Vec<Sign>, Vec<Sign>) {
    let of = |field: &str| {
        let every = overview[field].as_array().unwrap().iter();
        every.map(|one| (one["gpu"].clone(), one["code"].clone())).collect()
    };
    (of("reasons"), of("warnings"))
}
