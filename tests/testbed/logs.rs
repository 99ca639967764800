//! What the journal really gives.

use std::io::{BufRead, BufReader};

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

fn newest_five(bed: &Bed) {
    bed.does("flood k3s 20000");
    for arguments in ["logs k3s -n 5 --json", "logs k3s -n 5 --since 1h --json"] {
        let answer = bed.run(arguments).status(0).json();
        let numbers: Vec<_> =
            logs(&answer).into_iter().map(|line| line.rsplit_once(": ").unwrap().1.to_owned()).collect();
        let expected: Vec<_> =
            (19_996..=20_000).map(|number| format!("flood line {number} of 20000")).collect();
        assert_eq!(numbers, expected, "{arguments}");
        assert_eq!((&answer["requested_lines"], &answer["returned_lines"]), (&5.into(), &5.into()));
    }
}

fn counted(bed: &Bed) {
    bed.does("flood k3s 2000");
    let answer = bed.run("logs k3s -n 1000 --json").status(0).json();
    let bytes: usize = logs(&answer).iter().map(|line| line.len() + 1).sum();
    assert!(bytes <= 16384, "{bytes}");
    assert_eq!(answer["returned_lines"].as_u64().unwrap() + answer["dropped_lines"].as_u64().unwrap(), 1000);
    assert_eq!(answer["stdout_truncated"], true);
    assert!(logs(&answer).last().unwrap().ends_with("flood line 2000 of 2000"));
    let answer = bed.run("logs k3s -n 1000 --json --max-output 1000000").status(0).json();
    assert_eq!((&answer["returned_lines"], &answer["stdout_truncated"]), (&1000.into(), &false.into()));
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
}

fn harmless(bed: &Bed) {
    let shown = bed.run("logs admission-controller -n 1000 --max-output 1000000").status(0).stdout();
    assert!(shown.contains("\\u{1b}[1;31mred"));
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
    let said = bed.sh(&format!(
        "unshare -m sh -c 'mount -t tmpfs none /var/log/journal; mount -t tmpfs none /run/log/journal
         {} logs k3s --json; echo \"code $?\"' 2>/dev/null",
        crate::bed::BINARY
    ));
    assert!(said.contains("\"error\":\"no_journal\"") && said.ends_with("code 2\n"), "{said}");
}

fn follows(bed: &Bed) {
    let mut child = bed.start("logs k3s -f -n 1 --json");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    bed.does("flood k3s 1");
    let entry: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(entry["message"], "k3s.service: flood line 1 of 1");
    assert_eq!(entry["identifier"], "k3s");
    bed.sh("pkill -INT -x sek8s-status");
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    bed.wait_until("! pgrep -x journalctl");
}
