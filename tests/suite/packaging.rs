//! What is packaged says what the binary does.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    readme::{code, rows},
    test::Test,
};

const ENVIRONMENT: &str = include_str!("../../packaging/systemd/sek8s-status.env");

/// Name and value of each setting that is there to be uncommented.
fn settings() -> Vec<(&'static str, &'static str)> {
    let commented = ENVIRONMENT.lines().filter_map(|line| line.strip_prefix('#'));
    commented
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| {
            name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
        .collect()
}

fn check(environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut test = Test::new("serve --check --json");
    for folder in ["PROGRAM_PATH", "JOURNAL_PATH", "MAX_AGE"] {
        test = test.environment(folder, "");
    }
    for (name, value) in environment {
        test = test.environment(name, value);
    }
    let checked = test.any_stdout().status(0).json();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    checked["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| (word(&setting["name"]), word(&setting["value"])))
        .collect()
}

#[test]
fn the_environment_file_has_every_setting_with_its_default() {
    let settings = settings();
    assert_eq!(check(&settings), check(&[]), "what is commented out is the default");
    let mut count = 0;
    for row in rows("docs/settings.md", "| flag | environment | default | allowed |") {
        for name in code(&row[1]) {
            assert!(settings.iter().any(|(set, _)| *set == name), "{name} is not in the environment file");
            count += 1;
        }
    }
    assert_eq!(count, settings.len(), "docs/settings.md has them all");
    for line in ENVIRONMENT.lines() {
        assert!(line.is_empty() || line.starts_with('#'), "in force as it is packaged: {line}");
    }
}

#[test]
fn the_role_knows_every_setting_and_no_other() {
    let specs = "packaging/ansible/roles/sek8s_status/meta/argument_specs.yml";
    let specs = fs::read_to_string(root().join(specs)).unwrap();
    let (_, options) = specs.split_once("sek8s_status_settings:").unwrap();
    let names = options.lines().filter_map(|line| line.trim().strip_suffix(':'));
    let is_setting =
        |name: &&str| name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
    let mut known: Vec<_> = names.filter(is_setting).collect();
    let mut settings: Vec<_> = settings().into_iter().map(|(name, _)| name).collect();
    known.sort_unstable();
    settings.sort_unstable();
    assert_eq!(known, settings);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_documentation_names_the_artefacts_of_this_version() {
    let mut count = 0;
    for file in ["README.md", "docs/operating.md", "docs/container.md", "packaging/ansible/README.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for name in ["sek8s-status-", "sek8s-status_", "sek8s-status:"] {
            for (_, after) in text.match_indices(name).map(|(place, _)| text[place..].split_at(name.len())) {
                if after.starts_with(|first: char| first.is_ascii_digit()) {
                    assert!(
                        after.starts_with(env!("CARGO_PKG_VERSION")),
                        "{file}: {name}{}",
                        after.split(' ').next().unwrap()
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count > 8, "{count}");
}

#[test]
fn the_licences_that_are_allowed_are_those_that_are_written_out() {
    let list = |file: &str, name: &str| {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(list("deny.toml", "allow "), list("about.toml", "accepted "));
}
