//! The overview document.

use serde_json::json;

use crate::{stub::Stub, test::Test};

#[test]
fn the_overview_has_everything_and_starts_four_processes() {
    let ran = Test::new("overview --json").any_stdout().asked_times(4).status(0);
    let mut overview = ran.json();
    let timestamp = overview["timestamp"].take();
    assert!(timestamp.as_str().unwrap().ends_with('Z'));
    insta::assert_json_snapshot!(overview);
    assert!(
        ran.stdout()
            .starts_with("{\"status\":\"ok\",\"services\":[{\"service\":{\"id\":\"admission-controller\",")
    );
}

#[test]
fn reasons_are_worst_first() {
    let systemctl = Stub::units()
        .unit("admission-controller.service", &[("ActiveState", "activating"), ("SubState", "start")])
        .unit("system-manager.service", &[("LoadState", "not-found"), ("ActiveState", "inactive")])
        .unit(
            "infiniband-config.service",
            &[("SubState", "exited"), ("ExecMainCode", "1"), ("ExecMainStatus", "4")],
        );
    let driver = Stub::acts("echo 'NVIDIA-SMI has failed'; exit 9");
    let overview =
        Test::new("overview --json").systemctl(&systemctl).nvidia_smi(&driver).any_stdout().status(1).json();
    let reasons: Vec<_> = overview["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| (reason["subject"].clone(), reason["code"].clone()))
        .collect();
    assert_eq!(
        reasons,
        [
            (json!("infiniband-config"), json!("exit_status")),
            (json!("gpu"), json!("driver_not_loaded")),
            (json!("system-manager"), json!("not_found")),
            (json!("admission-controller"), json!("activating")),
        ]
    );
}

#[test]
fn a_part_that_cannot_be_asked_carries_its_error_and_the_rest_answers() {
    let overview = Test::new("overview --json").without("nvidia-smi").any_stdout().status(1).json();
    assert_eq!(overview["gpu"]["status"], "error");
    assert!(overview["gpu"]["exit_code"].is_null());
    assert_eq!(overview["gpu"]["error"]["error"], "missing_binary");
    assert_eq!(overview["gpu"]["error"]["binary"], "nvidia-smi");
    assert_eq!(overview["services"][0]["healthy"], true);

    let dead = Stub::acts("echo 'Failed to connect to bus: Host is down' >&2; exit 1");
    let overview = Test::new("overview --json").systemctl(&dead).any_stdout().asked_times(4).status(1).json();
    assert_eq!(overview["gpu"]["status"], "ok");
    for service in overview["services"].as_array().unwrap() {
        assert_eq!(service["error"]["error"], "command_failed");
        assert_eq!(service["error"]["exit_code"], 1);
        assert!(service["status"].is_null());
    }
    assert!(!overview.to_string().contains("Host is down"), "what systemctl said is for the operator only");

    let blind =
        Test::new("overview --json").systemctl(&dead).without("nvidia-smi").any_stdout().status(2).json();
    assert_eq!(blind["status"], "degraded");
    assert_eq!(blind["reasons"].as_array().unwrap().len(), 8);
}
