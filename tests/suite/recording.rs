//! `record` makes a file, and `--replay` answers from it and starts nothing.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    server::Server,
    stub::{Stub, entry, folder},
    test::{BINARY, Test, document},
};

/// Records the machine of a test into a new file, and returns it with what keeps its folder.
#[track_caller]
fn recorded(test: Test, flags: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("machine.jsonl");
    let test = flags.iter().fold(test.argument(file.to_str().unwrap()), |test, flag| test.argument(flag));
    test.any_stdout().status(0);
    // The tests that read it run as nobody.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    (folder, file)
}

fn replay(arguments: &str, file: &Path) -> Test {
    Test::new(arguments).argument("--replay").argument(file.to_str().unwrap()).asked_nothing()
}

/// A document without what differs from one moment to the next.
fn timeless(mut document: Value) -> Value {
    for volatile in ["timestamp", "age_ms"] {
        document.as_object_mut().map(|fields| fields.remove(volatile));
    }
    document
}

const QUESTIONS: [&str; 16] = [
    "services --json",
    "status --json",
    "status k3s --json",
    "status nvidia-persistenced admission-controller --json",
    "logs k3s --json",
    "logs k3s --json --entries -n 2",
    "logs k3s --json -p err",
    "logs system-manager --json",
    "gpu --json",
    "gpu --json --detail",
    "gpu --json --parsed",
    "gpu --json --parsed --detail",
    "overview --json",
    "overview --json --masked-ok nvidia-fabricmanager",
    "overview --json --last-log off",
    "commands --json",
];

/// As journalctl: the newest entries, as many as are asked for and of that priority.
fn journal(newest_first: &str) -> Stub {
    Stub::acts(
        r#"n=1000 p=7
        for argument; do
            case $argument in
                --lines=*) n=${argument#*=} ;;
                --priority=*) p=${argument#*=} ;;
            esac
        done
        grep -E "^[^{]|\"PRIORITY\":\"[0-$p]\"" "$d/entries" | head -n "$n""#,
    )
    .file("entries", newest_first)
}

/// A machine on which little is well.
fn troubled(test: Test) -> Test {
    let failed =
        [("ActiveState", "failed"), ("SubState", "failed"), ("Result", "exit-code"), ("ExecMainStatus", "3")];
    let masked = [("LoadState", "masked"), ("ActiveState", "inactive"), ("SubState", "dead")];
    let units = Stub::units().unit("k3s.service", &failed).unit("nvidia-fabricmanager.service", &masked);
    let entries =
        entry(3, 3, "it failed: token=canary0123") + &entry(2, 6, "one\ntwo") + &entry(1, 4, "start");
    test.systemctl(&units).journalctl(&journal(&(entries + "rubbish\n")))
}

/// What a machine answers.
fn answer(test: Test) -> (Value, Option<i32>, String) {
    let ran = test.any_stdout().stderr_holds("").status_of_any();
    let stdout = ran.stdout();
    let document = match stdout.lines().count() {
        1 => timeless(document(stdout.as_bytes())),
        _ => json!(stdout),
    };
    (document, ran.output.status.code(), String::from_utf8_lossy(&ran.output.stderr).into_owned())
}

#[test]
fn a_machine_that_was_recorded_gives_the_same_documents_elsewhere() {
    let hung =
        |test: Test| test.nvidia_smi(&Stub::acts("exec sleep 1000")).argument("--timeout").argument("1s");
    let no_driver = |test: Test| {
        test.nvidia_smi(&Stub::acts(
            "echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\"; exit 9",
        ))
    };
    let closed = |test: Test| {
        let hint = "Hint: You are currently not seeing messages from other users and the system.";
        test.journalctl(&Stub::acts(&format!("echo '{hint}' >&2")))
    };
    let machines: [(&str, &dyn Fn(Test) -> Test); 8] = [
        ("well", &|test| test),
        ("troubled", &troubled),
        ("hung", &hung),
        ("no driver", &no_driver),
        ("no nvidia-smi", &|test: Test| test.without("nvidia-smi")),
        ("no bus", &|test: Test| test.systemctl(&Stub::acts("echo 'Failed to connect to bus' >&2; exit 1"))),
        ("closed journal", &closed),
        ("killed journalctl", &|test: Test| {
            test.journalctl(&journal(&entry(1, 6, "one")).then("kill -9 $$"))
        }),
    ];
    for (name, machine) in machines {
        let (_folder, file) = recorded(machine(Test::new("record")), &[]);
        for question in QUESTIONS {
            let limit = if name == "hung" { "--timeout 1s" } else { "" };
            let there = answer(machine(Test::new(question)));
            let here = answer(replay(&format!("{question} {limit}"), &file));
            assert_eq!(here, there, "{name}: {question}");
        }
    }
}

