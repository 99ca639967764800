//! Why nvidia-smi failed, from its exit code first and its text second.

use serde::{Serialize, Serializer};

/// Why a run of nvidia-smi ended with anything but 0 (nvidia-smi(1), "RETURN VALUE"; NVML's `nvmlReturn_t`, whose
/// numbers nvidia-smi mostly passes on).
///
/// Of several that a text names, the first counts: they are in the order of how much they tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GpuReason {
    VersionMismatch,
    GpuLost,
    Permission,
    NoDevices,
    DriverNotLoaded,
    LibraryMissing,
    Loader,
    FunctionMissing,
    ResetRequired,
    OperatingSystem,
    PowerCable,
    Irq,
    Inforom,
    Timeout,
    Memory,
    Argument,
    Unsupported,
    Signal,
    Unknown,
}

/// Texts of nvidia-smi and of the dynamic loader, in lower case, and what each means.
const TEXTS: [(&str, GpuReason); 23] = [
    ("version mismatch", GpuReason::VersionMismatch),
    ("mismatch in versions", GpuReason::VersionMismatch),
    ("gpu is lost", GpuReason::GpuLost),
    ("insufficient permissions", GpuReason::Permission),
    ("no devices", GpuReason::NoDevices),
    ("couldn't communicate with the nvidia driver", GpuReason::DriverNotLoaded),
    ("driver not loaded", GpuReason::DriverNotLoaded),
    ("couldn't find libnvidia-ml", GpuReason::LibraryMissing),
    ("error while loading shared libraries", GpuReason::Loader),
    ("nvml: function not found", GpuReason::FunctionMissing),
    ("gpu requires reset", GpuReason::ResetRequired),
    ("a gpu reset must occur", GpuReason::ResetRequired),
    ("blocked by the operating system", GpuReason::OperatingSystem),
    ("insufficiently powered", GpuReason::PowerCable),
    ("interrupt request issue", GpuReason::Irq),
    ("an issue with gpu interrupts", GpuReason::Irq),
    ("inforom is corrupted", GpuReason::Inforom),
    ("corrupted inforom", GpuReason::Inforom),
    ("nvml: timeout", GpuReason::Timeout),
    ("insufficient memory", GpuReason::Memory),
    ("is not a valid field to query", GpuReason::Argument),
    ("is not recognized", GpuReason::Argument),
    ("invalid combination of input arguments", GpuReason::Argument),
];

impl GpuReason {
    /// The reason for an exit code other than 0; `of_text` is what the printed text names, on stdout or stderr.
    /// 128 + n is signal n.
    pub(super) fn of(exit_code: i32, of_text: Option<Self>) -> Self {
        match exit_code {
            2 => Self::Argument,
            3 => Self::Unsupported,
            4 => Self::Permission,
            6 => Self::NoDevices,
            8 => Self::PowerCable,
            9 => Self::DriverNotLoaded,
            10 => of_text.unwrap_or(Self::Timeout),
            11 => Self::Irq,
            12 => Self::LibraryMissing,
            13 => Self::FunctionMissing,
            14 => Self::Inforom,
            15 => Self::GpuLost,
            16 => Self::ResetRequired,
            17 => Self::OperatingSystem,
            18 => Self::VersionMismatch,
            20 => Self::Memory,
            // What the dynamic loader exits with.
            127 => Self::Loader,
            // 255 stands for any error without a code of its own; older drivers have few.
            _ => of_text.unwrap_or(Self::Unknown),
        }
    }

    /// What a line of text names.
    pub(super) fn of_text(line: &str) -> Option<Self> {
        let line = line.to_ascii_lowercase();
        TEXTS.into_iter().filter(|(words, _)| line.contains(words)).map(|(_, reason)| reason).min()
    }

