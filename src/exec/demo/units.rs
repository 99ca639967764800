//! The recorded answer of `systemctl show`.

use crate::service::Service;

/// All seven units, in the order of the allowlist.
const SHOW: &str = include_str!("recordings/show.txt");

/// The blocks of these units, in this order.
pub(super) fn show(services: &[&'static Service]) -> String {
    let blocks: Vec<&str> = services.iter().filter_map(|service| block(service.unit())).collect();
    format!("{}\n", blocks.join("\n\n"))
}

fn block(unit: &str) -> Option<&'static str> {
    SHOW.trim_end()
        .split("\n\n")
        .find(|block| block.lines().any(|line| line.strip_prefix("Id=") == Some(unit)))
}
