//! Tools that others read the description with. `SEK8S_OPENAPI` names a folder with their programs.

use std::{env, path::PathBuf, process::Command};

use super::servers;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

/// A program of the folder, if there is one.
fn tool(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("SEK8S_OPENAPI").unwrap_or_default());
    [folder.join("bin").join(name), folder.join("node_modules/.bin").join(name)]
        .into_iter()
        .find(|path| path.exists())
        .or_else(|| {
            eprintln!("left out: SEK8S_OPENAPI has no {name}");
            None
        })
}

#[track_caller]
fn is_content(command: &mut Command) {
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn validators_have_nothing_to_say() {
    if let Some(program) = tool("openapi-spec-validator") {
        is_content(Command::new(program).arg(DOCUMENT));
    }
    if let Some(program) = tool("redocly") {
        is_content(Command::new(program).args(["lint", "--max-problems=1000", DOCUMENT]).env("CI", "true"));
    }
}

/// All its checks. One is left out where a program fails on purpose: that there is no answer of 500 and above.
#[test]
fn schemathesis_finds_nothing() {
    let Some(program) = tool("st") else { return };
    for (server, fails) in servers() {
        let mut command = Command::new(&program);
        command
            .args(["run", DOCUMENT, "--url", server.name(), "--checks=all", "--max-examples=15"])
            .args(["--no-color", "--seed=1"])
            .current_dir(server.programs().path());
        if fails {
            command.arg("--exclude-checks=not_a_server_error");
        }
        is_content(&mut command);
    }
}
