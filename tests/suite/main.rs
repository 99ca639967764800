//! Runs the real binary with stub programs in its `--program-path`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "tests run programs")]
#![expect(unreachable_pub, reason = "nothing is outside of a test binary")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a test saw is shown when it fails")]

mod access_log;
mod answer;
mod answers;
mod authentication;
mod bad_input;
mod causes;
mod checks;
mod clients;
mod commands;
mod connection;
mod crowds;
mod demo;
mod described;
mod eight_gpus;
mod language;
mod messages;
mod notify;
mod openapi;
mod packaging;
mod passed_sockets;
mod pki;
mod programs;
mod readme;
mod recording;
mod rendered;
mod screens;
mod secrets;
mod serve;
mod server;
mod signals;
mod smuggling;
mod strangers;
mod structure;
mod stub;
mod tables;
mod test;
