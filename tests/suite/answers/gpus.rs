//! The gpu document.

use serde_json::json;

use crate::{stub::Stub, test::Test};

#[test]
fn the_gpu_document_keeps_what_nvidia_smi_said() {
    let ran = Test::new("gpu --json").any_stdout().asked_times(1).status(0);
    insta::assert_snapshot!(ran.stdout());
    let ran = Test::new("gpu --json --parsed --gpu 1").any_stdout().asked_times(3).status(0);
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
            *) cat "$d/banner" ;;
        esac"#,
    );
    // Where the version is known, nothing is refused; where it is not, one list after the other is asked for.
    for (banner, times) in [("Driver Version: 410.48 ", 2), ("banner", 8)] {
        let old = old.clone().file("banner", banner);
        let ran = Test::new("gpu --json --parsed").nvidia_smi(&old).any_stdout().asked_times(times).status(0);
        let gpu = ran.json();
        let row = &gpu["gpus"][0];
        assert_eq!(
            (&row["name"], &row["memory_total_mib"], &row["mig"]),
            (&json!("Tesla V100"), &json!(16160), &json!(null))
        );
        assert!(gpu["unreported"].as_array().unwrap().contains(&json!("mig.mode.current")));
    }
}

#[test]
fn whole_rows_stand_although_the_query_failed_after_them_and_it_is_not_asked_again() {
    let query = |text: &str, times| {
        let fails = Stub::acts(&format!(
            "case \"$*\" in *query*) echo '{text}' | pad; exit 15 ;; *) echo banner ;; esac"
        ));
        let ran = Test::new("gpu --json --parsed")
            .nvidia_smi(&fails)
            .any_stdout()
            .asked_times(times)
            .status_of_any();
        let gpu = ran.json();
        assert_eq!(gpu["status"], "ok");
        gpu["gpus"].clone()
    };
    let row = "0, GPU-1, H100, 570.86.15, 41, 118, 700, 37, 61234, 81559, 0, Disabled";
    assert_eq!(query(row, 2)[0]["uuid"], "GPU-1");
    assert_eq!(query("Unable to determine the device handle", 3), json!(null), "nor does GPU 0 by itself");
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
