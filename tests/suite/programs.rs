//! Programs that hang, shout, die and leave things behind; and what becomes of them.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    stub::{Stub, entry, folder, write_executable},
    test::{BINARY, Programs, Test, document, eventually, nobody_is_left, signal},
};

/// Ten times what is promised.
const SOON: Duration = Duration::from_secs(13);

fn pids(programs: &Programs, program: &str, file: &str) -> Vec<u32> {
    let path = programs.file(program, file);
    fs::read_to_string(path)
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

#[test]
fn a_program_that_hangs_is_given_up_and_ended() {
    let hangs = Stub::acts("exec sleep 1000");
    let ran = Test::new("gpu --json --timeout 300ms")
        .nvidia_smi(&hangs)
        .any_stdout()
        .stderr_holds("`nvidia-smi` did not finish within 300ms; the driver may hang")
        .status(2);
    assert_eq!(ran.json()["detail"]["error"], "timeout");
    assert_eq!(ran.json()["detail"]["command"], "nvidia-smi");
    assert!(ran.took < SOON);
    ran.nobody_is_left();
}

#[test]
fn a_program_that_hangs_gets_the_chance_to_end_well() {
    let orderly =
        Stub::acts(r#"trap 'echo orderly >"$d/end"; exit 0' TERM; while :; do sleep 1000 & wait; done"#);
    let ran = Test::new("gpu --timeout 300ms").nvidia_smi(&orderly).stderr_holds("did not finish").status(2);
    assert_eq!(fs::read_to_string(ran.programs.file("nvidia-smi", "end")).unwrap(), "orderly\n");
}

#[test]
fn a_program_that_ignores_sigterm_is_killed_and_the_answer_does_not_wait_for_that() {
    // In two seconds it has come as far as that, also on a busy machine.
    let stubborn = Stub::acts("trap '' TERM; echo started; while :; do sleep 1000 & wait; done");
    let (mut child, programs) = Test::new("gpu --json --timeout 2s").nvidia_smi(&stubborn).start();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(document(answer.as_bytes())["detail"]["error"], "timeout");
    let pids = programs.pids();
    assert!(fs::exists(format!("/proc/{}", pids[0])).unwrap(), "the answer came while it was still there");
    assert_eq!(child.wait().unwrap().code(), Some(2));
    nobody_is_left(&pids);
}

#[test]
fn both_programs_hanging_cost_one_timeout_and_leave_nothing() {
    let hangs = Stub::acts("trap '' TERM; while :; do sleep 1000 & wait; done");
    let ran = Test::new("overview --json --timeout 300ms")
        .nvidia_smi(&hangs)
        .systemctl(&hangs)
        .any_stdout()
        .status(2);
    let overview = ran.json();
    assert_eq!(overview["gpu"]["error"]["error"], "timeout");
    assert_eq!(overview["services"][6]["error"]["error"], "timeout");
    assert_eq!(ran.programs.asked().len(), 2, "a hanging systemctl is not asked again for each unit");
    assert!(ran.took < SOON);
    ran.nobody_is_left();
}

#[test]
fn nothing_is_started_any_more_when_the_time_is_up() {
    // An answer that does not fit, so that each unit is asked for by itself; the first of them hangs.
    let hangs =
        Stub::acts(r"for unit; do :; done; if [ $# -gt 6 ]; then echo Id=odd; else exec sleep 1000; fi");
    let ran =
        Test::new("status --json --timeout 300ms").systemctl(&hangs).any_stdout().asked_times(2).status(2);
    for service in ran.json()["services"].as_array().unwrap() {
        assert_eq!(service["error"]["error"], "timeout");
    }
    ran.nobody_is_left();
}

#[test]
fn a_grandchild_that_holds_the_pipe_changes_nothing_and_is_ended() {
    let leaves = Stub::gpus().then(r#"sleep 1000 & echo $! >"$d/grandchild""#);
    let ran = Test::new("gpu --json --timeout 60s").nvidia_smi(&leaves).any_stdout().status(0);
    assert!(ran.json()["stdout"].as_str().unwrap().contains("NVIDIA H100"));
    assert!(ran.took < SOON);
    nobody_is_left(&pids(&ran.programs, "nvidia-smi", "grandchild"));
}

#[test]
fn a_grandchild_that_left_the_group_changes_nothing_either() {
    let leaves = Stub::gpus().then("setsid sleep 20 &");
    let ran = Test::new("gpu --json --timeout 60s").nvidia_smi(&leaves).any_stdout().status(0);
    assert!(ran.json()["stdout"].as_str().unwrap().contains("NVIDIA H100"));
    assert!(ran.took < SOON);
}

#[test]
fn a_grandchild_that_goes_on_printing_does_not_keep_us() {
    let shouts = Stub::gpus().then("yes | head -c 100000; yes & exit 0");
    let ran = Test::new("gpu --json --timeout 60s").nvidia_smi(&shouts).any_stdout().status(0);
    assert_eq!(ran.json()["stdout_truncated"], true);
    assert!(ran.took < SOON);
    ran.nobody_is_left();
}

#[test]
fn a_megabyte_on_stderr_first_stops_nothing() {
    let loud = Stub::acts("head -c 1000000 /dev/zero | tr '\\0' e >&2; echo answer; exit 9");
    let ran = Test::new("gpu --json").nvidia_smi(&loud).any_stdout().status(1);
    let gpu = ran.json();
    assert_eq!(gpu["stdout"], "answer\n");
    assert_eq!(gpu["stderr"].as_str().unwrap().len(), 16384);
    assert_eq!(gpu["stderr_truncated"], true);
}

#[test]
fn two_gigabytes_pass_through_in_constant_memory() {
    // 30 MiB of data, ten times the promise; the whole output would not fit.
    fn case(arguments: &str, program: &str, stub: &Stub) -> serde_json::Value {
        let programs = Programs::healthy();
        programs.install(program, stub);
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -d 30720; exec {BINARY} {arguments}")])
            .env("PROGRAM_PATH", programs.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        document(&output.stdout)
    }
    let endless_line = Stub::acts("head -c 2000000000 /dev/zero");
    assert_eq!(case("gpu --json --timeout 60s", "nvidia-smi", &endless_line)["stdout_truncated"], true);
    let logs = case("logs k3s --json --timeout 60s", "journalctl", &endless_line);
    assert_eq!(logs["logs"][0], "[entry of 2000000000 bytes left out]");
    let line = entry(1, 6, &"x".repeat(900));
    let many = Stub::acts(&format!(r#"yes "$(cat "$d/line")" | head -c {}"#, line.len() * 200_000))
        .file("line", line);
    let logs = case("logs k3s --json --timeout 60s", "journalctl", &many);
    assert_eq!(logs["dropped_lines"].as_u64().unwrap() + logs["returned_lines"].as_u64().unwrap(), 200_000);
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let bytes = Stub::prints(b"caf\xc3\xa9 \xff\xfe \xc3( end\n");
    let ran = Test::new("gpu --json").nvidia_smi(&bytes).any_stdout().status(0);
    assert_eq!(ran.json()["stdout"], "café \u{fffd}\u{fffd} \u{fffd}( end\n");
}

#[test]
fn a_program_gets_an_empty_environment_a_group_of_its_own_and_no_input() {
    let curious = Stub::acts(
        r#"cat /proc/$$/environ >"$d/environment"; pwd >"$d/folder"; cat >"$d/input"; cut -d' ' -f5 /proc/$$/stat >"$d/group""#,
    );
    let ran = Test::new("gpu --json")
        .environment("LD_PRELOAD", "")
        .environment("SECRET", "x")
        .environment("LANG", "de_DE.UTF-8")
        .nvidia_smi(&curious)
        .any_stdout()
        .status(1);
    let read = |name: &str| fs::read_to_string(ran.programs.file("nvidia-smi", name)).unwrap();
    let mut environment: Vec<_> = read("environment").split_terminator('\0').map(str::to_owned).collect();
    environment.sort();
    assert_eq!(environment, ["LC_ALL=C.UTF-8", "TZ=UTC"]);
    assert_eq!(read("folder"), "/\n");
    assert_eq!(read("input"), "");
    assert_eq!(read("group").trim(), ran.programs.pids()[0].to_string());
}

#[test]
fn a_program_that_is_missing_or_cannot_be_started_is_said_to_be_missing() {
    fn case(make: impl Fn(&std::path::Path)) {
        let test = Test::new("gpu --json").without("nvidia-smi");
        make(&test.programs().path().join("nvidia-smi"));
        let ran = test
            .any_stdout()
            .stderr(
                "sek8s-status: `nvidia-smi` is missing or cannot be executed; install it, or set --program-path to its directory\n",
            )
            .status(2);
        assert_eq!(ran.json()["detail"]["error"], "missing_binary");
        assert_eq!(ran.json()["detail"]["binary"], "nvidia-smi");
        assert!(!ran.stdout().contains('/'), "no path of the host");
    }
    case(|_| {});
    case(|path| fs::write(path, "#!/bin/sh\n").unwrap());
    case(|path| write_executable(path, "#!/no/such/interpreter\n"));
    case(|path| write_executable(path, "no header at all\n"));
    case(|path| fs::create_dir(path).unwrap());
    case(|path| std::os::unix::fs::symlink("/no/such/file", path).unwrap());
}

#[test]
fn what_cannot_be_executed_does_not_hide_what_can() {
    let folder = folder();
    fs::write(folder.path().join("nvidia-smi"), "no program").unwrap();
    let test = Test::new("gpu --json");
    let path = format!("{}:{}", folder.path().display(), test.programs().path().display());
    test.environment("PROGRAM_PATH", &path).any_stdout().asked_times(1).status(0);
}

#[test]
fn a_program_that_appears_later_is_found_then() {
    let (mut child, programs) = Test::new("overview --watch 100ms --json").without("nvidia-smi").start();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || document(format!("{}\n", answers.next().unwrap().unwrap()).as_bytes());
    assert_eq!(next()["gpu"]["error"]["error"], "missing_binary");
    programs.install("nvidia-smi", &Stub::gpus());
    eventually("it is found", || next()["status"] == "ok");
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn systemd_and_the_gpus_are_asked_at_the_same_time() {
    // Each waits for the other: asked one after the other, both would hang.
    let folder = folder();
    let fifo = folder.path().join("meeting");
    assert!(Command::new("mkfifo").args(["-m", "666"]).arg(&fifo).status().unwrap().success());
    let systemctl = Stub::units().then(&format!("echo here >{}", fifo.display()));
    let nvidia_smi = Stub::acts(&format!("case \"$*\" in *query*) ;; *) cat {} ;; esac", fifo.display()));
    Test::new("overview --json").systemctl(&systemctl).nvidia_smi(&nvidia_smi).any_stdout().status(0);
}

#[test]
fn ctrl_c_sigterm_and_a_terminal_that_goes_end_the_programs_too() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        for arguments in ["gpu", "overview", "status", "logs k3s", "logs k3s -f", "overview --watch 1h"] {
            let hangs = Stub::acts("exec sleep 1000");
            let (mut child, programs) =
                Test::new(arguments).systemctl(&hangs).journalctl(&hangs).nvidia_smi(&hangs).start();
            let expected = if arguments.starts_with("overview") { 2 } else { 1 };
            eventually("the programs were started", || programs.pids().len() == expected);
            signal(child.id(), name);
            assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments}");
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(said, "", "{arguments}");
            nobody_is_left(&programs.pids());
        }
    }
}

#[test]
fn following_shows_each_new_entry_and_ends_with_the_reader() {
    let follows = Stub::acts(r#"cat "$d/first"; read more <"$d/fifo"; cat "$d/second"; exec sleep 1000"#)
        .file("first", entry(1, 6, "first"))
        .file("second", entry(2, 3, "second"));
    let (mut child, programs) = {
        let test = Test::new("logs k3s -f --json").journalctl(&follows);
        let fifo = test.programs().file("journalctl", "fifo");
        assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
        test.start()
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || document(format!("{}\n", lines.next().unwrap().unwrap()).as_bytes());
    let first = next();
    assert_eq!((&first["message"], &first["priority"]), (&"first".into(), &6.into()));
    fs::write(programs.file("journalctl", "fifo"), "go\n").unwrap();
    assert_eq!(next()["message"], "second");
    assert!(programs.asked()[0].contains(&"--follow".to_owned()));
    assert!(
        !programs.asked()[0]
            .iter()
            .any(|argument| argument == "--reverse" || argument.starts_with("--since"))
    );
    // Nothing more comes, and still it ends when nobody reads any more.
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    nobody_is_left(&programs.pids());
}

#[test]
fn following_a_journalctl_that_ends_by_itself_is_no_success() {
    let out = concat!(
        r#"{"timestamp":"2026-11-22T01:14:52.508359Z","priority":6,"identifier":"k3s","pid":42,"message":"first"}"#,
        "\n",
        r#"{"detail":{"error":"command_failed","message":"`journalctl` exited unexpectedly","command":"journalctl","exit_code":0}}"#,
        "\n",
    );
    let ends = Stub::prints(entry(1, 6, "first"));
    Test::new("logs k3s -f --json")
        .journalctl(&ends)
        .stdout(out)
        .stderr("sek8s-status: `journalctl` exited unexpectedly\n")
        .status(2);
    // With entries, a hint about missing permission is not the cause.
    let hint = "Hint: You are currently not seeing messages from other users and the system.";
    let ends = Stub::prints(entry(1, 6, "first")).then(&format!("echo '{hint}' >&2"));
    Test::new("logs k3s -f --json")
        .journalctl(&ends)
        .stdout(out)
        .stderr_holds("sek8s-status: `journalctl` exited unexpectedly\n")
        .status(2);
    let none = Stub::acts(&format!("echo '{hint}' >&2"));
    Test::new("logs k3s -f --json")
        .journalctl(&none)
        .stdout(concat!(
            r#"{"detail":{"error":"journal_permission","message":"`journalctl` is not allowed to read the system journal"}}"#,
            "
"
        )).stderr_holds("not allowed").status(2);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for arguments in ["logs k3s", "logs k3s --json", "gpu --raw", "overview", "services", "services --help"] {
        let long: String = (0..1000).rev().map(|number| entry(number, 6, &"x".repeat(500))).collect();
        let (mut child, _programs) = Test::new(&format!("{arguments} --max-output 1000000"))
            .journalctl(&Stub::prints(long))
            .nvidia_smi(&Stub::acts("head -c 500000 /dev/zero"))
            .start();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_said() {
    let programs = Programs::healthy();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(BINARY)
        .args(["services", "--json"])
        .env("PROGRAM_PATH", programs.path())
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("sek8s-status: could not write the output: "));
}
