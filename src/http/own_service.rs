//! Which listed service this server is part of, if any.

use std::fs;

use crate::service::{self, Service};

/// The service of the allowlist whose unit this process runs in: its journal contains our own log.
pub(super) fn own_service() -> Option<&'static Service> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    cgroups.lines().find_map(|line| {
        let unit = line.rsplit('/').next()?;
        service::all().iter().find(|service| service.unit() == unit)
    })
}
