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
    RecoveryAction,
    EccUncorrected,
    RowRemapFailure,
    Fabric,
    RowRemapPending,
    RetiredPagesPending,
    DrainP2p,
    Inforom,
    CellUnreadable,
    HwThermalSlowdown,
    HwPowerBrake,
    PersistenceOff,
    PendingChange,
    PcieWidth,
    FabricInProgress,
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
            Self::RecoveryAction => "recovery_action",
            Self::EccUncorrected => "ecc_uncorrected",
            Self::RowRemapFailure => "row_remap_failure",
            Self::Fabric => "fabric",
            Self::RowRemapPending => "row_remap_pending",
            Self::RetiredPagesPending => "retired_pages_pending",
            Self::DrainP2p => "drain_p2p",
            Self::Inforom => "inforom",
            Self::CellUnreadable => "cell_unreadable",
            Self::HwThermalSlowdown => "hw_thermal_slowdown",
            Self::HwPowerBrake => "hw_power_brake",
            Self::PersistenceOff => "persistence_off",
            Self::PendingChange => "pending_change",
            Self::PcieWidth => "pcie_width",
            Self::FabricInProgress => "fabric_in_progress",
            Self::GpusFewer => "gpus_fewer",
            Self::Unknown => "gpu_health_unknown",
        }
    }

    /// Whether it is about the whole answer and no single GPU.
    pub(crate) fn is_about_all(self) -> bool {
        matches!(self, Self::NoDevices | Self::GpusMissing | Self::GpusFewer | Self::Unknown)
    }

    /// Whether nothing of the GPU can be used or read.
    pub(super) fn is_about_whole_gpu(self) -> bool {
        matches!(self, Self::GpuLost | Self::ResetRequired | Self::GpuUnreadable)
    }

    /// Whether it is about the registration with NVSwitches, which a VM without any never completes.
    pub(crate) fn is_about_fabric(self) -> bool {
        matches!(self, Self::Fabric | Self::FabricInProgress)
    }

    /// What it means, as far as it does not depend on numbers.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::GpuLost => "has fallen off the bus",
            Self::ResetRequired => "requires a reset",
            Self::GpuUnreadable => "cannot be read",
            Self::NoDevices | Self::GpusMissing | Self::GpusFewer => "is missing",
            Self::RecoveryAction => "the driver asks for recovery",
            Self::EccUncorrected => "has uncorrected ECC errors",
            Self::RowRemapFailure => "row remapping has failed",
            Self::Fabric => "is not registered with the NVSwitch fabric",
            Self::RowRemapPending => "row remapping is pending",
            Self::RetiredPagesPending => "page retirement is pending",
            Self::DrainP2p => "the driver asks to drain its peer-to-peer traffic",
            Self::Inforom => "its infoROM is corrupted",
            Self::CellUnreadable => "a reading failed or is impossible",
            Self::HwThermalSlowdown => "is throttled by its hardware because it is hot",
            Self::HwPowerBrake => "is throttled by the power brake of the host",
            Self::PersistenceOff => "persistence mode is off",
            Self::PendingChange => "a change of its mode waits for a reset",
            Self::PcieWidth => "uses fewer PCIe lanes than it has",
            Self::FabricInProgress => "is still registering with the NVSwitch fabric",
            Self::Unknown => "the answer of nvidia-smi could not be judged",
        }
    }

    /// What to do in a VM without a shell.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::GpuLost => "restart the VM; if it happens again, check the host",
            Self::ResetRequired | Self::RecoveryAction => "restart the VM",
            Self::GpuUnreadable => "restart the VM; look for an Xid in the host's log",
            Self::NoDevices | Self::GpusMissing | Self::GpusFewer => {
                "check that the host passes its GPUs through, and `sek8s-status privileges`"
            }
            Self::EccUncorrected => "restart the VM; if the count grows again, replace the GPU",
            Self::RowRemapFailure => "replace the GPU",
            Self::Fabric => "see `sek8s-status logs nvidia-fabricmanager`; then restart the VM",
            Self::DrainP2p => "let its jobs finish, then restart the VM",
            Self::Inforom => "the GPU still works: check it with `sek8s-status gpu --detail`",
            Self::CellUnreadable => "look again later, and at `sek8s-status gpu --detail`",
            Self::PersistenceOff => "start nvidia-persistenced",
            Self::HwThermalSlowdown => "check the cooling of the host",
            Self::HwPowerBrake => "check the power supply of the host",
            Self::PendingChange | Self::RowRemapPending | Self::RetiredPagesPending => {
                "restart the VM when convenient"
            }
            Self::PcieWidth => "restart the VM; if it persists, check the slot on the host",
            Self::FabricInProgress => "wait; if it lasts, see `sek8s-status logs nvidia-fabricmanager`",
            Self::Unknown => "see `sek8s-status gpu --raw`",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
