//! Wrong input on the command line, and its error messages.

use crate::{
    stub::{Stub, entry},
    test::Test,
};

#[test]
fn an_unlisted_service_is_refused_before_anything_runs() {
    let said = "sek8s-status: unknown service `sshd`; see `sek8s-status services`\n";
    Test::new("status sshd").stderr(said).asked_nothing().status(2);
    Test::new("status k3s sshd").stderr(said).asked_nothing().status(2);
    Test::new("logs sshd").stderr(said).asked_nothing().status(2);
    Test::new("status sshd --json")
        .stdout("{\"detail\":{\"error\":\"unknown_service\",\"message\":\"unknown service `sshd`\"}}\n")
        .stderr(said)
        .asked_nothing()
        .status(2);
}

#[test]
fn a_parameter_that_cannot_be_read_is_refused_with_what_is_allowed() {
    fn case(arguments: &str, code: &str, said: &str) {
        let ran = Test::new(&format!("{arguments} --json"))
            .any_stdout()
            .stderr(&format!("sek8s-status: {said}\n"))
            .asked_nothing()
            .status(2);
        assert_eq!(ran.json()["detail"]["error"], code);
    }
    case("gpu --gpu 01", "bad_gpu", "`gpu` is `01`: it must be `all` or an index such as `0`");
    case("gpu --gpu -1", "bad_gpu", "`gpu` is `-1`: it must be `all` or an index such as `0`");
    case("gpu --gpu ALL", "bad_gpu", "`gpu` is `ALL`: it must be `all` or an index such as `0`");
    case("logs k3s -n ten", "bad_parameter", "`lines` must be a whole number");
    case("logs k3s -n +7", "bad_parameter", "`lines` must be a whole number");
    case(
        "logs k3s --since 25h",
        "bad_parameter",
        "`since` must be a duration such as `1h30m`, of at most 1day",
    );
    case(
        "logs k3s --since soon",
        "bad_parameter",
        "`since` must be a duration such as `1h30m`, of at most 1day",
    );
    case(
        "logs k3s --log-window 30 --since 31m",
        "bad_parameter",
        "`since` must be a duration such as `1h30m`, of at most 30m",
    );
}

#[test]
fn usage_errors_are_text_on_stderr_and_exit_with_2() {
    for arguments in [
        "frobnicate",
        "--json frobnicate",
        "status --frobnicate --json",
        "logs --json",
        "logs k3s -f --since 1h --json",
        "logs k3s --entries",
        "gpu --raw --json",
        "gpu --parsed",
        "overview --watch soon",
        "overview --watch 0s",
        "serve --listen 127.0.0.1:1 --uds /tmp/x",
        "overview --color sometimes",
    ] {
        let ran = Test::new(arguments).stderr_holds("").asked_nothing().status(2);
        assert!(!ran.output.stderr.is_empty(), "{arguments}");
    }
    Test::new("").stderr_holds("Usage: sek8s-status").asked_nothing().status(2);
    Test::new("--json").stderr_holds("Usage: sek8s-status").asked_nothing().status(2);
}

#[test]
fn a_setting_out_of_range_stops_every_subcommand_with_one_line() {
    fn case(name: &str, value: &str, allowed: &str) {
        for subcommand in ["services", "overview", "logs k3s", "gpu", "serve --check", "commands"] {
            let said = format!("sek8s-status: `{name}` is `{value}`: it must be {allowed}\n");
            let test = Test::new(subcommand);
            let test = match name.strip_prefix("--") {
                Some(_) => test.argument(name).argument(value),
                None => test.environment(name, value),
            };
            test.stderr(&said).asked_nothing().status(2);
        }
    }
    let duration = "a duration greater than 0 and at most 60s, such as `10s` (a plain number is in seconds)";
    let bytes = "a size from 1024 to 1000000 bytes, such as `16KiB` (a plain number is in bytes)";
    case("--timeout", "0", duration);
    case("--timeout", "61s", duration);
    case("--timeout", "soon", duration);
    case("COMMAND_TIMEOUT_SECONDS", "0", duration);
    case("--max-output", "1023", bytes);
    case("MAX_OUTPUT_BYTES", "1000001", bytes);
    case("MAX_OUTPUT_BYTES", "x", bytes);
    case("--log-default", "0", "a whole number from 1 to 5000");
    case("LOG_TAIL_DEFAULT", "5001", "a whole number from 1 to 5000");
    case("--log-max", "99", "a whole number from 100 to 10000");
    case("LOG_TAIL_MAX", "10001", "a whole number from 100 to 10000");
    case("--log-window", "0", "a whole number from 1 to 10080");
    case("LOG_WINDOW_MAX_MINUTES", "-1", "a whole number from 1 to 10080");
    case("--masked-ok", "sshd", "one or more service ids; see `sek8s-status services`");
    case("MASKED_OK", "k3s,sshd", "one or more service ids; see `sek8s-status services`");
}

