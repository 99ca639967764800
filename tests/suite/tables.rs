//! What people see. The demo's answers never change, so neither do these.

use std::process::Command;

use crate::{
    server::Server,
    stub::{Stub, entry},
    test::{BINARY, Test},
};

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

#[test]
fn privileges_lists_every_subcommand() {
    let document = Test::new("privileges --demo --json").any_stdout().status(0).json();
    let subcommands = document["subcommands"].as_array().unwrap();
    let listed: Vec<_> = subcommands.iter().map(|one| one["subcommand"].as_str().unwrap()).collect();
    let command = sek8s_status::cli::command();
    assert_eq!(listed, command.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>());
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

#[test]
fn logs_of_a_priority_are_those_and_worse_and_bad_ones_are_refused() {
    let graves = Stub::prints(entry(2, 3, "broken") + &entry(1, 4, "careful"));
    for (given, asked) in [("err", "3"), ("3", "3"), ("emerg", "0"), ("debug", "7"), ("warning", "4")] {
        let test = Test::new(&format!("logs k3s --json -p {given}")).journalctl(&graves).any_stdout();
        let ran = test.asked_times(1).status(0);
        assert_eq!(ran.programs.asked()[0].last().unwrap(), &format!("--priority={asked}"), "{given}");
    }
    let follows = Test::new("logs k3s -f --priority err").journalctl(&graves).any_stdout();
    let ran = follows.stderr_holds("exited unexpectedly").status(2);
    assert!(ran.programs.asked()[0].contains(&"--priority=3".to_owned()));
    for bad in ["8", "error", "ERR", "-1", "3..4"] {
        let ran = Test::new("logs k3s --json --priority")
            .argument(bad)
            .any_stdout()
            .stderr_holds("`priority` must be a number from 0 to 7 or one of emerg")
            .asked_nothing()
            .status(2);
        assert_eq!(ran.json()["detail"]["parameter"], "priority", "{bad}");
    }
    let server = Server::start(Test::new("serve --listen 127.0.0.1:0").journalctl(&graves));
    assert_eq!(server.get("/services/k3s/logs?priority=err").status, 200);
    assert_eq!(server.programs().asked()[0].last().unwrap(), "--priority=3");
    for bad in ["priority=", "priority=8", "priority=Err", "priority=1&priority=1"] {
        let (status, detail) = server.get(&format!("/services/k3s/logs?{bad}")).error();
        assert_eq!((status, detail["parameter"].as_str()), (422, Some("priority")), "{bad}");
    }
}

#[test]
fn log_times_are_utc_unless_the_zone_of_the_machine_is_asked_for() {
    let shown = |arguments: &str, zone: &str| {
        Test::new(&format!("logs k3s {arguments}"))
            .environment("TZ", zone)
            .journalctl(&Stub::prints(entry(1, 6, "one")))
            .any_stdout()
            .status(0)
            .stdout()
    };
    assert_eq!(shown("", "Asia/Tokyo"), "times are UTC\nNov 22 01:14:52.508 k3s[42] one\n");
    // A zone that needs no data.
    assert_eq!(shown("--local", "JST-9"), "times are local time\nNov 22 10:14:52.508 k3s[42] one\n");
    assert_eq!(shown("--local", "UTC"), "times are UTC\nNov 22 01:14:52.508 k3s[42] one\n");
}

#[test]
fn the_state_of_one_service_stands_although_its_log_may_not_be_read() {
    let closed =
        Stub::acts("echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1");
    let shown = Test::new("status k3s").journalctl(&closed).any_stdout().asked_times(2).status(0).stdout();
    let last = shown.lines().last().unwrap();
    assert!(last.starts_with("Last entries: `journalctl` "), "{shown}");
    assert!(last.contains("usermod -aG systemd-journal USER"), "{shown}");
    let slow = Stub::acts("exec sleep 1000");
    let shown = Test::new("status k3s").journalctl(&slow).any_stdout().status(0).stdout();
    assert!(shown.contains("Last entries: `journalctl` did not finish within 1s"), "{shown}");
    Test::new("status k3s --json").any_stdout().asked_times(1).status(0);
}
