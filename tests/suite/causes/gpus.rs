//! Why nvidia-smi failed, in its own words where it has any, and every GPU that it named.

use serde_json::json;

use crate::{stub::Stub, test::Test};

fn shown(arguments: &str, nvidia_smi: &Stub, status: i32) -> String {
    Test::new(arguments).nvidia_smi(nvidia_smi).any_stdout().status(status).stdout()
}

#[test]
fn the_text_of_nvidia_smi_is_shown_and_never_contradicted() {
    let blocked =
        Stub::acts("echo 'Failed to initialize NVML: GPU access blocked by the operating system'; exit 17");
    let text = "`nvidia-smi` exited with status 17: the operating system blocks access to the GPU";
    let said = "Failed to initialize NVML: GPU access blocked by the operating system";
    let gpu = shown("gpu", &blocked, 1);
    assert!(gpu.starts_with(&format!("gpu: {text}\n  nvidia-smi: {said}\n")), "{gpu}");
    let overview = shown("overview", &blocked, 1);
    assert!(overview.contains(&format!("gpu  {text}: {said}\n")), "{overview}");

    // A code and a text without a name.
    let odd = Stub::acts("echo 'Failed to do the impossible' >&2; exit 99");
    let gpu = shown("gpu", &odd, 1);
    assert_eq!(gpu, "gpu: `nvidia-smi` exited with status 99\n  nvidia-smi: Failed to do the impossible\n");
    let overview = shown("overview", &odd, 1);
    assert!(
        overview.contains("gpu  `nvidia-smi` exited with status 99: Failed to do the impossible\n"),
        "{overview}"
    );
    let silent = shown("gpu", &Stub::acts("exit 99"), 1);
    assert_eq!(silent, "gpu: `nvidia-smi` exited with status 99 and no message\n");
}

#[test]
fn no_document_has_the_words_of_nvidia_smi_in_a_reason() {
    let odd = Stub::acts("echo 'Failed to do the impossible' >&2; exit 99");
    let overview = Test::new("overview --json").nvidia_smi(&odd).any_stdout().status(1).json();
    assert_eq!(overview["reasons"][0]["text"], "`nvidia-smi` exited with status 99");
    assert_eq!(overview["gpu"]["stderr"], "Failed to do the impossible\n", "it is where it always was");
}

#[test]
fn hints_name_what_can_be_run_in_this_vm() {
    for code in (1..=21).chain([99, 127, 128, 255]) {
        let gpu =
            Test::new("gpu --json").nvidia_smi(&Stub::acts(&format!("exit {code}"))).any_stdout().status(1);
        let hint = gpu.json()["hint"].as_str().unwrap_or_default().to_owned();
        assert!(!hint.contains("nvidia-smi -") && !hint.contains("see nvidia-smi"), "{code}: {hint}");
        if code > 20 && code != 127 {
            assert_eq!(hint, "", "{code}");
        }
    }
}

