//! What the journal really gives.

use serde_json::Value;

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] = &[
    ("the newest five come after a flood, in order, also within a window", newest_five),
    ("what does not fit is counted exactly", counted),
    ("messages of several lines, of 8 KiB and of any bytes are whole", whole),
    ("nothing a unit logs can drive a terminal", harmless),
    ("without the journal group there is an error and never an empty log", permission),
    ("without a journal there is an error", no_journal),
    ("following shows a new line, and Ctrl-C ends journalctl too", follows),
];

fn logs(answer: &Value) -> Vec<&str> {
    answer["logs"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

/// The messages of lines that have to be consecutive ones of a flood, up to its last.
#[track_caller]
fn assert_end_of_flood(answer: &Value, total: usize) {
    let messages: Vec<_> = logs(answer).into_iter().map(|line| line.rsplit_once(": ").unwrap().1).collect();
    let first = total + 1 - messages.len();
    let expected: Vec<_> = (first..=total).map(|number| format!("flood line {number} of {total}")).collect();
    assert_eq!(messages, expected);
    assert_eq!(answer["returned_lines"], messages.len());
}

fn newest_five(bed: &Bed) {
    bed.does("flood k3s 20000");
    for arguments in ["logs k3s -n 5 --json", "logs k3s -n 5 --since 1h --json"] {
        let answer = bed.run(arguments).status(0).json();
        assert_end_of_flood(&answer, 20_000);
        assert_eq!((&answer["requested_lines"], &answer["returned_lines"]), (&5.into(), &5.into()));
        assert_eq!((&answer["dropped_lines"], &answer["stdout_truncated"]), (&0.into(), &false.into()));
    }
}

fn counted(bed: &Bed) {
    bed.does("flood k3s 2000");
    let answer = bed.run("logs k3s -n 1000 --json").status(0).json();
    assert_end_of_flood(&answer, 2000);
    let lengths: Vec<_> = logs(&answer).iter().map(|line| line.len() + 1).collect();
    let bytes: usize = lengths.iter().sum();
    // One more, which is as long, would not have fitted.
    assert!(bytes <= 16384 && bytes + lengths[0] > 16384, "{bytes}");
    assert_eq!(answer["returned_lines"].as_u64().unwrap() + answer["dropped_lines"].as_u64().unwrap(), 1000);
    assert_eq!(answer["stdout_truncated"], true);
    let answer = bed.run("logs k3s -n 1000 --json --max-output 1000000").status(0).json();
    assert_end_of_flood(&answer, 2000);
    assert_eq!((&answer["returned_lines"], &answer["dropped_lines"]), (&1000.into(), &0.into()));
    assert_eq!(answer["stdout_truncated"], false);
}

fn whole(bed: &Bed) {
    let answer =
        bed.run("logs admission-controller -n 1000 --json --entries --max-output 1000000").status(0).json();
    let entries = answer["entries"].as_array().unwrap();
    let message = |part: &str| {
        let found = entries.iter().find(|entry| entry["message"].as_str().unwrap().contains(part));
        found.expect(part)["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        message("multi-line entry"),
        "admission-controller: multi-line entry\n\n    indented middle line\n\nlast line"
    );
    let long = message("long ascii");
    assert!(long.ends_with("x end") && long.len() > 8150, "{}", long.len());
    let long = message("long utf-8");
    assert!(long.ends_with("漢 end") && long.len() > 8150, "{}", long.len());
    assert!(message("ansi: ").contains("\u{1b}[1;31mred\u{1b}[0m"));
    assert!(message("invalid utf-8").ends_with("\u{fffd}\u{fffd}\u{fffd}( end"));
    assert!(message("emoji").contains("🚀👩‍💻"));
    assert!(message("{\"json\"").ends_with("tab\there, quotes \" and \\ and <tag>&amp; {\"json\":true}"));
    // The strings for clients that read no entries are no less whole.
    assert_eq!(answer["stdout_truncated"], false);
    for (line, entry) in logs(&answer).into_iter().zip(entries) {
        assert!(line.ends_with(&format!(": {}", entry["message"].as_str().unwrap())), "{line}");
    }
}

fn harmless(bed: &Bed) {
    let shown = bed.run("logs admission-controller -n 1000 --max-output 1000000").status(0).stdout();
    for harmless in ["\\u{1b}[1;31mred", "\\u{1b}]0;title\\u{7}", "\\r carriage return"] {
        assert!(shown.contains(harmless), "{harmless}");
    }
    assert!(!shown.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')));
}

fn permission(bed: &Bed) {
    let refused = bed.run_as("nobody", "logs k3s --json").status(2);
    assert_eq!(refused.json()["detail"]["error"], "journal_permission");
    assert!(refused.stderr().contains("usermod -aG systemd-journal"), "{}", refused.stderr());
    for user in ["status", "root"] {
        assert!(!logs(&bed.run_as(user, "logs k3s --json").status(0).json()).is_empty());
    }
    bed.run_as("nobody", "status --json").status(0);
}

fn no_journal(bed: &Bed) {
    for user in ["status", "root"] {
        let ran = bed.run_without("/var/log/journal /run/log/journal", user, "logs k3s --json").status(2);
        assert_eq!(ran.json()["detail"]["error"], "no_journal", "{user}");
    }
    // As in a container that has another machine's id, or none.
    for id in ["0123456789abcdef0123456789abcdef", ""] {
        bed.sh(&format!(
            "echo {id} >/run/other-id; install -m 755 /dev/stdin /run/elsewhere <<'EOF'\n#!/bin/sh\n\
                mount --bind /run/other-id /etc/machine-id; exec \"$@\"\nEOF"
        ));
        let ran = bed.run_behind("unshare --mount /run/elsewhere", "logs k3s --json").status(2);
        assert_eq!(ran.json()["detail"]["error"], "no_journal", "{id}");
        assert!(ran.stderr().contains("/etc/machine-id"), "{}", ran.stderr());
    }
}

fn follows(bed: &Bed) {
    let following = bed.start("logs k3s -f -n 1 --json");
    let entry = || serde_json::from_str::<Value>(&following.line().unwrap()).unwrap();
    entry();
    bed.does("flood k3s 1");
    let flood = entry();
    assert_eq!(flood["message"], "k3s.service: flood line 1 of 1");
    assert_eq!(flood["identifier"], "k3s");
    bed.sh("pkill -INT -x sek8s-status");
    assert_eq!(following.line(), None);
    following.ends_with(130);
    bed.wait_until("! pgrep -x journalctl");
}
