//! The allowlist: the seven systemd units that this tool can read.

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// One systemd unit of the allowlist.
///
/// Only [`find`] and [`all`] return these, so every `Service` is a unit of the allowlist.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Service {
    id: &'static str,
    unit: &'static str,
    description: &'static str,
}

impl Service {
    /// The name clients use, such as `k3s`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The systemd unit, such as `k3s.service`.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// One line for people.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut service = serializer.serialize_struct("Service", 3)?;
        service.serialize_field("id", self.id)?;
        service.serialize_field("unit", self.unit)?;
        service.serialize_field("description", self.description)?;
        service.end()
    }
}

// What a unit logs leaves the VM, so this list is a confidentiality boundary: it is compiled in.
static ALLOWLIST: [Service; 7] = [
    Service {
        id: "admission-controller",
        unit: "admission-controller.service",
        description: "sek8s admission controller",
    },
    Service {
        id: "system-manager",
        unit: "system-manager.service",
        description: "sek8s system manager (status + cache)",
    },
    Service {
        id: "attestation-service",
        unit: "attestation-service.service",
        description: "TDX/nvtrust attestation service",
    },
    Service { id: "k3s", unit: "k3s.service", description: "Lightweight Kubernetes control plane" },
    Service {
        id: "nvidia-persistenced",
        unit: "nvidia-persistenced.service",
        description: "NVIDIA persistence daemon",
    },
    Service {
        id: "nvidia-fabricmanager",
        unit: "nvidia-fabricmanager.service",
        description: "NVIDIA fabric manager",
    },
    Service {
        id: "infiniband-config",
        unit: "infiniband-config.service",
        description: "Configure InfiniBand: mask services and disable ib_umad when no Mellanox devices present",
    },
];

/// Every listed service, in the order used everywhere.
pub fn all() -> &'static [Service; 7] {
    &ALLOWLIST
}

/// The service with exactly this id; `None` for anything else, `k3s.service` and `K3S` included.
pub fn find(id: &str) -> Option<&'static Service> {
    ALLOWLIST.iter().find(|service| service.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_matched_exactly_or_not_at_all() {
        assert_eq!(find("k3s").map(Service::unit), Some("k3s.service"));
        for id in ["", "K3S", "k3s.service", "k3s\0", "../k3s", "k3*", " k3s", "k3s ", "sshd"] {
            assert_eq!(find(id), None, "{id:?}");
        }
    }

    #[test]
    fn every_unit_is_its_id_and_the_service_suffix() {
        for service in all() {
            assert_eq!(format!("{}.service", service.id()), service.unit());
        }
    }
}
