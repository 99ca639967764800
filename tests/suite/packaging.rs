//! What is packaged says what the binary does.

use serde_json::Value;

use crate::test::Test;

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
    let readme = include_str!("../../README.md");
    let (_, table) = readme.split_once("| flag | environment | default | range |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let variables = row.split('|').nth(2).unwrap();
        for name in variables.split('`').skip(1).step_by(2) {
            assert!(settings.iter().any(|(set, _)| *set == name), "{name} is not in the environment file");
            count += 1;
        }
    }
    assert_eq!(count, settings.len(), "the README's table has them all");
    for line in ENVIRONMENT.lines() {
        assert!(line.is_empty() || line.starts_with('#'), "in force as it is packaged: {line}");
    }
}
