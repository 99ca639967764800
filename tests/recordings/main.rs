//! Real recordings through the real binary, where there are any: each is what a stub program prints.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "tests run programs")]
#![expect(unreachable_pub, reason = "nothing is outside of a test binary")]
#![expect(clippy::print_stderr, reason = "what a test saw is shown when it fails")]

mod gpu_health;
mod journalctl;
mod manifest;
mod mutations;
mod nvidia_smi;
mod redaction;
#[expect(dead_code, reason = "shared with the suite, which needs more of it")]
#[path = "../suite/stub.rs"]
mod stub;
mod systemctl;
#[expect(dead_code, reason = "shared with the suite, which needs more of it")]
#[path = "../suite/test.rs"]
mod test;

use std::{
    env,
    path::{Path, PathBuf},
};

use libtest_mimic::{Arguments, Trial};

use crate::manifest::{Recording, recordings};

/// The folder of recordings, if there is one.
fn folder() -> Option<PathBuf> {
    let named = env::var_os("SEK8S_RECORDINGS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    folder.is_dir().then_some(folder)
}

fn trials(folder: &Path, program: &str, check: fn(&Recording)) -> Vec<Trial> {
    let trial = |recording: Recording| {
        let name = format!("{program}/{}", recording.file);
        Trial::test(name, move || {
            check(&recording);
            Ok(())
        })
    };
    recordings(&folder.join(program)).into_iter().map(trial).collect()
}

fn main() {
    let arguments = Arguments::from_args();
    let Some(folder) = folder() else {
        eprintln!("the recordings are left out: there is no folder of them; SEK8S_RECORDINGS names one");
        let none = Trial::test("recordings", || Ok(())).with_ignored_flag(true);
        libtest_mimic::run(&arguments, vec![none]).exit();
    };
    let mut every = trials(&folder, "journalctl", journalctl::check);
    every.push(redaction::trial(&folder));
    every.push(gpu_health::trial(recordings(&folder.join("nvidia-smi"))));
    every.push(mutations::trial(recordings(&folder.join("nvidia-smi"))));
    every.extend(trials(&folder, "nvidia-smi", nvidia_smi::check));
    every.extend(trials(&folder, "systemctl", systemctl::check));
    libtest_mimic::run(&arguments, every).exit();
}
