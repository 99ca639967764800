//! What systemctl printed.

use serde_json::Value;

use crate::{manifest::Recording, test::Test};

const SERVICES: [&str; 3] = ["k3s", "nvidia-persistenced", "nvidia-fabricmanager"];

/// The names of the document and those of systemd, for values that are taken over as they are.
const VALUES: [(&str, &str); 8] = [
    ("load_state", "LoadState"),
    ("active_state", "ActiveState"),
    ("sub_state", "SubState"),
    ("unit_file_state", "UnitFileState"),
    ("main_pid", "MainPID"),
    ("exit_code", "ExecMainCode"),
    ("exit_status", "ExecMainStatus"),
    ("n_restarts", "NRestarts"),
];

pub fn check(recording: &Recording) {
    let services: Vec<&str> =
        SERVICES.into_iter().filter(|id| recording.column("unit").contains(id)).collect();
    let text = recording.text();
    let blocks: Vec<&str> = text.split("\n\n").collect();
    let named = |id: &str| blocks.iter().any(|block| property(block, "Id") == format!("{id}.service"));
    let is_answer = recording.kind() == "show" && recording.exit_code() == Some(0);
    if is_answer && !services.is_empty() && services.iter().all(|id| named(id)) {
        answers(recording, &services, &blocks);
    } else {
        refuses(recording, services.first().unwrap_or(&"k3s"));
    }
}

/// A property, empty if it is not there, as nothing would be said of it either.
fn property<'a>(block: &'a str, name: &str) -> &'a str {
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

fn answers(recording: &Recording, services: &[&str], blocks: &[&str]) {
    let run = |arguments: &str, times: usize| {
        let arguments = format!("status {} {arguments}", services.join(" "));
        Test::new(&arguments).systemctl(&recording.stub(0)).any_stdout().asked_times(times).status_of_any()
    };
    let ran = run("--json", 1);
    let document = ran.json();
    let documents = document["services"].as_array().cloned().unwrap_or_else(|| vec![document]);
    assert_eq!((documents.len(), blocks.len()), (services.len(), services.len()));
    for ((document, id), block) in documents.iter().zip(services).zip(blocks) {
        check_document(document, id, block);
    }
    let all_healthy = documents.iter().all(|document| document["healthy"] == true);
    assert_eq!(ran.output.status.code(), Some(i32::from(!all_healthy)));

    // People see the last entries of one service as well.
    let shown = run("", if services.len() == 1 { 2 } else { 1 });
    assert_eq!(shown.output.status.code(), ran.output.status.code());
    for id in services {
        assert!(shown.stdout().contains(id));
    }
}

fn check_document(document: &Value, id: &str, block: &str) {
    assert_eq!(document["service"]["id"], id);
    assert!(document["error"].is_null());
    let status = &document["status"];
    for (ours, systemds) in VALUES {
        assert_eq!(status[ours].as_str().unwrap_or_default(), property(block, systemds), "{ours}");
    }
    let (load, active, sub) =
        (property(block, "LoadState"), property(block, "ActiveState"), property(block, "SubState"));
    let is_healthy = load == "loaded"
        && active == "active"
        && (sub != "exited" || property(block, "ExecMainStatus") == "0");
    assert_eq!(document["healthy"], is_healthy);
    for since in ["active_since", "state_since"] {
        assert!(status[since].is_null() || status[since].as_str().unwrap().ends_with('Z'), "{status}");
    }
    assert!(status["active_since"].is_null() || active == "active");
}

/// Output of another unit, of another kind or of a failure is no answer.
fn refuses(recording: &Recording, id: &str) {
    let exit_code = recording.exit_code().unwrap_or(0);
    for form in ["", "--json"] {
        let ran = Test::new(&format!("status {id} {form}"))
            .systemctl(&recording.stub(exit_code))
            .any_stdout()
            .stderr_holds("`systemctl`")
            .asked_times(1)
            .status(2);
        if form == "--json" {
            let expected = if exit_code == 0 { "unreadable_output" } else { "command_failed" };
            assert_eq!(ran.json()["detail"]["error"], expected);
        } else {
            assert_eq!(ran.stdout(), "");
        }
    }
    // And among seven, where each that finds no answer says so.
    let ran = Test::new("overview --json").systemctl(&recording.stub(exit_code)).any_stdout().status(1);
    for service in ran.json()["services"].as_array().unwrap() {
        assert_eq!((&service["healthy"], service["error"].is_object()), (&false.into(), true), "{service}");
    }
}
