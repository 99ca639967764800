//! Why nvidia-smi failed, from its exit code first and its text second.

use serde::{Serialize, Serializer};

/// Why a run of nvidia-smi ended with anything but 0 (nvidia-smi(1), "RETURN VALUE").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said by its code and its hint")]
pub enum GpuReason {
    Argument,
    Unsupported,
    Permission,
    NoDevices,
    PowerCable,
    DriverNotLoaded,
    LibraryMissing,
    Inforom,
    GpuLost,
    ResetRequired,
    VersionMismatch,
    Signal,
    Unknown,
}

impl GpuReason {
    /// The reason for an exit code other than 0; `text` is what was printed, on stdout or stderr.
    /// 128 + n is signal n.
    pub(super) fn of(exit_code: i32, text: &str) -> Self {
        match exit_code {
            2 => Self::Argument,
            3 => Self::Unsupported,
            4 => Self::Permission,
            6 => Self::NoDevices,
            8 => Self::PowerCable,
            9 => Self::DriverNotLoaded,
            12 => Self::LibraryMissing,
            14 => Self::Inforom,
            15 => Self::GpuLost,
            16 => Self::ResetRequired,
            18 => Self::VersionMismatch,
            // 255 is what older drivers give for any error they have no code for.
            _ => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        [
            ("version mismatch", Self::VersionMismatch),
            ("gpu is lost", Self::GpuLost),
            ("insufficient permissions", Self::Permission),
            ("no devices", Self::NoDevices),
        ]
        .into_iter()
        .find(|(words, _)| text.contains(words))
        .map_or(Self::Unknown, |(_, reason)| reason)
    }

    /// The code that scripts match on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Unsupported => "unsupported",
            Self::Permission => "permission",
            Self::NoDevices => "no_devices",
            Self::PowerCable => "power_cable",
            Self::DriverNotLoaded => "driver_not_loaded",
            Self::LibraryMissing => "library_missing",
            Self::Inforom => "inforom",
            Self::GpuLost => "gpu_lost",
            Self::ResetRequired => "reset_required",
            Self::VersionMismatch => "version_mismatch",
            Self::Signal => "signal",
            Self::Unknown => "unknown",
        }
    }

    /// What is wrong, as a clause.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Argument => "an argument was refused",
            Self::Unsupported => "the operation is not supported by the device",
            Self::Permission => "the device nodes may not be read",
            Self::NoDevices => "no GPU was found",
            Self::PowerCable => "a GPU's external power cable is not attached",
            Self::DriverNotLoaded => "the driver is not loaded",
            Self::LibraryMissing => "the library libnvidia-ml.so was not found",
            Self::Inforom => "a GPU's infoROM is corrupted",
            Self::GpuLost => "a GPU is lost",
            Self::ResetRequired => "a GPU needs a reset",
            Self::VersionMismatch => "the driver and its library differ in version",
            Self::Signal => "it was ended by a signal",
            Self::Unknown => "for a reason that it did not give",
        }
    }

    /// What to do next, where that is known.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Argument => "this driver is too old for what was asked; upgrade it",
            Self::Unsupported => "this GPU or its driver cannot answer this question",
            Self::Permission => {
                "let this user read /dev/nvidia*: add it to group `video`, or check the unit's DeviceAllow"
            }
            Self::NoDevices => {
                "check the index that was asked for, and that the host passes its GPUs through"
            }
            Self::PowerCable => "check the power cables of the host",
            Self::DriverNotLoaded => {
                "the nvidia kernel module is not loaded; see the log of nvidia-persistenced"
            }
            Self::LibraryMissing => "install the driver's libraries of the same version as its kernel module",
            Self::Inforom => "the GPU works on but should be looked at; see nvidia-smi -q",
            Self::GpuLost => {
                "the GPU has left the bus; restart the VM, and look at the host if it comes back"
            }
            Self::ResetRequired => "the GPU must be reset before it can be used; restart the VM",
            Self::VersionMismatch => "the driver was upgraded while the old one is loaded; restart the VM",
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
            assert_eq!(GpuReason::of(exit_code, text), expected, "{exit_code} {text}");
        }
        case(9, "GPU is lost", GpuReason::DriverNotLoaded);
        case(255, "Failed to initialize NVML: Driver/library version mismatch", GpuReason::VersionMismatch);
        case(255, "Unable to determine the device handle for GPU3: Unknown Error", GpuReason::Unknown);
        case(255, "Failed to initialize NVML: Insufficient Permissions", GpuReason::Permission);
        case(10, "Unable to determine the device handle: GPU is lost.", GpuReason::GpuLost);
        case(1, "No devices were found", GpuReason::NoDevices);
        case(255, "", GpuReason::Unknown);
    }
}
