//! The units, under the names of systemd_exporter.

use super::families::Families;
use crate::report::{status::ServiceStatus, unit::UnitStatus};

/// The states that systemd_exporter knows, and all that a unit of ours can have but for short moments.
const STATES: [&str; 5] = ["active", "activating", "deactivating", "inactive", "failed"];

/// A unit with what systemd says of it.
type Known<'a> = (&'static str, &'a UnitStatus);

pub(super) fn add(families: &mut Families, services: &[ServiceStatus]) {
    let known: Vec<Known<'_>> = services
        .iter()
        .filter_map(|service| Some((service.service.unit(), service.status.as_ref()?)))
        .collect();
    let states = known.iter().flat_map(|(unit, status)| {
        let state = status.active_state.as_deref();
        STATES.map(|of| (vec![("name", *unit), ("state", of), ("type", "service")], truth(state == Some(of))))
    });
    families.gauge("systemd_unit_state", "Systemd unit: 1 for the state it is in.", states);
    let started = known.iter().map(|(unit, status)| {
        let since = status.active_since.as_deref().and_then(|since| since.parse::<jiff::Timestamp>().ok());
        (vec![("name", *unit), ("type", "service")], since.map_or(0.0, super::seconds))
    });
    families.gauge(
        "systemd_unit_start_time_seconds",
        "When the unit became active, in seconds since 1970; 0 if it is not active.",
        started,
    );
    let restarts = known.iter().filter_map(|(unit, status)| {
        Some((vec![("name", *unit)], status.n_restarts.as_deref()?.parse::<f64>().ok()?))
    });
    families.counter(
        "systemd_service_restart_total",
        "Restarts by systemd since the unit was loaded.",
        restarts,
    );
    let healthy = services
        .iter()
        .filter(|service| service.error.is_none())
        .map(|service| (vec![("service", service.service.id())], truth(service.healthy)));
    families.gauge("sek8s_service_healthy", "1 if the service is healthy.", healthy);
}

pub(super) fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}
