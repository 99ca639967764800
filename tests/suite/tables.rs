//! What people see. The demo's answers never change, so neither do these.

use std::process::Command;

use crate::test::{BINARY, Test};

#[test]
fn tables_and_texts_are_as_expected() {
    for (name, arguments) in [
        ("services", "services"),
        ("status", "status --demo"),
        ("status_of_one", "status k3s --demo"),
        ("logs", "logs attestation-service -n 8 --demo"),
        ("gpu", "gpu --demo"),
        ("gpu_raw", "gpu --raw --demo"),
        ("overview", "overview --demo"),
        ("serve_check", "serve --check --max-age 1s --program-path /usr/bin --journal-path /run/log/journal"),
    ] {
        let ran = Test::new(arguments).any_stdout().stderr_holds("").status_of_any();
        insta::assert_snapshot!(name, ran.stdout());
    }
}

#[test]
fn privileges_shows_what_each_subcommand_needs() {
    let shown = Test::new("privileges --demo").any_stdout().asked_nothing().status(0).stdout();
    // Who runs it is another one on each machine.
    let (before, table) = shown.split_once("\n\n").unwrap();
    assert!(before.contains("\nRuns as ") && before.ends_with("\nCapabilities: none"), "{before}");
    insta::assert_snapshot!("privileges", table);
}

/// What the binary shows on a terminal of that many columns, colours and all.
fn on_a_terminal(columns: u16, arguments: &str) -> String {
    let command = format!("stty cols {columns} rows 50; exec {BINARY} {arguments}");
    let output =
        Command::new("script").args(["-qec", &command, "/dev/null"]).env("TERM", "xterm").output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
}

fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[test]
fn tables_fit_80_columns_and_use_the_width_when_there_is_more() {
    for arguments in ["services", "status --demo", "gpu --demo", "overview --demo", "privileges --demo"] {
        let narrow = plain(&on_a_terminal(80, arguments));
        for line in narrow.lines() {
            assert!(line.chars().count() <= 80, "{arguments}: {line:?}");
        }
        let wide = plain(&on_a_terminal(200, arguments));
        assert!(wide.lines().count() <= narrow.lines().count(), "{arguments}");
    }
    assert!(
        plain(&on_a_terminal(200, "services")).contains("disable ib_umad when no Mellanox devices present\n")
    );
    assert!(plain(&on_a_terminal(200, "gpu --demo")).contains("UUID"));
}

#[test]
fn the_long_tables_do_not_wrap_at_80_columns() {
    for (arguments, rows) in [("status --demo", 7), ("gpu --demo", 8), ("overview --demo", 8)] {
        let shown = plain(&on_a_terminal(80, arguments));
        let header = shown.lines().position(|line| line.contains("HEALTH") || line.contains("TEMP")).unwrap();
        let table = shown
            .lines()
            .skip(header + 1)
            .take_while(|line| !line.is_empty() && !line.contains(", driver"))
            .count();
        assert_eq!(table, rows, "{shown}");
    }
}

#[test]
fn colours_are_for_terminals_and_words_say_the_same() {
    let has_colours = |text: &str| text.contains("\u{1b}[");
    assert!(has_colours(&on_a_terminal(80, "overview --demo")));
    assert!(!has_colours(&on_a_terminal(80, "overview --demo --color never")));
    assert!(!has_colours(&on_a_terminal(80, "overview --demo | cat")));
    let ran = |test: Test| has_colours(&test.any_stdout().status(1).stdout());
    assert!(!ran(Test::new("overview --demo")));
    assert!(ran(Test::new("overview --demo --color always")));
    assert!(ran(Test::new("overview --demo --color always").environment("NO_COLOR", "1")));
    let with = |variable: &str| {
        let command = format!("export {variable}; exec {BINARY} overview --demo");
        let output = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!has_colours(&with("NO_COLOR=1")));
    assert!(!has_colours(&with("TERM=dumb")));
    assert!(has_colours(&with("NO_COLOR=")));
    let shown = plain(&on_a_terminal(80, "overview --demo"));
    assert!(shown.contains("FAILED") && shown.contains("DEGRADED"));
}

#[test]
fn watching_draws_over_itself_and_leaves_the_terminal_as_it_was() {
    // The watched binary is the terminal's foreground process, so timeout's SIGINT is Ctrl-C's.
    let command = format!(
        "stty cols 80 rows 50; timeout -s INT 1 {BINARY} overview --demo --watch 100ms; echo code $?"
    );
    let output =
        Command::new("script").args(["-qec", &command, "/dev/null"]).env("TERM", "xterm").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let (entered, left) = ("\u{1b}[?1049h\u{1b}[?25l", "\u{1b}[?25h\u{1b}[?1049l");
    assert_eq!((shown.matches(entered).count(), shown.matches(left).count()), (1, 1));
    assert!(shown.matches("\u{1b}[H").count() >= 3, "several pictures");
    assert!(!shown.contains("\u{1b}[2J"), "never blank");
    assert!(shown.find(left).unwrap() > shown.rfind("Ctrl-C to quit").unwrap());
    assert!(shown.trim_end().ends_with("code 124"), "timeout's own code: {}", &shown[shown.len() - 40..]);
}