#[test]
fn the_demo_is_a_recording_as_well() {
    let (_folder, file) = recorded(Test::new("record --demo").asked_nothing(), &[]);
    let built_in =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/exec/replay/demo.jsonl")).unwrap();
    let runs = |text: &str| -> Vec<(Value, Value)> {
        let run = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
        text.lines().skip(1).map(run).map(|run| (run["question"].clone(), run["stdout"].clone())).collect()
    };
    let again = fs::read_to_string(&file).unwrap();
    let again = runs(&again);
    assert_eq!(again.len(), runs(&built_in).len());
    for question in QUESTIONS.iter().filter(|question| !question.starts_with("overview")) {
        let there = answer(Test::new(&format!("{question} --demo")));
        assert_eq!(answer(replay(question, &file)), there, "{question}");
    }
    for index in [0, 7, 8] {
        for question in ["gpu --json --parsed", "gpu --json --detail"] {
            let question = format!("{question} --gpu {index}");
            let there = answer(Test::new(&format!("{question} --demo")));
            assert_eq!(answer(replay(&question, &file)), there, "{question}");
        }
    }
}

#[test]
fn only_what_was_never_asked_is_not_recorded() {
    let (_folder, file) =
        recorded(Test::new("record").nvidia_smi(&Stub::gpus().file("banner", "two GPUs\n")), &[]);
    // One GPU cannot be told from text without a table.
    let error =
        json!({"detail": {"error": "not_recorded", "message": "the recording has no answer to this"}});
    let ran = replay("gpu --json --gpu 1", &file)
        .any_stdout()
        .stderr("sek8s-status: the recording has no answer to this\n")
        .status(2);
    assert_eq!(ran.json(), error);
    let server = Server::start(replay("serve --listen 127.0.0.1:0", &file));
    let answer = server.get("/gpu/nvidia-smi?gpu=1");
    assert_eq!((answer.status, answer.json()), (503, error));
    assert_eq!(server.get("/overview").status, 200);
    assert_eq!(server.get("/services/k3s/logs?lines=5&priority=err").status, 200);
    assert!(server.programs().asked().is_empty());
}

#[test]
fn windows_and_limits_are_those_of_the_recorded_clock() {
    let entries: String = (0..30).rev().map(|number| entry(number, 6, "tick")).collect();
    let (_folder, file) = recorded(Test::new("record").journalctl(&journal(&entries)), &["--lines", "20"]);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"--lines=20\""), "the stub gets the number and prints all the same");
    let count = |arguments: &str| {
        let ran = replay(&format!("logs k3s --json {arguments}"), &file).any_stdout().status(0);
        ran.json()["returned_lines"].as_u64().unwrap()
    };
    assert_eq!(count("-n 7"), 7);
    assert_eq!(count("-p err"), 0);
    // The entries are older than the clock of the recording by more than this.
    assert_eq!(count("--since 1m"), 0);
    let recorded_at = text.split("\"recorded_at\":\"").nth(1).unwrap().get(..19).unwrap().to_owned();
    let overview = replay("overview --json", &file).any_stdout().status_of_any().json();
    assert!(overview["timestamp"].as_str().unwrap().starts_with(&recorded_at), "{}", overview["timestamp"]);
}

#[test]
fn a_recording_is_private_redacted_and_never_replaces_a_file() {
    let folder = folder();
    let file = folder.path().join("a.jsonl");
    let path = file.to_str().unwrap();
    let ran = troubled(Test::new("record")).argument(path).any_stdout().status(0);
    let bytes = fs::metadata(&file).unwrap().len().div_ceil(1024);
    assert_eq!(
        ran.stdout(),
        format!(
            "12 commands recorded in {path} ({bytes} KiB, mode 0600); 7 secrets redacted\n\
             It holds logs of this machine: read it before you share it.\n\
             Try it: sek8s-status overview --replay {path}\n"
        )
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("canary0123"), "{text}");
    assert!(text.contains("[redacted:secret]"));
    Test::new("record")
        .argument(path)
        .stderr(&format!("sek8s-status: `FILE` is `{path}`: it exists; name another file\n"))
        .asked_nothing()
        .status(2);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let nowhere = folder.path().join("no/such/folder");
    Test::new("record")
        .argument(nowhere.to_str().unwrap())
        .stderr_holds("No such file")
        .asked_nothing()
        .status(2);
    let json =
        Test::new("record --json").argument(folder.path().join("b").to_str().unwrap()).any_stdout().status(0);
    assert_eq!((&json.json()["commands"], &json.json()["redacted"]), (&json!(12), &json!(0)));
}