    /// The code that scripts match on.
    pub fn code(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Unsupported => "unsupported",
            Self::Permission => "permission",
            Self::NoDevices => "no_devices",
            Self::PowerCable => "power_cable",
            Self::DriverNotLoaded => "driver_not_loaded",
            Self::Timeout => "timeout",
            Self::Irq => "irq",
            Self::LibraryMissing => "library_missing",
            Self::FunctionMissing => "function_missing",
            Self::Inforom => "inforom",
            Self::GpuLost => "gpu_lost",
            Self::ResetRequired => "reset_required",
            Self::OperatingSystem => "operating_system",
            Self::VersionMismatch => "version_mismatch",
            Self::Memory => "memory",
            Self::Loader => "loader",
            Self::Signal => "signal",
            Self::Unknown => "unknown",
        }
    }

    /// What went wrong, as one sentence; `is_silent`: nvidia-smi printed nothing.
    pub(super) fn sentence(self, exit_code: i32, is_silent: bool) -> String {
        match (self, self.meaning()) {
            (Self::Signal, _) => format!("`nvidia-smi` was killed by signal {}", exit_code - 128),
            (_, Some(meaning)) => format!("`nvidia-smi` exited with status {exit_code}: {meaning}"),
            (_, None) if is_silent => format!("`nvidia-smi` exited with status {exit_code} and no message"),
            (_, None) => format!("`nvidia-smi` exited with status {exit_code}"),
        }
    }

    /// What went wrong, as a clause.
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Self::Argument => "it refused an argument",
            Self::Unsupported => "the device does not support the operation",
            Self::Permission => "the device nodes are not readable",
            Self::NoDevices => "no GPU was found",
            Self::PowerCable => "the external power cable of a GPU is not attached",
            Self::DriverNotLoaded => "the driver is not loaded",
            Self::Timeout => "the driver did not answer in time",
            Self::Irq => "the interrupts of a GPU do not arrive",
            Self::LibraryMissing => "libnvidia-ml.so was not found",
            Self::FunctionMissing => "libnvidia-ml.so is older than nvidia-smi",
            Self::Inforom => "the infoROM of a GPU is corrupted",
            Self::GpuLost => "a GPU has fallen off the bus",
            Self::ResetRequired => "a GPU requires a reset",
            Self::OperatingSystem => "the operating system blocks access to the GPU",
            Self::VersionMismatch => "the versions of the driver and its library differ",
            Self::Memory => "the driver ran out of memory",
            Self::Loader => "nvidia-smi could not be loaded",
            Self::Signal | Self::Unknown => return None,
        })
    }

    /// What to do next, where that is known. Commands named here are those that an operator of this VM can run.
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Argument => "the driver is too old for this query: upgrade it",
            Self::Unsupported => "this GPU or its driver cannot answer this query",
            Self::Permission => {
                "allow this user to read /dev/nvidia*: add it to group `video`, or check DeviceAllow= of the unit"
            }
            Self::NoDevices => "check the index in the query, and that the host passes its GPUs through",
            Self::PowerCable => "check the power cables on the host",
            Self::DriverNotLoaded => {
                "the nvidia kernel module is not loaded: see `sek8s-status logs nvidia-persistenced`"
            }
            Self::Timeout => {
                "the driver may hang: see `sek8s-status logs nvidia-persistenced`; restart the VM if it persists"
            }
            Self::Irq => "restart the VM; if it persists, check the host",
            Self::LibraryMissing => {
                "install the driver libraries in the version of the kernel module, then run `ldconfig`: programs \
                 are started without LD_LIBRARY_PATH"
            }
            Self::FunctionMissing | Self::Loader => {
                "install nvidia-smi and the driver libraries in the same version, then run `ldconfig`: programs \
                 are started without LD_LIBRARY_PATH"
            }
            Self::Inforom => "the GPU still works but should be checked: see `sek8s-status gpu --detail`",
            Self::GpuLost => "restart the VM; if it happens again, check the host",
            Self::ResetRequired => "the GPU cannot be used before a reset: restart the VM",
            Self::OperatingSystem => {
                "check that no other driver or VM holds the GPU, and that the host passes it through; then restart the VM"
            }
            Self::VersionMismatch => "the driver was upgraded while the old one is loaded: restart the VM",
            Self::Memory => "free memory in the VM, or restart it",
            Self::Signal | Self::Unknown => return None,
        })
    }
}

impl Serialize for GpuReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_and_the_text_where_the_code_does_not() {
        fn case(exit_code: i32, text: &str, expected: GpuReason) {
            assert_eq!(GpuReason::of(exit_code, GpuReason::of_text(text)), expected, "{exit_code} {text}");
        }
        case(9, "GPU is lost", GpuReason::DriverNotLoaded);
        case(255, "Failed to initialize NVML: Driver/library version mismatch", GpuReason::VersionMismatch);
        case(255, "Unable to determine the device handle for GPU3: Unknown Error", GpuReason::Unknown);
        case(255, "Failed to initialize NVML: Insufficient Permissions", GpuReason::Permission);
        case(255, "Failed to initialize NVML: Timeout", GpuReason::Timeout);
        case(10, "", GpuReason::Timeout);
        case(11, "Failed to initialize NVML: Interrupt Request Issue", GpuReason::Irq);
        case(13, "Failed to initialize NVML: Function Not Found", GpuReason::FunctionMissing);
        case(255, "Failed to initialize NVML: GPU requires reset", GpuReason::ResetRequired);
        case(
            17,
            "Failed to initialize NVML: GPU access blocked by the operating system",
            GpuReason::OperatingSystem,
        );
        case(255, "Failed to initialize NVML: Insufficient Memory", GpuReason::Memory);
        case(255, "Failed to initialize NVML: Unknown Error", GpuReason::Unknown);
        case(127, "nvidia-smi: error while loading shared libraries: libc.so.6", GpuReason::Loader);
        case(
            255,
            "ERROR: Option --bogus is not recognized. Please run 'nvidia-smi -h'.",
            GpuReason::Argument,
        );
        case(1, "Mismatch in versions between nvidia-smi and NVML.", GpuReason::VersionMismatch);
        case(10, "Unable to determine the device handle: GPU is lost.", GpuReason::GpuLost);
        case(1, "No devices were found", GpuReason::NoDevices);
        case(255, "", GpuReason::Unknown);
    }
}
