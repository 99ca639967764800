//! What each document says.

mod gpus;
mod logs;
mod overview;
mod units;

pub const IDS: [&str; 7] = [
    "admission-controller",
    "system-manager",
    "attestation-service",
    "k3s",
    "nvidia-persistenced",
    "nvidia-fabricmanager",
    "infiniband-config",
];
