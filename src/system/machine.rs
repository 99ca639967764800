//! What this machine runs and has, without starting a program.

use std::{fs, path::Path};

use super::journal_files::MACHINE_ID;

/// Where systemd's own library is: `libsystemd-shared-252.so`, its version in its name. Debian has a folder for each
/// architecture.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/systemd",
    "/usr/lib64/systemd",
    "/usr/lib/x86_64-linux-gnu/systemd",
    "/usr/lib/aarch64-linux-gnu/systemd",
];

/// Where the nvidia driver has a folder for each GPU that it found (README of the driver, "/proc interface").
const GPUS: &str = "/proc/driver/nvidia/gpus";

/// How many GPUs the driver found, if it is loaded.
pub(crate) fn gpus_of_driver() -> Option<usize> {
    fs::read_dir(GPUS).ok().map(Iterator::count)
}

/// The version of the nvidia driver that is loaded, if one is.
pub(crate) fn driver_version() -> Option<String> {
    line_of("/sys/module/nvidia/version")
}

/// The release of the kernel (uname(2)).
pub(crate) fn kernel_release() -> Option<String> {
    line_of("/proc/sys/kernel/osrelease")
}

/// What this machine calls itself (gethostname(2)).
pub(crate) fn host_name() -> Option<String> {
    line_of("/proc/sys/kernel/hostname")
}

/// Which machine this is (machine-id(5)).
pub(crate) fn machine_id() -> Option<String> {
    line_of(MACHINE_ID)
}

fn line_of(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The version of systemd, if its library is where it usually is.
pub(crate) fn systemd_version() -> Option<String> {
    LIBRARIES.iter().find_map(|folder| version_in(Path::new(folder)))
}

fn version_in(folder: &Path) -> Option<String> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).find_map(|entry| {
        let name = entry.file_name();
        let version = name.to_str()?.strip_prefix("libsystemd-shared-")?.strip_suffix(".so")?;
        Some(version.to_owned())
    })
}
