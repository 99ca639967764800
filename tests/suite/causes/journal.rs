//! What journalctl says on stderr, and what it printed before it failed.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::{
    server::Server,
    stub::{Stub, entry, entry_of},
    test::{Test, eventually, nobody_is_left, signal},
};

const ARCHIVE: &str = "/var/log/journal/3d12/system@0005f-0006.journal~";

/// journalctl as it skips a file: it says so on stderr, and exits with 0.
fn skips(file: &str, entries: &str) -> Stub {
    let stderr = format!(
        "Journal file {file} uses an unsupported feature, ignoring file.\n\
         Use SYSTEMD_LOG_LEVEL=debug journalctl --file={file} to see the details.\n"
    );
    Stub::acts(r#"cat "$d/stderr" >&2; cat "$d/entries""#).file("stderr", stderr).file("entries", entries)
}

/// 150 entries, newest first.
fn good_entries() -> String {
    (0..150).rev().map(|number| entry(number, 6, &format!("number {number}"))).collect()
}

#[test]
fn an_active_journal_file_that_was_skipped_is_an_error_and_never_no_entries() {
    for file in ["/var/log/journal/3d12/system.journal", "/run/log/journal/3d12", "…/system.journal"] {
        let ran = Test::new("logs k3s --json")
            .journalctl(&skips(file, ""))
            .any_stdout()
            .stderr(&format!(
                "sek8s-status: `journalctl` could not read the active journal file: Journal file {file} uses an \
                 unsupported feature, ignoring file; run `systemctl restart systemd-journald` to set the file \
                 aside and start a new one\n"
            ))
            .status(2);
        assert_eq!(ran.json()["detail"]["error"], "no_journal", "{file}");
        assert!(!ran.stdout().contains("/3d12"), "no path of the host in a document");
    }
}

#[test]
fn a_journal_of_which_every_file_was_skipped_is_an_error_although_they_are_archives() {
    let test = Test::new("logs k3s --json");
    let journal = test.programs().journal();
    let archive = journal.join("system@0005f-0006.journal~");
    std::fs::rename(journal.join("system.journal"), &archive).unwrap();
    let ran = test
        .journalctl(&skips(archive.to_str().unwrap(), ""))
        .any_stdout()
        .stderr_holds("could not read the active journal file")
        .status(2);
    assert_eq!(ran.json()["detail"]["error"], "no_journal");
}

#[test]
fn a_skipped_archive_is_a_note_and_the_empty_list_stands() {
    let ran = Test::new("logs k3s --json").journalctl(&skips(ARCHIVE, "")).any_stdout().status(0);
    let logs = ran.json();
    assert_eq!(logs["logs"], json!([]));
    assert_eq!(
        logs["note"],
        "journalctl skipped journal files that it could not read: entries may be missing"
    );
    assert!(!ran.stdout().contains("3d12"), "a note is one of our own sentences");
    Test::new("logs k3s")
        .journalctl(&skips(ARCHIVE, ""))
        .stderr(&format!(
            "sek8s-status: journalctl skipped journal files that it could not read: entries may be missing: \
             Journal file {ARCHIVE} uses an unsupported feature, ignoring file.\nsek8s-status: no entries\n"
        ))
        .status(0);
}

#[test]
fn entries_beside_a_warning_have_a_note() {
    fn case(stub: &Stub, note: &str) {
        let logs = Test::new("logs k3s --json").journalctl(stub).any_stdout().status(0).json();
        assert_eq!((&logs["returned_lines"], &logs["note"]), (&json!(1), &json!(note)));
        assert_eq!(logs["stdout_truncated"], false);
    }
    let one = entry(1, 6, "one");
    case(
        &skips("/var/log/journal/3d12/system.journal", &one),
        "journalctl could not read the active journal file: newer entries may be missing",
    );
    case(
        &skips(ARCHIVE, &one),
        "journalctl skipped journal files that it could not read: entries may be missing",
    );
    let warns = Stub::prints(&one).then("echo 'Failed to get data: Bad message' >&2");
    case(&warns, "journalctl reported a problem: entries may be missing");
    let quiet = Test::new("logs k3s --json").journalctl(&Stub::prints(&one)).any_stdout().status(0).json();
    assert_eq!(quiet["note"], Value::Null);
}

#[test]
fn entries_of_systemd_alone_have_a_note() {
    let of_systemd =
        entry_of(1, 2, 6, "Started k3s.service.") + &entry_of(1, 1, 6, "Starting k3s.service...");
    let note = |arguments: &str, entries: &str| {
        let ran = Test::new(arguments).journalctl(&Stub::prints(entries)).any_stdout().status(0);
        ran.json()["note"].clone()
    };
    let expected = "all entries are from systemd itself: the entries of a unit with LogNamespace= are in another journal";
    assert_eq!(note("logs k3s --json", &of_systemd), expected);
    assert_eq!(note("logs k3s --json -n 2", &of_systemd), Value::Null, "there may be more");
    assert_eq!(note("logs k3s --json", &(of_systemd + &entry(0, 6, "its own"))), Value::Null);
}

#[test]
fn good_entries_are_an_answer_however_journalctl_ends_after_them() {
    fn case(end: &str, note: &str, said: &str) {
        let bad = Stub::acts(&format!(r#"cat "$d/entries"; {end}"#)).file("entries", good_entries());
        let ran = Test::new("logs k3s --json --timeout 3s").journalctl(&bad).any_stdout().status(0);
        let logs = ran.json();
        assert_eq!((&logs["returned_lines"], &logs["dropped_lines"]), (&json!(150), &json!(0)), "{end}");
        assert_eq!((&logs["stdout_truncated"], &logs["note"]), (&json!(true), &json!(note)), "{end}");
        assert!(logs["logs"][149].as_str().unwrap().ends_with("number 149"));
        let shown = Test::new("logs k3s --timeout 3s")
            .journalctl(&bad)
            .any_stdout()
            .stderr(&format!("sek8s-status: {note}{said}\n"))
            .status(0);
        assert_eq!(shown.stdout().lines().count(), 151, "with the line about the times");
        shown.nobody_is_left();
    }
    let failed = "journalctl failed after these entries: older entries may be missing";
    case(
        "echo 'Failed to iterate through journal: Bad message' >&2; exit 1",
        failed,
        ": Failed to iterate through journal: Bad message",
    );
    case("exit 3", failed, "");
    case("kill -SEGV $$", failed, "");
    case(
        "echo 'waiting for the disk' >&2; exec sleep 1000",
        "journalctl did not finish in time: older entries may be missing",
        ": waiting for the disk",
    );
}

#[test]
fn a_journalctl_that_fails_before_any_entry_is_an_error_and_its_words_are_told() {
    let fails = Stub::acts("echo 'Failed to iterate through journal: Bad message' >&2; exit 1");
    Test::new("logs k3s")
        .journalctl(&fails)
        .stderr("sek8s-status: `journalctl` exited with status 1: Failed to iterate through journal: Bad message\n")
        .status(2);
    let hangs = Stub::acts("echo 'waiting for the disk' >&2; exec sleep 1000");
    Test::new("logs k3s --timeout 2s")
        .journalctl(&hangs)
        .stderr_holds("`journalctl` did not finish within 2s: waiting for the disk; raise --timeout")
        .status(2);
}

#[test]
fn following_shows_what_journalctl_says_while_it_runs() {
    let warning =
        "Journal file /var/log/journal/3d12/system.journal uses an unsupported feature, ignoring file.";
    let follows = Stub::acts(&format!("echo '{warning}' >&2; exec sleep 1000"));
    let (mut child, programs) = Test::new("logs k3s -f").journalctl(&follows).start();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, format!("sek8s-status: journalctl: {warning}\n"));
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nobody_is_left(&programs.pids());
}

#[test]
fn over_http_the_client_gets_the_note_and_the_operator_the_words() {
    let entries = entry(1, 6, "one");
    let server = Server::start(Test::new("serve --listen 127.0.0.1:0").journalctl(&skips(ARCHIVE, &entries)));
    let answer = server.get("/services/k3s/logs");
    assert_eq!((answer.status, &answer.json()["returned_lines"]), (200, &json!(1)));
    assert!(!String::from_utf8_lossy(&answer.body).contains(ARCHIVE));
    eventually("the operator has its words", || server.said().contains(&format!("Journal file {ARCHIVE}")));
}

#[test]
fn privileges_tries_to_read_the_journal() {
    let row = |stub: &Stub, status: i32| {
        let ran = Test::new("privileges --json").journalctl(stub).any_stdout().status_of_any();
        let privileges = ran.json();
        let logs = privileges["subcommands"].as_array().unwrap().iter();
        let need = logs.clone().find(|row| row["subcommand"] == "logs").unwrap()["needs"][0].clone();
        assert!(status == 0 || ran.output.status.code() == Some(1));
        (need["present"].clone(), need["found"].as_str().unwrap().to_owned())
    };
    let unreadable = "/var/log/journal/3d12/system.journal";
    let (present, found) = row(&skips(unreadable, ""), 1);
    assert_eq!(
        (present, found.as_str()),
        (json!(false), "`journalctl` could not read the active journal file")
    );
    // Entries of archives do not make it readable.
    let (present, _) = row(&skips(unreadable, &entry(1, 6, "one")), 1);
    assert_eq!(present, false);
    let (present, found) = row(&Stub::silent(), 0);
    assert_eq!((present, found.as_str()), (json!(true), "its files are readable"));
}

#[test]
fn however_much_journalctl_says_the_line_that_decides_is_found() {
    let archives: String = (0..200)
        .map(|number| {
            format!(
                "Journal file /var/log/journal/3d12/system@{number}.journal~ is truncated, ignoring file.\n"
            )
        })
        .collect();
    let active = "Journal file /var/log/journal/3d12/system.journal corrupted, ignoring file";
    let stub = Stub::acts(r#"cat "$d/stderr" >&2"#).file("stderr", format!("{archives}{active}.\n"));
    Test::new("logs k3s --max-output 1024").journalctl(&stub).stderr_holds(active).status(2);
}

#[test]
fn each_note_has_its_own_words_and_a_failure_those_that_tell_its_cause() {
    let bad = skips(ARCHIVE, &entry(1, 6, "one"))
        .then("echo 'Failed to iterate through journal: Bad message' >&2; exit 1");
    Test::new("logs k3s")
        .journalctl(&bad)
        .any_stdout()
        .stderr(&format!(
            "sek8s-status: journalctl failed after these entries: older entries may be missing: \
             Failed to iterate through journal: Bad message\n\
             sek8s-status: journalctl skipped journal files that it could not read: entries may be missing: \
             Journal file {ARCHIVE} uses an unsupported feature, ignoring file.\n"
        ))
        .status(0);
}

#[test]
fn a_record_that_broke_off_is_not_counted_and_a_line_that_is_no_record_is_told() {
    let broken = Stub::acts(r#"cat "$d/entries"; printf '{"__REALTIME_TIMES'; kill -9 $$"#)
        .file("entries", entry(1, 6, "one"));
    let logs = Test::new("logs k3s --json").journalctl(&broken).any_stdout().status(0).json();
    assert_eq!((&logs["returned_lines"], &logs["dropped_lines"]), (&json!(1), &json!(0)));
    Test::new("logs k3s")
        .journalctl(&Stub::prints(format!("rubbish\n{}", entry(1, 6, "one"))))
        .stdout("times are UTC\nNov 22 01:14:52.508 k3s[42] one\n")
        .stderr("sek8s-status: 1 line of journalctl could not be parsed\n")
        .status(0);
}
