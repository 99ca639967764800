//! What each document says.

use serde_json::json;

use crate::{
    stub::{Stub, entry, unit_properties},
    test::Test,
};

const IDS: [&str; 7] = [
    "admission-controller",
    "system-manager",
    "attestation-service",
    "k3s",
    "nvidia-persistenced",
    "nvidia-fabricmanager",
    "infiniband-config",
];

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
    let ran = Test::new("overview --json").systemctl(&failed).any_stdout().asked_times(3).status(1);
    let overview = ran.json();
    assert_eq!(overview["status"], "degraded");
    assert_eq!(
        overview["reasons"],
        json!([{
            "subject": "k3s",
            "code": "failed",
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
fn the_overview_has_everything_and_starts_two_processes() {
    let ran = Test::new("overview --json").any_stdout().asked_times(2).status(0);
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
    let overview = Test::new("overview --json").systemctl(&dead).any_stdout().asked_times(2).status(1).json();
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

#[test]
fn the_gpu_document_keeps_what_nvidia_smi_said() {
    let ran = Test::new("gpu --json").any_stdout().asked_times(1).status(0);
    insta::assert_snapshot!(ran.stdout());
    let ran = Test::new("gpu --json --parsed --gpu 1").any_stdout().asked_times(2).status(0);
    insta::assert_json_snapshot!(ran.json());
}

#[test]
fn a_failed_nvidia_smi_is_data_with_a_reason() {
    fn case(act: &str, exit_code: i32, reason: &str) {
        let gpu = Test::new("gpu --json --parsed").nvidia_smi(&Stub::acts(act)).any_stdout().status(1).json();
        assert_eq!(
            (&gpu["status"], &gpu["exit_code"], &gpu["reason"]),
            (&json!("error"), &json!(exit_code), &json!(reason)),
            "{act}"
        );
        assert!(gpu["gpus"].is_null() && gpu.get("gpus").is_some());
    }
    for (code, reason) in [
        (2, "argument"),
        (3, "unsupported"),
        (4, "permission"),
        (6, "no_devices"),
        (8, "power_cable"),
        (9, "driver_not_loaded"),
        (12, "library_missing"),
        (14, "inforom"),
        (15, "gpu_lost"),
        (16, "reset_required"),
        (18, "version_mismatch"),
        (10, "timeout"),
        (11, "irq"),
        (13, "function_missing"),
        (17, "operating_system"),
        (20, "memory"),
        (127, "loader"),
        (1, "unknown"),
    ] {
        case(&format!("exit {code}"), code, reason);
    }
    case(
        "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 255",
        255,
        "version_mismatch",
    );
    case("echo 'GPU is lost' >&2; exit 255", 255, "gpu_lost");
    case("kill -SEGV $$", 139, "signal");
    case("exit 139", 139, "unknown");
}

#[test]
fn an_old_driver_that_refuses_a_column_is_asked_for_fewer() {
    let old = Stub::acts(
        r#"case "$*" in
            *mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2 ;;
            *--query*) echo '0, GPU-aaaa, Tesla V100, 410.48, 40, 3, 100, 16160' ;;
            *) echo banner ;;
        esac"#,
    );
    let ran = Test::new("gpu --json --parsed").nvidia_smi(&old).any_stdout().asked_times(3).status(0);
    let row = &ran.json()["gpus"][0];
    assert_eq!(
        (&row["name"], &row["memory_total_mib"], &row["mig"]),
        (&json!("Tesla V100"), &json!(16160), &json!(null))
    );
}

#[test]
fn whole_rows_stand_although_the_query_failed_after_them_and_it_is_not_asked_again() {
    let query = |text: &str| {
        let fails =
            Stub::acts(&format!("case \"$*\" in *query*) echo '{text}'; exit 15 ;; *) echo banner ;; esac"));
        let ran =
            Test::new("gpu --json --parsed").nvidia_smi(&fails).any_stdout().asked_times(2).status_of_any();
        let gpu = ran.json();
        assert_eq!(gpu["status"], "ok");
        gpu["gpus"].clone()
    };
    let row = "0, GPU-1, H100, 570.86.15, 41, 118, 700, 37, 61234, 81559, 0, Disabled";
    assert_eq!(query(row)[0]["uuid"], "GPU-1");
    assert_eq!(query("Unable to determine the device handle"), json!(null));
}

#[test]
fn gpu_output_keeps_the_head_at_whole_lines() {
    let long = Stub::acts("yes 'a line of text that is repeated' | head -n 1000");
    let gpu = Test::new("gpu --json --max-output 1024").nvidia_smi(&long).any_stdout().status(0).json();
    let stdout = gpu["stdout"].as_str().unwrap();
    assert!(stdout.len() <= 1024 && stdout.len() > 900 && stdout.ends_with("repeated\n"));
    assert_eq!(gpu["stdout_truncated"], true);
    assert_eq!(gpu["stdout_lines"].as_array().unwrap().len(), stdout.lines().count());
}
