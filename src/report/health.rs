//! When a unit counts as healthy.

use super::UnitStatus;
use crate::service::Service;

/// The service without which no GPU registers with a fabric.
pub(super) const FABRIC_MANAGER: &str = "nvidia-fabricmanager";

/// The verdict on one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// Loaded, active and, if it has run to its end, with success.
    Healthy,
    /// Masked, and the operator said that this is how it should be.
    MaskedOk,
    /// Anything else.
    Unhealthy,
}

/// The rule: the services that may be masked, and what is expected of the GPUs.
#[derive(Debug, Clone, Default)]
pub(crate) struct HealthRule {
    masked_ok: Vec<&'static Service>,
    /// How many GPUs there should be, if the operator said so.
    pub gpus: Option<usize>,
    /// What a GPU with a fault does to the verdict.
    pub gpu_faults: GpuFaults,
}

/// What a GPU with a fault does to the verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GpuFaults {
    #[default]
    Degrade,
    Warn,
}

impl HealthRule {
    /// These services may be masked, as `nvidia-fabricmanager` is on hosts without NVSwitch.
    pub(crate) fn new(masked_ok: Vec<&'static Service>) -> Self {
        Self { masked_ok, ..Self::default() }
    }

    /// So many GPUs are expected, if the operator said so, and this is what a fault of one does.
    pub(crate) fn with_gpus(self, gpus: Option<usize>, gpu_faults: GpuFaults) -> Self {
        Self { gpus, gpu_faults, ..self }
    }

    /// Whether the operator allows that this service is masked.
    pub(crate) fn may_be_masked(&self, service: &'static Service) -> bool {
        self.masked_ok.contains(&service)
    }

    /// Judges what systemd says of a unit.
    pub(crate) fn judge(&self, service: &Service, status: &UnitStatus) -> Health {
        let is_loaded = status.load_state.as_deref() == Some("loaded");
        let is_active = status.active_state.as_deref() == Some("active");
        let has_exited = status.sub_state.as_deref() == Some("exited");
        if is_loaded && is_active && (!has_exited || status.exit_status.as_deref() == Some("0")) {
            Health::Healthy
        } else if status.load_state.as_deref() == Some("masked") && self.masked_ok.contains(&service) {
            Health::MaskedOk
        } else {
            Health::Unhealthy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service;

    #[test]
    fn healthy_is_loaded_and_active_and_not_exited_with_a_failure() {
        fn case(load: &str, active: &str, sub: &str, exit_status: &str, expected: Health) {
            let text = |text: &str| Some(text.to_owned());
            let status = UnitStatus {
                load_state: text(load),
                active_state: text(active),
                sub_state: text(sub),
                exit_status: text(exit_status),
                ..UnitStatus::default()
            };
            let rule = HealthRule::new(vec![&service::all()[5]]);
            assert_eq!(
                rule.judge(&service::all()[5], &status),
                expected,
                "{load} {active} {sub} {exit_status}"
            );
        }
        case("loaded", "active", "running", "0", Health::Healthy);
        case("loaded", "active", "running", "1", Health::Healthy);
        case("loaded", "active", "exited", "0", Health::Healthy);
        case("loaded", "active", "exited", "1", Health::Unhealthy);
        case("loaded", "reloading", "reload", "0", Health::Unhealthy);
        case("loaded", "activating", "auto-restart", "1", Health::Unhealthy);
        case("loaded", "failed", "failed", "3", Health::Unhealthy);
        case("loaded", "inactive", "dead", "0", Health::Unhealthy);
        case("not-found", "inactive", "dead", "0", Health::Unhealthy);
        case("not-found", "active", "running", "0", Health::Unhealthy);
        case("masked", "inactive", "dead", "0", Health::MaskedOk);
        let masked = UnitStatus { load_state: Some("masked".to_owned()), ..UnitStatus::default() };
        assert_eq!(HealthRule::default().judge(&service::all()[5], &masked), Health::Unhealthy);
        assert_eq!(
            HealthRule::default().judge(&service::all()[5], &UnitStatus::default()),
            Health::Unhealthy
        );
    }
}
