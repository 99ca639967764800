//! The documents about units.

use serde_json::json;

use super::IDS;
use crate::{
    stub::{Stub, unit_properties},
    test::Test,
};

#[test]
fn services_lists_the_allowlist_and_starts_nothing() {
    let ran = Test::new("services --json").any_stdout().asked_nothing().status(0);
    insta::assert_snapshot!(ran.stdout());
}

#[test]
fn status_of_one_is_one_document() {
    let ran = Test::new("status k3s --json").any_stdout().asked_times(1).status(0);
    insta::assert_snapshot!(ran.stdout());
}

#[test]
fn status_of_several_is_a_list_in_the_order_asked() {
    let ran = Test::new("status k3s admission-controller --json").any_stdout().asked_times(1).status(0);
    let ids: Vec<_> =
        ran.json()["services"].as_array().unwrap().iter().map(|one| one["service"]["id"].clone()).collect();
    assert_eq!(ids, ["k3s", "admission-controller"]);
}

#[test]
fn status_of_none_is_all_seven() {
    let ran = Test::new("status --json").any_stdout().asked_times(1).status(0);
    let ids: Vec<_> =
        ran.json()["services"].as_array().unwrap().iter().map(|one| one["service"]["id"].clone()).collect();
    assert_eq!(ids, IDS);
}

#[test]
fn what_systemd_did_not_print_is_null() {
    let bare = Stub::prints("Id=k3s.service\nLoadState=loaded\nUnitFileState=\nActiveEnterTimestamp=n/a\n");
    let ran = Test::new("status k3s --json").systemctl(&bare).any_stdout().status(1);
    let status = &ran.json()["status"];
    assert_eq!(status["load_state"], "loaded");
    for name in
        ["active_state", "unit_file_state", "main_pid", "active_since", "state_since", "invocation_id"]
    {
        assert!(status[name].is_null(), "{name}");
    }
}

#[test]
fn a_failed_unit_is_unhealthy_and_says_why() {
    let failed = Stub::units().unit(
        "k3s.service",
        &[
            ("ActiveState", "failed"),
            ("SubState", "failed"),
            ("MainPID", "0"),
            ("Result", "exit-code"),
            ("ExecMainCode", "1"),
            ("ExecMainStatus", "203"),
        ],
    );
    let ran = Test::new("overview --json").systemctl(&failed).any_stdout().asked_times(5).status(1);
    let overview = ran.json();
    assert_eq!(overview["status"], "degraded");
    assert_eq!(
        overview["reasons"],
        json!([{
            "subject": "k3s",
            "code": "failed", "gpu": null,
            "text": "failed at 2026-11-24 11:51:44 UTC: exited with status 203 \
                     (EXEC: its program could not be executed)",
            "last_log": null
        }])
    );
    assert_eq!(overview["services"][3]["healthy"], false);
    assert!(overview["services"][3]["status"]["active_since"].is_null(), "it is not active since then");
}

#[test]
fn a_masked_unit_is_degraded_unless_it_may_be_masked() {
    let masked = Stub::units().unit(
        "nvidia-fabricmanager.service",
        &[("LoadState", "masked"), ("ActiveState", "inactive"), ("SubState", "dead")],
    );
    let degraded = Test::new("overview --json").systemctl(&masked).any_stdout().status(1).json();
    assert_eq!(degraded["reasons"][0]["code"], "masked");
    for test in [
        Test::new("overview --json --masked-ok nvidia-fabricmanager"),
        Test::new("--masked-ok k3s --masked-ok nvidia-fabricmanager overview --json"),
        Test::new("overview --json").environment("MASKED_OK", " k3s , nvidia-fabricmanager "),
    ] {
        let well = test.systemctl(&masked).any_stdout().status(0).json();
        assert_eq!(well["status"], "ok");
        assert_eq!(well["reasons"], json!([]));
        assert_eq!(well["warnings"][0]["subject"], "nvidia-fabricmanager");
        assert_eq!(well["warnings"][0]["code"], "masked_ok");
        assert_eq!(well["services"][5]["healthy"], true);
    }
}

#[test]
fn an_alias_answers_and_answers_that_do_not_fit_are_asked_for_one_by_one() {
    let alias = Stub::units()
        .unit("k3s.service", &[("Id", "rancher.service"), ("Names", "rancher.service k3s.service")]);
    let ran = Test::new("status --json").systemctl(&alias).any_stdout().asked_times(1).status(0);
    assert_eq!(ran.json()["services"][3]["healthy"], true);

    // An answer too few when asked for many; right when asked for one.
    let short = Stub::acts(
        r#"while [ "$1" != -- ]; do shift; done
        if [ $# -gt 2 ]; then echo Id=k3s.service; else sed "s/UNIT/$2/" "$d/healthy"; fi"#,
    )
    .file("healthy", unit_properties("UNIT", &[]));
    let ran = Test::new("status --json").systemctl(&short).any_stdout().asked_times(8).status(0);
    assert_eq!(ran.json()["services"].as_array().unwrap().len(), 7);
}

#[test]
fn an_answer_for_another_unit_is_unreadable() {
    let other = Stub::prints(
        "Id=sshd.service\nNames=sshd.service ssh.service\nLoadState=loaded\nActiveState=active\n",
    );
    let ran = Test::new("status k3s --json")
        .systemctl(&other)
        .any_stdout()
        .stderr_holds("could not parse the output of")
        .status(2);
    assert_eq!(ran.json()["detail"]["error"], "unreadable_output");
    for answer in ["", "\n\n", "garbage"] {
        let ran = Test::new("status k3s --json")
            .systemctl(&Stub::prints(answer))
            .any_stdout()
            .stderr_holds("could not parse the output of")
            .status(2);
        assert_eq!(ran.json()["detail"]["error"], "unreadable_output", "{answer:?}");
    }
}

#[test]
fn an_answer_of_systemctl_over_its_limit_is_unreadable() {
    let endless = Stub::units().then("head -c 70000 /dev/zero | tr '\\0' x");
    let ran = Test::new("status k3s --json")
        .systemctl(&endless)
        .any_stdout()
        .stderr_holds("could not parse the output of")
        .status(2);
    assert_eq!(ran.json()["detail"]["error"], "unreadable_output");
}

#[test]
fn several_that_could_not_be_asked_are_listed_with_their_error() {
    let ran = Test::new("status k3s system-manager --json").without("systemctl").any_stdout().status(2);
    let answer = ran.json();
    for one in answer["services"].as_array().unwrap() {
        assert_eq!(one["error"]["error"], "missing_binary");
    }
}