#[test]
fn an_anonymous_recording_names_neither_the_machine_nor_its_gpus() {
    let uuid = "GPU-2a83b4f0-1d5e-4c3b-9a1f-0c5b6d7e8f90";
    let smi = Stub::acts(&format!(
        r#"case "$*" in
            *--query-gpu=*) echo "0, {uuid}, NVIDIA H100, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled" | pad ;;
            *-q*) printf 'GPU 00000000:1A:00.0\n    Serial Number                         : 1650522003820\n    GPU UUID : {uuid}\n' ;;
            *) echo "not the usual banner" ;;
        esac"#
    ));
    let entries =
        entry(1, 6, "kubelet: node vm registered; vmlinux stays").replace("\"vm\"", "\"vm.example.com\"");
    let machine = Test::new("record").nvidia_smi(&smi).journalctl(&Stub::prints(entries));
    let (_folder, file) = recorded(machine, &["--anonymous"]);
    let text = fs::read_to_string(&file).unwrap();
    for name in [&uuid[4..], "1650522003820", "vm.example.com", "node vm "] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("vmlinux stays"));
    let gpu = replay("gpu --json --parsed", &file).any_stdout().status(0).json();
    assert_eq!(gpu["gpus"][0]["uuid"].as_str().unwrap().len(), uuid.len());
    assert!(gpu["gpus"][0]["uuid"].as_str().unwrap().starts_with("GPU-00000000-"));
}

#[test]
fn what_is_no_recording_is_told_in_one_line() {
    let folder = folder();
    let file = folder.path().join("file");
    let (_keeps, whole) = recorded(Test::new("record"), &[]);
    let whole = fs::read_to_string(whole).unwrap();
    let header = whole.lines().next().unwrap();
    let deep = format!("{header}\n{}\n", "[".repeat(100_000));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "it is not a recording of `sek8s-status record`"),
        (b"\xff\xfe".to_vec(), "it is not a recording of `sek8s-status record`"),
        (b"{\"services\":[]}\n".to_vec(), "it is not a recording of `sek8s-status record`"),
        (
            header.replace("\"sek8s_status_recording\":1", "\"sek8s_status_recording\":2").into(),
            "it is a recording in format 2, and this version reads format 1; upgrade sek8s-status",
        ),
        ("{\"sek8s_status_recording\":1}\n".into(), "it is cut off or malformed in line 1"),
        (format!("{header}\n").into(), "it is cut off or malformed in line 2"),
        (whole[..whole.len() - 1].into(), "it is cut off or malformed in line 14"),
        (whole[..whole.len() - 100].into(), "it is cut off or malformed in line 13"),
        (format!("{header}\n{{}}\n").into(), "it is cut off or malformed in line 2"),
        (deep.into(), "it is cut off or malformed in line 2"),
        (
            format!("{header}\n{}", "{\"question\":\"units\"}\n".repeat(500_000)).into(),
            "it is cut off or malformed in line 2",
        ),
        (vec![b' '; 17 * 1024 * 1024], "it exceeds 16 MiB"),
    ];
    for (bytes, why) in cases {
        fs::write(&file, bytes).unwrap();
        replay("overview", &file)
            .stderr(&format!("sek8s-status: `--replay` is `{}`: {why}\n", file.display()))
            .status(2);
    }
    replay("overview", Path::new("/no/such/file")).stderr_holds("No such file or directory").status(2);
    replay("overview", folder.path()).stderr_holds("Is a directory").status(2);
    Test::new("overview --demo --replay x").stderr_holds("cannot be used with").status(2);
    Test::new("serve --check")
        .argument("--replay")
        .argument("/no/such/file")
        .stderr_holds("No such file")
        .status(2);
}

#[test]
fn what_was_recorded_can_be_read_again_however_much_it_is() {
    // Each of these bytes has six in JSON: what is kept of them has to leave room for that.
    let floods = Stub::acts("head -c 6000000 /dev/zero | tr '\\0' '\\1' | fold -w 100");
    let quotes = entry(1, 6, &"\"".repeat(500_000));
    let machine = Test::new("record").nvidia_smi(&floods).journalctl(&Stub::prints(quotes.repeat(8)));
    let (_folder, file) = recorded(machine, &[]);
    assert!(fs::metadata(&file).unwrap().len() < 9 * 1024 * 1024);
    assert!(fs::read_to_string(&file).unwrap().contains("\"truncated\":true"));
    replay("services", &file).any_stdout().status(0);
    replay("status --json", &file).any_stdout().status(0);
}

#[test]
fn an_endless_file_is_refused_in_little_memory() {
    let folder = folder();
    let sparse = folder.path().join("sparse");
    fs::File::create(&sparse).unwrap().set_len(10_000_000_000).unwrap();
    for file in [sparse.to_str().unwrap(), "/dev/zero"] {
        // The whole limit is read from what has no length, and no more.
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -d 61440; exec {BINARY} overview --replay {file}")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said, format!("sek8s-status: `--replay` is `{file}`: it exceeds 16 MiB\n"));
        assert_eq!(output.status.code(), Some(2));
    }
}
