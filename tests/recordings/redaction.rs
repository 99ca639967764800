//! Redaction changes nothing in text that was really logged and printed.

use std::{env, fs, path::Path};

use libtest_mimic::Trial;
use serde_json::Value;

/// A trial for the recordings and, if `SEK8S_LOGS` names a folder of other logs, for these.
pub fn trial(recordings: &Path) -> Trial {
    let mut folders = vec![recordings.to_owned()];
    folders.extend(env::var_os("SEK8S_LOGS").map(Into::into));
    Trial::test("redaction changes nothing", move || {
        let mut lines = 0;
        let mut changed = Vec::new();
        for folder in &folders {
            look(folder, &mut |line| {
                lines += 1;
                let redacted = sek8s_status::inside::redacted(line);
                if redacted != line {
                    changed.push(format!("{line}\n    became {redacted}"));
                }
            });
        }
        eprintln!("redaction: {} of {lines} lines changed", changed.len());
        if changed.is_empty() { Ok(()) } else { Err(changed.join("\n").into()) }
    })
}

/// Hands on each line of each file: of an entry of the journal its message.
fn look(path: &Path, take: &mut impl FnMut(&str)) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            look(&entry.unwrap().path(), take);
        }
        return;
    }
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    for line in text.lines() {
        let record: Option<Value> = line.starts_with('{').then(|| serde_json::from_str(line).ok()).flatten();
        take(record.as_ref().and_then(|record| record["MESSAGE"].as_str()).unwrap_or(line));
    }
}
