//! Runs the real binary with stub programs in its `--program-path`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod answers;
mod authentication;
mod bad_input;
mod commands;
mod crowds;
mod demo;
mod gate;
mod packaging;
mod pki;
mod programs;
mod readme;
mod rendered;
mod serve;
mod server;
mod structure;
mod stub;
mod tables;
mod test;
