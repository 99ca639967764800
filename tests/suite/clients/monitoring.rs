//! The files of packaging/monitoring, in the engines that are to be had.

use std::process::Output;

use serde_json::Value;

use super::*;
use crate::test::{BINARY, Programs};

const NAGIOS: &str = include_str!("../../../packaging/monitoring/nagios.cfg");
const ICINGA: &str = include_str!("../../../packaging/monitoring/icinga2.conf");
const NPD: &str = include_str!("../../../packaging/monitoring/node-problem-detector.json");
const PROBE: &str = include_str!("../../../packaging/monitoring/kubernetes-probe.yaml");
const CONDITION: &str = include_str!("../../../packaging/monitoring/exec-condition.conf");

const INSTALLED: &str = "/usr/bin/sek8s-status";

/// The states of a VM, and the exit code of `check --format npd`.
fn machines() -> [(Programs, i32); 4] {
    let with = |name: &str, stub: &Stub| {
        let programs = Programs::healthy();
        programs.install(name, stub);
        programs
    };
    let missing = Programs::healthy();
    missing.remove("nvidia-smi");
    [
        (Programs::healthy(), 0),
        (with("nvidia-smi", &Stub::gpus().file("remapped", "GPU-aaaa, 1, 0\n")), 0),
        (with("nvidia-smi", &Stub::acts("echo 'No devices were found'; exit 6")), 1),
        (missing, 2),
    ]
}

#[track_caller]
fn run(words: &[&str], programs: &Programs) -> Output {
    assert_eq!(words[0], INSTALLED);
    let mut command = Command::new(BINARY);
    command.args(&words[1..]).env_clear().env("PROGRAM_PATH", programs.path());
    command.env("JOURNAL_PATH", programs.journal()).output().unwrap()
}

#[test]
fn nagios_runs_the_check_and_keeps_its_line() {
    let Some(program) = find("nagios4") else { return left_out("nagios4") };
    let programs = Programs::healthy();
    programs.install("systemctl", &Stub::units().unit("k3s.service", &[("ActiveState", "failed")]));
    let folder = stub::folder();
    let path = folder.path().to_str().unwrap().to_owned();
    let environment = format!("/usr/bin/env PROGRAM_PATH={} {BINARY}", programs.path().display());
    fs::write(folder.path().join("sek8s.cfg"), NAGIOS.replace(INSTALLED, &environment)).unwrap();
    let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let days = days.map(|day| format!(" {day} 00:00-24:00\n")).concat();
    let period = &format!("define timeperiod {{\n timeperiod_name always\n alias always\n{days}}}\n");
    let host = "define host {\n host_name gpu-vm-01\n address 127.0.0.1\n max_check_attempts 1\n check_period always\n}\n";
    let service = "define service {\n name generic-service\n register 0\n check_period always\n notifications_enabled 0\n}\n";
    let contact = "define contact {\n contact_name nobody\n host_notifications_enabled 0\n service_notifications_enabled 0\n \
        host_notification_period always\n service_notification_period always\n \
        host_notification_commands nothing\n service_notification_commands nothing\n}\n\
        define command {\n command_name nothing\n command_line /bin/true\n}\n";
    fs::write(folder.path().join("machine.cfg"), [period, host, service, contact].concat()).unwrap();
    fs::create_dir(folder.path().join("results")).unwrap();
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let config = format!(
        "log_file={path}/nagios.log\ncfg_file={path}/machine.cfg\ncfg_file={path}/sek8s.cfg\n\
        status_file={path}/status.dat\nobject_cache_file={path}/objects\n\
        precached_object_file={path}/precached\nstate_retention_file={path}/retention\nlock_file={path}/lock\n\
        temp_file={path}/temporary\ntemp_path={path}\ncheck_result_path={path}/results\n\
        command_file={path}/commands\nquery_socket={path}/query\nillegal_macro_output_chars=`~$&|'\"<>\n\
        nagios_user={user}nagios_group={user}interval_length=1\nmax_concurrent_checks=2\nexecute_host_checks=0\n"
    );
    fs::write(folder.path().join("nagios.cfg"), config).unwrap();
    let judged =
        Command::new(&program).args(["-v", "nagios.cfg"]).current_dir(folder.path()).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let config = format!("{path}/nagios.cfg");
    let child = Command::new(program)
        .arg(config)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let running = Running { child, folder };
    let log = || fs::read_to_string(running.path().join("nagios.log")).unwrap_or_default();
    eventually("it has checked", || log().contains("SERVICE ALERT"));
    let log = log();
    assert!(log.contains("SERVICE ALERT: gpu-vm-01;sek8s-status;CRITICAL;"), "{log}");
    assert!(log.contains(";SEK8S CRITICAL: k3s failed"), "{log}");
}

#[test]
fn icinga_takes_its_file() {
    let Some(program) = find("icinga2") else { return left_out("icinga2") };
    let folder = stub::folder();
    let host = "object Host \"gpu-vm-01\" {\n check_command = \"dummy\"\n vars.sek8s_status = true\n}\n";
    let config = format!("include <itl>\n{host}{ICINGA}");
    fs::write(folder.path().join("icinga2.conf"), config).unwrap();
    let path = folder.path().display();
    let judged = Command::new(program)
        .args(["daemon", "--validate", "--config", &format!("{path}/icinga2.conf")])
        .args(
            ["ConfigDir", "DataDir", "LogDir", "CacheDir", "SpoolDir", "InitRunDir"]
                .map(|name| format!("-D{name}={path}")),
        )
        .env("ICINGA2_USER", "root")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}{}", String::from_utf8_lossy(&judged.stderr));
    assert!(said.contains("1 Service.") && said.contains("CheckCommand"), "{said}");
}

/// By the rules of node-problem-detector's custom plugins: 0 is ok, 1 is not, all else is unknown; what is printed is cut.
#[test]
fn node_problem_detector_gets_what_it_reads() {
    let config: Value = serde_json::from_str(NPD).unwrap();
    assert_eq!(config["plugin"], "custom");
    let rule = &config["rules"][0];
    assert_eq!(rule["type"], "permanent");
    assert_eq!(rule["condition"], config["conditions"][0]["type"], "or it would be refused");
    assert_eq!(config["pluginConfig"]["timeout"], rule["timeout"], "a rule may not have more");
    let most = usize::try_from(config["pluginConfig"]["max_output_length"].as_u64().unwrap()).unwrap();
    let arguments = rule["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let words: Vec<_> = [rule["path"].as_str().unwrap()].into_iter().chain(arguments).collect();
    for (programs, code) in machines() {
        let output = run(&words, &programs);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            !said.trim().is_empty() && said.trim_end().len() <= most && said.lines().count() == 1,
            "{said}"
        );
    }
}

#[test]
fn a_probe_of_kubernetes_passes_until_a_gpu_has_a_fault() {
    let command = PROBE.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    let words: Vec<String> = serde_json::from_str(command).unwrap();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    for (programs, code) in machines() {
        assert_eq!(run(&words, &programs).status.success(), code == 0);
    }
}

/// systemd skips the unit for 1 to 254 and fails it for 255 (systemd.service(5)).
#[test]
fn a_condition_skips_and_never_fails_a_unit() {
    let command = CONDITION.lines().find_map(|line| line.strip_prefix("ExecCondition=")).unwrap();
    let words: Vec<_> = command.split(' ').collect();
    for (programs, code) in machines() {
        assert_eq!(run(&words, &programs).status.code(), Some(code));
    }
}
