//! The man pages and the completions: as the command line is now, and working in the real programs.

#[path = "render.rs"]
mod render;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// With `UPDATE_EXAMPLES`, writes them first.
#[test]
fn what_is_rendered_is_not_stale() {
    const RENEW: &str = "run `UPDATE_EXAMPLES=1 cargo test --test suite rendered`";
    let is_renewed = std::env::var_os("UPDATE_EXAMPLES").is_some();
    let expected: BTreeMap<_, _> =
        render::files().into_iter().map(|(name, content)| (root().join(name), content)).collect();
    for folder in ["man", "completions"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if is_renewed && !expected.contains_key(&path) {
                fs::remove_file(&path).unwrap();
            }
            assert!(is_renewed || expected.contains_key(&path), "{} is left over: {RENEW}", path.display());
        }
    }
    for (path, content) in expected {
        if is_renewed {
            fs::write(&path, &content).unwrap();
        }
        assert!(fs::read(&path).unwrap_or_default() == content, "{} is stale: {RENEW}", path.display());
    }
}

/// Runs a shell's own words; `None`, said aloud, where there is no such shell.
fn shell(name: &str, arguments: &[&str]) -> Option<String> {
    let completions = root().join("completions");
    // A shell that waits for what never comes must not keep the tests.
    let output = Command::new("timeout")
        .args(["60", name])
        .args(arguments)
        .current_dir(completions)
        .env("TERM", "dumb")
        .output()
        .unwrap();
    if output.status.code() == Some(127) {
        assert!(std::env::var_os("CI").is_none(), "CI has {name}");
        eprintln!("left out: there is no {name} here");
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_completes_a_service_id() {
    let script = "source ./sek8s-status.bash
        COMP_WORDS=(sek8s-status logs nvidia-f) COMP_CWORD=2
        _sek8s__status sek8s-status nvidia-f logs
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    if let Some(completed) = shell("bash", &["--norc", "-c", script]) {
        assert_eq!(completed, "nvidia-fabricmanager\n");
    }
}

#[test]
fn fish_completes_a_service_id() {
    let script = "source ./sek8s-status.fish; complete --do-complete 'sek8s-status status nvidia-f'";
    if let Some(completed) = shell("fish", &["--no-config", "-c", script]) {
        assert_eq!(completed.trim(), "nvidia-fabricmanager");
    }
}

#[test]
fn zsh_completes_a_service_id() {
    // zsh completes only at a prompt, so it gets a terminal of its own.
    let script = "zmodload zsh/zpty || exit 1
        zpty shell 'zsh -f'
        zpty -w shell \"PS1=; fpath=($PWD \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; print READY\"
        zpty -r shell line '*READY*READY*'
        zpty -w -n shell 'sek8s-status logs nvidia-f'$'\\t'
        zpty -r -m shell line '*nvidia-fabricmanager*' && print completed
        zpty -d shell";
    if let Some(completed) = shell("zsh", &["-f", "-c", script]) {
        assert!(completed.contains("completed"), "{completed}");
    }
}

#[test]
fn the_man_pages_open_with_man() {
    for entry in fs::read_dir(root().join("man")).unwrap() {
        let page = entry.unwrap().path();
        let Some(text) = man(&page) else { return };
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(text.contains(section), "{} lacks {section}: {text}", page.display());
        }
    }
}

fn man(page: &Path) -> Option<String> {
    shell("man", &["--warnings", "-l", page.to_str().unwrap()])
}
