//! What the overview finds in each recorded banner, in one list that was read once.

use std::fmt::Write as _;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::{manifest::Recording, test::Test};

/// One trial for all banners, and for what nvidia-smi printed in place of one.
pub fn trial(recordings: Vec<Recording>) -> Trial {
    Trial::test("nvidia-smi: no banner of a broken GPU is green", move || {
        let mut list = String::new();
        for recording in recordings.iter().filter(|recording| is_banner(recording)) {
            let findings = findings(recording);
            let is_healthy = recording.column("condition").starts_with("healthy");
            let faults = findings.lines().filter(|line| line.contains(" fault ")).count();
            assert!(!is_healthy || faults == 0, "{}: {findings}", recording.file);
            assert!(is_healthy || !findings.is_empty(), "{} is green", recording.file);
            let _ = write!(list, "{} ({})\n{findings}", recording.file, recording.column("condition"));
        }
        insta::assert_snapshot!("findings", list);
        Ok(())
    })
}

fn is_banner(recording: &Recording) -> bool {
    let is_of_another_command =
        ["-L", "-q", "-i-", "-csv", "-list", "bad-"].iter().any(|part| recording.file.contains(part));
    matches!(recording.kind(), "table" | "error") && !is_of_another_command
}

/// The verdict, and below it a line for each reason and warning of the GPUs.
fn findings(recording: &Recording) -> String {
    // Where the exit code was not recorded, the worst case is that it was 0.
    let exit_code = recording.exit_code().unwrap_or(0);
    // A GPU that may not be opened is left out without a word: only who knows how many there are can miss it.
    let is_left_out = recording.column("condition").contains("cannot be opened") && exit_code == 0;
    let expected = if is_left_out { "--expect-gpus 8" } else { "" };
    let ran = Test::new(&format!("overview --json --max-output 1000000 {expected}"))
        .nvidia_smi(&recording.stub(exit_code))
        .any_stdout()
        .status_of_any();
    let overview = ran.json();
    let line = |kind: &str, reason: &Value| {
        let gpu = reason["gpu"].as_u64().map_or_else(|| "-".to_owned(), |index| index.to_string());
        format!(
            "    {kind} {gpu} {} {}\n",
            reason["code"].as_str().unwrap(),
            reason["text"].as_str().unwrap()
        )
    };
    let reasons = overview["reasons"].as_array().unwrap().iter().map(|reason| line(" fault ", reason));
    // A recording of a banner has no answer to the query.
    let is_of_banner =
        |reason: &&Value| !reason["text"].as_str().unwrap().starts_with("the health query failed");
    let warnings = overview["warnings"].as_array().unwrap().iter().filter(is_of_banner);
    let warnings = warnings.map(|reason| line("warning", reason));
    reasons.chain(warnings).collect()
}
