//! The house: which way imports run, and what stays out of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The code of a file, without its own tests and without comments.
pub fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The top-level modules that a file names by `crate::`, in any of the forms that rustfmt leaves.
fn imports(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for after in code.split("crate::").skip(1) {
        let word =
            |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(list) = after.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (place, character) in list.char_indices() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if start && !c.is_whitespace() => {
                        modules.push(word(&list[place..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            modules.push(word(after));
        }
    }
    modules
}

#[test]
fn imports_run_one_way() {
    // What each room must not know. `main → lib → cmd, http → report → exec → system`; the files beside the
    // rooms are known to all, and know of them only what is said here.
    let forbidden: &[(&str, &[&str])] = &[
        ("system/", &["exec", "report", "cmd", "http", "cli", "settings", "limits", "service"]),
        ("program.rs", &["system", "exec", "report", "cmd", "http", "cli", "settings", "limits", "error"]),
        ("exec/", &["report", "cmd", "http", "cli", "settings"]),
        ("report/", &["cmd", "http", "cli", "settings"]),
        ("http/", &["cmd", "cli"]),
        ("auth/", &["exec", "report", "cmd", "http", "cli", "settings", "limits", "error"]),
        ("service.rs", &["exec", "report", "cmd", "http", "cli", "settings", "limits", "error"]),
        ("limits.rs", &["exec", "report", "cmd", "http", "cli", "settings", "error"]),
        ("error.rs", &["system", "exec", "report", "cmd", "http", "cli", "settings"]),
        ("escape.rs", &["exec", "report", "cmd", "http", "cli", "settings", "limits", "error"]),
        ("cli.rs", &["exec", "report", "cmd", "http", "settings", "limits", "error"]),
        ("settings/", &["cmd", "http"]),
        ("stderr_log.rs", &["exec", "report", "cmd", "http", "cli"]),
    ];
    let source = root().join("src");
    let mut rooms = 0;
    for path in sources(&source) {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let imports = imports(&code(&path));
        for (room, not) in forbidden.iter().filter(|(room, _)| name.starts_with(room)) {
            rooms += 1;
            for module in &imports {
                assert!(!not.contains(&module.as_str()), "src/{name} belongs to {room} and imports {module}");
            }
        }
        // Only serve starts the server, and only lib knows the subcommands.
        if name.starts_with("cmd/") && name != "cmd/serve.rs" {
            assert!(!imports.contains(&"http".to_owned()), "src/{name} imports http");
        }
    }
    assert!(rooms > 30, "{rooms}");
}

#[test]
fn only_one_file_starts_processes_and_only_one_is_unsafe() {
    let source = root().join("src");
    for path in sources(&source) {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        let code = code(&path);
        if name != "exec/host.rs" {
            assert!(
                !code.contains("Command::new") && !code.contains("process::Command"),
                "src/{name} starts a process"
            );
        }
        // Nor may it be allowed anywhere else; every block has its reason above it.
        if name == "system/privilege/secure.rs" {
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches("unsafe {").count(), text.matches("// SAFETY: ").count(), "src/{name}");
        } else {
            assert!(!code.contains("unsafe"), "src/{name} is unsafe");
        }
        for loud in ["println!", "print!(", "eprintln!", "dbg!", "todo!", "unimplemented!"] {
            assert!(!code.contains(loud), "src/{name} uses {loud}");
        }
    }
}

#[test]
fn the_check_of_imports_sees_every_form() {
    assert_eq!(imports("use crate::exec::Program;"), ["exec"]);
    assert_eq!(
        imports("use crate::{\n    error::Error,\n    exec::{Deadline, Head},\n    service,\n};"),
        ["error", "exec", "service"]
    );
    assert_eq!(imports("crate::cmd::run(); fn f(x: crate::http::X) {}"), ["cmd", "http"]);
}