#[test]
fn flags_beat_the_environment_and_an_empty_value_counts_as_unset() {
    fn case(arguments: &str, environment: &[(&str, &str)], asked: &str) {
        let test = Test::new(&format!("logs k3s --json {arguments}"));
        let test = environment.iter().fold(test, |test, (name, value)| test.environment(name, value));
        let ran = test.any_stdout().status(0);
        assert_eq!(ran.programs.asked()[0].last().unwrap(), asked, "{arguments} {environment:?}");
    }
    case("", &[("LOG_TAIL_DEFAULT", "7")], "--lines=7");
    case("--log-default 8", &[("LOG_TAIL_DEFAULT", "7")], "--lines=8");
    case("", &[("LOG_TAIL_DEFAULT", ""), ("LOG_TAIL_MAX", "  ")], "--lines=200");
    case("", &[("LOG_TAIL_MAX", "150")], "--lines=150");
    case("-n 9999", &[("LOG_TAIL_MAX", "5000")], "--lines=5000");
}

#[test]
fn a_default_above_the_most_is_refused_when_somebody_said_it() {
    let said = "sek8s-status: `--log-default` is `300`: it must be at most `--log-max` (`LOG_TAIL_MAX`), which is 200\n";
    Test::new("services --log-default 300 --log-max 200").stderr(said).status(2);
    Test::new("services --log-default 1001").stderr_holds("must be at most").status(2);
}

#[test]
fn global_flags_stand_before_or_after_the_subcommand() {
    let before = Test::new("--json --timeout 5s --color never services").any_stdout().status(0).stdout();
    let after = Test::new("services --json --timeout 5s --color never").any_stdout().status(0).stdout();
    assert_eq!(before, after);
}

#[test]
fn text_from_a_journal_is_harmless_on_a_terminal_and_whole_as_json() {
    let evil = "\u{1b}[2J\u{202e}evil\rx\n2026-11-22T01:14:51Z vm sshd[1]: forged";
    let journal = Stub::prints(entry(1, 3, evil));
    let shown = Test::new("logs k3s --color always").journalctl(&journal).any_stdout().status(0).stdout();
    assert!(shown.contains("\\u{1b}[2J\\u{202e}evil\\rx"), "{shown}");
    assert!(shown.contains("\n    \u{1b}[31;1m2026-11-22T01:14:51Z vm sshd[1]: forged"), "{shown}");
    let whole = Test::new("logs k3s --json --entries").journalctl(&journal).any_stdout().status(0);
    assert_eq!(whole.json()["entries"][0]["message"], evil);
    assert!(!whole.stdout().contains('\u{1b}'), "escaped in the document");

    let evil = Stub::acts(r"printf '\033[31mGPU\n'; exit 9");
    let shown = Test::new("gpu").nvidia_smi(&evil).any_stdout().status(1).stdout();
    assert!(shown.contains("nvidia-smi: \\u{1b}[31mGPU") && !shown.contains('\u{1b}'), "{shown}");
    let evil = Stub::acts(r"printf '\033]0;title\007no bus\n' >&2; exit 1");
    Test::new("status k3s")
        .systemctl(&evil)
        .stderr_holds("exited with status 1: \\u{1b}]0;title\\u{7}no bus; see `sek8s-status privileges`")
        .status(2);
}

#[test]
fn what_is_left_out_is_said_with_the_flag_that_brings_it_back() {
    let lines: String = (0..50).rev().map(|number| entry(number, 6, &"x".repeat(100))).collect();
    let ran = Test::new("logs k3s --max-output 1024")
        .journalctl(&Stub::prints(lines))
        .any_stdout()
        .stderr("sek8s-status: 43 older entries omitted (limit 1024 bytes); raise --max-output, or ask for fewer with -n\n")
        .status(0);
    assert_eq!(ran.stdout().lines().count(), 8, "with the line about the times");
    let shown = Test::new("gpu --raw --max-output 1024")
        .nvidia_smi(&Stub::acts("yes line | head -n 1000"))
        .any_stdout()
        .status(0)
        .stdout();
    assert!(shown.ends_with("[truncated at 1024 bytes; raise --max-output or use --gpu N]\n"), "{shown}");
    Test::new("logs k3s").stderr("sek8s-status: no entries\n").status(0);
    Test::new("logs k3s --max-output 1024")
        .journalctl(&Stub::prints(entry(0, 6, &"x".repeat(2000))))
        .stdout(format!("times are UTC\nNov 22 01:14:51.508 k3s[42] {}\n", "x".repeat(983)))
        .stderr("sek8s-status: an entry was truncated (limit 1024 bytes); raise --max-output\n")
        .status(0);
    Test::new("logs k3s -n 2000")
        .journalctl(&Stub::prints(entry(0, 6, "one")))
        .stdout("times are UTC\nNov 22 01:14:51.508 k3s[42] one\n")
        .stderr("sek8s-status: 2000 entries requested, limited to 1000; raise --log-max\n")
        .status(0);
    // All that was asked for is there: nothing to say.
    Test::new("logs k3s -n 1000")
        .journalctl(&Stub::prints(entry(0, 6, "one")))
        .stdout("times are UTC\nNov 22 01:14:51.508 k3s[42] one\n")
        .status(0);
}

#[test]
fn help_is_printed_on_stdout_and_teaches() {
    for subcommand in ["", "services", "status", "logs", "gpu", "overview", "serve", "commands"] {
        let help = Test::new(&format!("{subcommand} --help")).any_stdout().asked_nothing().status(0).stdout();
        assert!(help.contains("Example"), "{subcommand}");
        assert!(help.contains("--json"), "{subcommand}");
    }
    let version = Test::new("--version").any_stdout().status(0).stdout();
    assert_eq!(version, format!("sek8s-status {}\n", env!("CARGO_PKG_VERSION")));
}
