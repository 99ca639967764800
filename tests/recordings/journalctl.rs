//! What journalctl printed.

use jiff::Timestamp;
use serde_json::Value;

use crate::{manifest::Recording, test::Test};

pub fn check(recording: &Recording) {
    let exit_code = recording.exit_code().unwrap_or(0);
    let run = |arguments: &str| {
        Test::new(&format!("logs k3s --max-output 1000000 {arguments}"))
            .journalctl(&recording.stub(exit_code))
            .any_stdout()
            .stderr_holds("")
            .asked_times(1)
            .status_of_any()
    };
    let shown = run("");
    let ran = run("--json --entries");
    let code = ran.output.status.code();
    assert_eq!(shown.output.status.code(), code);
    assert!(!shown.stdout().contains('\u{1b}'), "harmless on a terminal");

    let is_json = matches!(recording.kind(), "json" | "json -a");
    let text = recording.text();
    let lines: Vec<&str> = text.lines().collect();
    if exit_code != 0 {
        assert_eq!((code, &ran.json()["detail"]["error"]), (Some(2), &"command_failed".into()));
        // What journalctl said is for the operator, not for clients.
        assert!(String::from_utf8_lossy(&ran.output.stderr).contains(lines[0].trim()));
        assert!(!ran.stdout().contains(lines[0].trim()));
    } else if is_json {
        assert_eq!(code, Some(0));
        check_document(&ran.json(), &lines);
    } else {
        // One form for people after another; to us none of them is an empty log.
        assert_eq!((code, &ran.json()["detail"]["error"]), (Some(2), &"unreadable_output".into()));
    }
}

fn check_document(document: &Value, lines: &[&str]) {
    let count = |name: &str| usize::try_from(document[name].as_u64().unwrap()).unwrap();
    assert_eq!(count("returned_lines") + count("dropped_lines"), lines.len());
    assert_eq!((count("dropped_lines"), &document["stdout_truncated"]), (0, &false.into()));
    let (logs, entries) = (document["logs"].as_array().unwrap(), document["entries"].as_array().unwrap());
    assert_eq!((logs.len(), entries.len()), (lines.len(), lines.len()));
    // We ask for the newest first and turn that round; these were recorded oldest first.
    for ((line, entry), log) in lines.iter().zip(entries.iter().rev()).zip(logs.iter().rev()) {
        let record: Value = serde_json::from_str(line).unwrap();
        let message = message(&record["MESSAGE"]);
        assert_eq!(entry["message"], message.as_str());
        let log = log.as_str().unwrap();
        assert!(log.ends_with(&format!(": {message}")), "{log}");
        let since_1970 = record["__REALTIME_TIMESTAMP"].as_str().unwrap().parse().unwrap();
        let time = format!("{:.6}", Timestamp::from_microsecond(since_1970).unwrap());
        assert_eq!(entry["timestamp"], time.as_str());
        assert!(log.starts_with(&time), "{log}");
        assert_eq!(entry["priority"].to_string(), record["PRIORITY"].as_str().unwrap_or("null"));
        let pid = record["SYSLOG_PID"].as_str().or(record["_PID"].as_str());
        assert_eq!(entry["pid"].to_string(), pid.unwrap_or("null"));
        let identifier = record["SYSLOG_IDENTIFIER"].as_str().or(record["_COMM"].as_str());
        assert_eq!(entry["identifier"].as_str(), identifier);
    }
}

/// Text, or the bytes of what is none; null when it was too long for journalctl.
fn message(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(bytes) => {
            let bytes: Vec<u8> =
                bytes.iter().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => "[no message]".to_owned(),
    }
}
