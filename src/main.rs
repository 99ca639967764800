//! Hands the real machine to [`sek8s_status::run`] and returns its code.

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    ExitCode::from(sek8s_status::run(env::args_os(), &|name| env::var_os(name)))
}
