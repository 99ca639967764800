//! The logs document.

use serde_json::json;

use crate::{
    stub::{Stub, entry},
    test::Test,
};

fn journal(newest_first: &[&str]) -> Stub {
    let count = newest_first.len() as u64;
    let lines: String = newest_first
        .iter()
        .enumerate()
        .map(|(back, message)| entry(count - back as u64, 6, message))
        .collect();
    Stub::prints(lines)
}

#[test]
fn logs_are_oldest_first_and_newlines_stay_inside() {
    let ran = Test::new("logs k3s -n 7 --json --entries")
        .journalctl(&journal(&["third\n\n  line", "second", "first"]))
        .any_stdout()
        .status(0);
    insta::assert_snapshot!(ran.stdout());
    let asked = ran.programs.asked();
    assert_eq!(asked[0].last().unwrap(), "--lines=7");
}

#[test]
fn logs_ask_for_a_window_as_seconds_since_1970() {
    let before = jiff::Timestamp::now().as_second() - 5400;
    let ran = Test::new("logs k3s --since 1h30m --json").any_stdout().status(0);
    let after = jiff::Timestamp::now().as_second() - 5400;
    let asked = ran.programs.asked();
    let since: i64 = asked[0].last().unwrap().strip_prefix("--since=@").unwrap().parse().unwrap();
    assert!((before..=after).contains(&since));
    let ran = Test::new("logs k3s --since 0s --json").any_stdout().status(0);
    assert_eq!(ran.programs.asked()[0].last().unwrap(), "--lines=200");
}

#[test]
fn the_newest_entries_that_fit_are_kept_and_the_others_counted() {
    let messages: Vec<String> = (0..500).map(|number| format!("{number} {}", "x".repeat(40))).collect();
    let newest_first: Vec<&str> = messages.iter().rev().map(String::as_str).collect();
    let ran = Test::new("logs k3s -n 500 --max-output 1024 --json")
        .journalctl(&journal(&newest_first))
        .any_stdout()
        .status(0);
    let logs = ran.json();
    let kept = logs["logs"].as_array().unwrap();
    let bytes: usize = kept.iter().map(|line| line.as_str().unwrap().len() + 1).sum();
    let one = kept.last().unwrap().as_str().unwrap();
    assert!(bytes <= 1024 && bytes + one.len() + 1 > 1024, "{bytes}");
    assert!(one.contains(": 499 "), "{one}");
    assert_eq!(logs["returned_lines"], kept.len());
    assert_eq!(logs["dropped_lines"], 500 - kept.len());
    assert_eq!(logs["stdout_truncated"], true);
}

#[test]
fn an_entry_longer_than_the_cap_is_cut_and_a_monstrous_one_is_named() {
    let long = "é".repeat(2000);
    let logs = Test::new("logs k3s --max-output 1024 --json")
        .journalctl(&journal(&[&long, "older"]))
        .any_stdout()
        .status(0)
        .json();
    let line = logs["logs"][0].as_str().unwrap();
    assert!(line.len() < 1024 && line.ends_with('é'));
    assert_eq!((&logs["returned_lines"], &logs["dropped_lines"]), (&json!(1), &json!(1)));
    assert_eq!(logs["stdout_truncated"], true);

    let monster = "m".repeat(6 * 1024 + 16 * 1024);
    let logs = Test::new("logs k3s --max-output 1024 --json")
        .journalctl(&journal(&["newest", &monster]))
        .any_stdout()
        .status(0)
        .json();
    let placeholder = logs["logs"][0].as_str().unwrap();
    assert!(
        placeholder.starts_with("[entry of 22") && placeholder.ends_with(" bytes left out]"),
        "{placeholder}"
    );
    assert_eq!(logs["returned_lines"], 2);
}

#[test]
fn lines_that_are_no_entries_are_counted_and_nothing_but_them_is_an_error() {
    let mixed = Stub::prints(format!("{}rubbish\n{}", entry(2, 6, "two"), entry(1, 6, "one")));
    let logs = Test::new("logs k3s --json").journalctl(&mixed).any_stdout().status(0).json();
    assert_eq!((&logs["returned_lines"], &logs["dropped_lines"]), (&json!(2), &json!(1)));
    let ran = Test::new("logs k3s --json")
        .journalctl(&Stub::prints("rubbish\n"))
        .any_stdout()
        .stderr_holds("could not parse the output of")
        .status(2);
    assert_eq!(ran.json()["detail"]["error"], "unreadable_output");
}

#[test]
fn numbers_are_clamped_and_remembered() {
    fn case(lines: &str, requested: &str, asked: &str) {
        let ran = Test::new(&format!("logs k3s --json -n {lines}")).any_stdout().status(0);
        assert_eq!(ran.json()["requested_lines"].to_string(), requested);
        assert_eq!(ran.programs.asked()[0].last().unwrap(), asked);
    }
    case("0", "0", "--lines=1");
    case("-5", "-5", "--lines=1");
    case("007", "7", "--lines=7");
    case("5000", "5000", "--lines=1000");
    case("99999999999999999999999999", "9007199254740991", "--lines=1000");
}

#[test]
fn an_empty_log_is_an_answer_only_when_the_journal_could_be_read() {
    fn case(stderr: &str, exit: i32, code: &str) {
        let stub = Stub::acts(&format!("echo '{stderr}' >&2; exit {exit}"));
        let ran =
            Test::new("logs k3s --json").journalctl(&stub).any_stdout().stderr_holds("journalctl").status(2);
        assert_eq!(ran.json()["detail"]["error"], code, "{stderr}");
        assert!(!ran.stdout().contains("adm"), "what journalctl said is for the operator only");
    }
    let hint = "Hint: You are currently not seeing messages from other users and the system.\n Users in groups adm can see all.";
    Test::new("logs k3s --json").any_stdout().status(0);
    case(hint, 0, "journal_permission");
    case("No journal files were opened due to insufficient permissions.", 1, "journal_permission");
    case("No journal files were found.", 0, "no_journal");
    case("Failed to iterate through journal: adm", 1, "command_failed");
    // journalctl's machine formats are quiet about all that, so its files are looked at.
    let files = |change: &dyn Fn(&std::path::Path)| {
        let test = Test::new("logs k3s --json");
        change(&test.programs().journal());
        test.any_stdout().stderr_holds("journal").status(2).json()["detail"]["error"].clone()
    };
    assert_eq!(files(&|journal| std::fs::remove_dir_all(journal).unwrap()), "no_journal");
    assert_eq!(files(&|journal| std::fs::remove_file(journal.join("system.journal")).unwrap()), "no_journal");
    let to = |name: &'static str| {
        move |journal: &std::path::Path| {
            let new = journal.join(name);
            std::fs::create_dir_all(new.parent().unwrap()).unwrap();
            std::fs::rename(journal.join("system.journal"), new).unwrap();
        }
    };
    assert_eq!(files(&to("user-1000.journal")), "no_journal");
    // journalctl passes over other machines' journals.
    assert_eq!(files(&to("0123456789abcdef0123456789abcdef/system.journal")), "no_journal");
    let with_entries = journal(&["mine"]).then(&format!("echo '{hint}' >&2"));
    Test::new("logs k3s --json").journalctl(&with_entries).any_stdout().status(0);
}
