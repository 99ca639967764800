//! What can be found, and what helps. docs/health.md has the sources.

use serde::{Serialize, Serializer};

/// What is wrong with a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    GpuLost,
    ResetRequired,
    GpuUnreadable,
    NoDevices,
    GpusMissing,
    EccUncorrected,
    Inforom,
    CellUnreadable,
    PersistenceOff,
    PendingChange,
    GpusFewer,
    Unknown,
}

impl Code {
    /// The code that scripts match on.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GpuLost => "gpu_lost",
            Self::ResetRequired => "reset_required",
            Self::GpuUnreadable => "gpu_unreadable",
            Self::NoDevices => "no_devices",
            Self::GpusMissing => "gpus_missing",
            Self::EccUncorrected => "ecc_uncorrected",
            Self::Inforom => "inforom",
            Self::CellUnreadable => "cell_unreadable",
            Self::PersistenceOff => "persistence_off",
            Self::PendingChange => "pending_change",
            Self::GpusFewer => "gpus_fewer",
            Self::Unknown => "gpu_health_unknown",
        }
    }

    /// Whether it is about the whole answer and no single GPU.
    pub(crate) fn is_about_all(self) -> bool {
        matches!(self, Self::NoDevices | Self::GpusMissing | Self::GpusFewer | Self::Unknown)
    }

    /// What it means, as far as it does not depend on numbers.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::GpuLost => "has fallen off the bus",
            Self::ResetRequired => "requires a reset",
            Self::GpuUnreadable => "cannot be read",
            Self::NoDevices | Self::GpusMissing | Self::GpusFewer => "is missing",
            Self::EccUncorrected => "has uncorrected ECC errors",
            Self::Inforom => "its infoROM is corrupted",
            Self::CellUnreadable => "a reading failed or is impossible",
            Self::PersistenceOff => "persistence mode is off",
            Self::PendingChange => "a change of its mode waits for a reset",
            Self::Unknown => "the answer of nvidia-smi could not be judged",
        }
    }

    /// What to do in a VM without a shell.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::GpuLost => "restart the VM; if it happens again, check the host",
            Self::ResetRequired => "restart the VM",
            Self::GpuUnreadable => "restart the VM; look for an Xid in the host's log",
            Self::NoDevices | Self::GpusMissing | Self::GpusFewer => {
                "check that the host passes its GPUs through, and `sek8s-status privileges`"
            }
            Self::EccUncorrected => "restart the VM; if the count grows again, replace the GPU",
            Self::Inforom => "the GPU still works: check it with `sek8s-status gpu --detail`",
            Self::CellUnreadable => "look again later, and at `sek8s-status gpu --detail`",
            Self::PersistenceOff => "start nvidia-persistenced",
            Self::PendingChange => "restart the VM when convenient",
            Self::Unknown => "see `sek8s-status gpu --raw`",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