#[test]
fn the_line_that_decides_is_shown_and_not_the_frame_above_it() {
    let banner = "Sun Nov 22 01:10:49 2026       \n\
        +-----------------------------------------+\n\
        | NVIDIA-SMI 550.163.01    CUDA Version: 12.4 |\n\
        |-----------------------------------------+\n\
        | GPU  Name                 Persistence-M |\n\
        |=========================================|\n\
        |   0  NVIDIA H100 80GB HBM3           On |\n\
        | N/A   33C    P0              71W / 700W |\n\
        |   1  NVIDIA H100 80GB HBM3           On |\n\
        +-----------------------------------------+\n";
    let warning = "WARNING: infoROM is corrupted at gpu 0000:B3:00.0";
    let stub = Stub::acts(r#"case "$*" in *query*) exit 14 ;; esac; cat "$d/text"; exit 14"#)
        .file("text", format!("{banner}{warning}\n"));
    let gpu = shown("gpu", &stub, 1);
    assert_eq!(
        gpu,
        format!(
            "gpu: `nvidia-smi` exited with status 14: the infoROM of a GPU is corrupted\n  nvidia-smi: {warning}\n  \
             the GPU still works but should be checked: see `sek8s-status gpu --detail`\n"
        )
    );
    let overview = shown("overview", &stub, 1);
    assert!(overview.contains(&format!("corrupted: {warning}\n")), "{overview}");
    // Of several lines the last one comes first, and what is printed on stderr comes last.
    let several = Stub::acts(r"printf 'first\nsecond\n'; echo third >&2; exit 1");
    let gpu = shown("gpu", &several, 1);
    assert!(gpu.ends_with("  nvidia-smi: third\n  nvidia-smi: second\n  nvidia-smi: first\n"), "{gpu}");
}

/// A banner, and these rows.
fn rows(csv: &str) -> Stub {
    Stub::acts(r#"case "$*" in *query*) pad "$d/csv" ;; *) echo banner ;; esac"#).file("csv", csv)
}

#[test]
fn the_output_limit_does_not_cut_the_rows() {
    let row = |index: usize| {
        format!(
            "{index}, GPU-b1954651-c598-4521-ac3d-{index:012}, NVIDIA H100 80GB HBM3, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled\n"
        )
    };
    let csv: String = (0..16).map(row).collect();
    assert!(csv.len() > 1024);
    let ran =
        Test::new("gpu --json --parsed --max-output 1024").nvidia_smi(&rows(&csv)).any_stdout().status(0);
    let gpu = ran.json();
    assert_eq!(gpu["gpus"].as_array().unwrap().len(), 16);
    assert_eq!((&gpu["gpus_unread"], &gpu["stdout_truncated"]), (&json!(0), &json!(false)));
    let table = shown("gpu --max-output 1024", &rows(&csv), 0);
    assert_eq!(table.matches("NVIDIA H100").count(), 16);
}

#[test]
fn a_row_that_is_too_short_keeps_its_gpu_and_is_told() {
    let csv = "0, GPU-aaaa, NVIDIA H100, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled\n\
               1, [Unknown Error]\n";
    let ran = Test::new("gpu --json --parsed").nvidia_smi(&rows(csv)).any_stdout().status(1);
    let gpu = ran.json();
    assert_eq!((&gpu["gpus"][1]["index"], &gpu["gpus"][1]["uuid"]), (&json!(1), &json!(null)));
    assert_eq!((&gpu["gpus"].as_array().unwrap().len(), &gpu["gpus_unread"]), (&2, &json!(1)));
    let table = shown("gpu", &rows(csv), 1);
    assert!(table.lines().any(|line| line.starts_with("1    -")), "{table}");
    assert!(
        table.ends_with(
            "1 line could not be read as a GPU row\n  nvidia-smi: 1, [Unknown Error]\n\
             \nWhy\ngpu 1  cannot be read: restart the VM; look for an Xid in the host's log\n"
        ),
        "{table}"
    );
}

#[test]
fn a_query_without_rows_says_why_there_are_none() {
    let refuses =
        Stub::acts(r#"case "$*" in *query*) echo 'out of order' >&2; exit 7 ;; *) echo banner ;; esac"#);
    let gpu = shown("gpu", &refuses, 0);
    assert_eq!(
        gpu,
        "no GPU rows: `nvidia-smi` exited with status 7: out of order; use --raw to see the output of nvidia-smi\n"
    );
}

#[test]
fn rows_stand_whatever_comes_after_them_and_what_came_is_told() {
    let row = "0, GPU-aaaa, NVIDIA H100, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled";
    let case = |end: &str, said: &str| {
        let stub = Stub::acts(&format!(
            "case \"$*\" in *query*) echo '{row}' | pad; {end} ;; *) echo banner ;; esac"
        ));
        let table = shown("gpu --timeout 2s", &stub, 1);
        assert!(table.contains("NVIDIA H100"), "{table}");
        assert!(table.contains(&format!("there may be more GPUs: {said}\n")), "{table}");
    };
    case("echo 'GPU is lost' >&2; exit 15", "`nvidia-smi` exited with status 15: GPU is lost");
    case("exec sleep 1000", "`nvidia-smi` did not finish within 2s");
}

#[test]
fn text_over_the_limit_is_read_for_its_cause() {
    let long = |text: &str, code: i32| {
        Stub::acts(&format!(
            "case \"$*\" in *query*) exit {code} ;; esac; yes '|  a row of a table  |' | head -n 200; echo '{text}'; exit {code}"
        ))
    };
    let lost = "Unable to determine the device handle for GPU0000:B3:00.0: GPU is lost.";
    let gpu =
        Test::new("gpu --json --max-output 1024").nvidia_smi(&long(lost, 255)).any_stdout().status(1).json();
    assert_eq!((&gpu["reason"], &gpu["stdout_truncated"]), (&json!("gpu_lost"), &json!(true)));
    let warning = "WARNING: infoROM is corrupted at gpu 0000:B3:00.0";
    let shown = shown("gpu --max-output 1024", &long(warning, 14), 1);
    assert!(shown.contains(&format!("  nvidia-smi: {warning}\n")), "{shown}");
}

#[test]
fn the_overview_quotes_the_cause_and_not_the_tail_of_a_sentence() {
    let quoted = |text: &str, code: i32| {
        let stub = Stub::acts(&format!("cat \"$d/text\"; exit {code}")).file("text", text);
        let overview = shown("overview", &stub, 1);
        overview.lines().find(|line| line.starts_with("gpu  ")).unwrap_or_default().to_owned()
            + overview.split("Why\n").nth(1).unwrap_or_default()
    };
    let mismatch = quoted(
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.161\n",
        18,
    );
    assert!(
        mismatch.contains("differ: Failed to initialize NVML: Driver/library version mismatch\n"),
        "{mismatch}"
    );
    let shut_down = quoted(
        "Unable to determine the device handle for GPU3: Unknown Error\nFailed to properly shut down NVML: Uninitialized\n",
        255,
    );
    assert!(
        shut_down.contains("status 255: Unable to determine the device handle for GPU3: Unknown Error\n"),
        "{shut_down}"
    );
}

/// A banner of two GPUs, of which the second one has these cells.
fn with_second(name: &str, ecc: &str, readings: &str, memory: &str) -> Stub {
    Stub::gpus().file(
        "banner",
        format!(
            "| NVIDIA-SMI 570.86.15   Driver Version: 570.86.15   CUDA Version: 12.8 |\n\
             |   0  NVIDIA H100 80GB HBM3  On  |   00000000:1A:00.0 Off |  0 |\n\
             | N/A   41C    P0    118W /  700W |   1MiB /  81559MiB |  37% Default |\n\
             |   1  {name}  On  |   00000000:43:00.0 Off |  {ecc} |\n\
             | N/A   {readings} | {memory} | 0% Default |\n"
        ),
    )
}

#[test]
fn an_overview_over_a_broken_gpu_is_never_green() {
    let lost = with_second("NVIDIA H100 80GB HBM3", "ERR!", "ERR!  ERR!  ERR! / ERR!", "GPU is lost");
    let ran = Test::new("overview --json").nvidia_smi(&lost).any_stdout().asked_times(4).status(1);
    let overview = ran.json();
    assert_eq!((&overview["status"], &overview["gpu"]["status"]), (&json!("degraded"), &json!("ok")));
    let reason = json!({"subject": "gpu", "code": "gpu_lost", "gpu": 1, "text": "has fallen off the bus", "last_log": null});
    assert_eq!(overview["reasons"], json!([reason]));
    let finding = json!({"gpu": 1, "uuid": "GPU-bbbb", "severity": "fault", "code": "gpu_lost", "text": "has fallen off the bus"});
    assert_eq!(overview["gpu"]["findings"], json!([finding]));
    assert_eq!(overview["gpu"]["health"], "fault");
    let shown = Test::new("overview").nvidia_smi(&lost).any_stdout().status(1).stdout();
    assert!(shown.contains(": 1 of 2 GPUs\n"), "{shown}");
    assert!(shown.contains("FAULT    1 of 2 healthy: GPU 1 has fallen off the bus\n"), "{shown}");
    assert!(
        shown
            .contains("gpu 1  has fallen off the bus: restart the VM; if it happens again, check the host\n"),
        "{shown}"
    );
    // With its UUID from the row of the query.
    let gpu = Test::new("gpu --json --parsed").nvidia_smi(&lost).any_stdout().status(1).json();
    assert_eq!(gpu["findings"][0]["uuid"], "GPU-bbbb");
    let warns =
        Test::new("overview --json --gpu-health warn").nvidia_smi(&lost).any_stdout().status(0).json();
    assert_eq!((&warns["status"], &warns["warnings"][0]["code"]), (&json!("ok"), &json!("gpu_lost")));
    assert_eq!(warns["gpu"]["health"], "fault", "the setting is about the verdict only");
    let table = Test::new("gpu").nvidia_smi(&lost).any_stdout().status(1).stdout();
    assert!(table.contains("\n2 GPUs, driver 570.86.15: 1 healthy, 1 fault\n"), "{table}");
}

#[test]
fn a_warning_of_a_gpu_does_not_degrade_and_is_told() {
    let odd = with_second("NVIDIA H100 80GB HBM3", "0", "41C P0 ERR! / 700W", "1MiB / 81559MiB");
    let overview = Test::new("overview --json").nvidia_smi(&odd).any_stdout().status(0).json();
    let warning = json!({"subject": "gpu", "code": "cell_unreadable", "gpu": 1, "text": "a reading failed or is impossible", "last_log": null});
    assert_eq!((&overview["status"], &overview["warnings"]), (&json!("ok"), &json!([warning])));
    assert_eq!(overview["gpu"]["health"], "warning");
    let shown = Test::new("gpu").nvidia_smi(&odd).any_stdout().status(0).stdout();
    assert!(shown.contains("\n2 GPUs, driver 570.86.15: 1 healthy, 1 warning\n"), "{shown}");
    assert!(shown.contains("\nWarnings\ngpu 1  a reading failed or is impossible: look again later, and at `sek8s-status gpu --detail`\n"), "{shown}");
}

#[test]
fn health_is_never_ok_without_a_whole_banner() {
    let health = |flags: &str, stub: &Stub| {
        let ran = Test::new(&format!("gpu --json {flags}")).nvidia_smi(stub).any_stdout();
        ran.status_of_any().json()["health"].clone()
    };
    let well = Stub::gpus();
    assert_eq!(health("", &well), "ok");
    assert_eq!(health("--detail", &well), "unknown", "the long report is not judged");
    let no_driver = Stub::acts("echo \"couldn't communicate with the NVIDIA driver\"; exit 9");
    assert_eq!(health("", &no_driver), "unknown");
    let handle = "Unable to determine the device handle for GPU0000:61:00.0: GPU is lost.";
    assert_eq!(health("", &Stub::acts(&format!("echo '{handle}'; exit 15"))), "fault");
    assert_eq!(health("", &Stub::acts("echo what is this")), "unknown");
}

#[test]
fn fewer_gpus_than_expected_are_a_fault() {
    let overview = Test::new("overview --json --expect-gpus 9").any_stdout().status(1).json();
    assert_eq!(overview["reasons"][0]["code"], "gpus_missing");
    assert_eq!(overview["reasons"][0]["text"], "nvidia-smi lists 2 of 9 GPUs");
    Test::new("overview --json --expect-gpus 2").any_stdout().status(0);
    let silent = Test::new("overview --json").nvidia_smi(&Stub::silent()).any_stdout().status(1).json();
    assert_eq!(silent["reasons"][0]["code"], "no_devices");
}
