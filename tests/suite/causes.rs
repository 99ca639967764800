//! What went wrong is told, and nothing that was read is thrown away.

mod gpu_health;
mod gpus;
mod journal;
mod last_log;
mod units;
