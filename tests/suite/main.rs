//! Runs the real binary with stub programs in its `--program-path`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod access_log;
mod answers;
mod authentication;
mod bad_input;
mod causes;
mod commands;
mod demo;
mod gate;
mod messages;
mod packaging;
mod passed_sockets;
mod pki;
mod programs;
mod readme;
mod rendered;
mod serve;
mod server;
mod signals;
mod structure;
mod stub;
mod tables;
mod test;
