//! The closed list of commands: what is printed, and that nothing else is ever started.

use serde_json::Value;

use crate::{
    stub::Stub,
    test::{Ran, Test},
};

fn templates() -> Vec<Vec<String>> {
    let ran = Test::new("commands --json").any_stdout().asked_nothing().status(0);
    let Value::Array(commands) = ran.json()["commands"].clone() else { panic!("a list") };
    commands.into_iter().map(|command| serde_json::from_value(command).unwrap()).collect()
}

/// Whether an argument is what a template stands for.
fn fits(template: &str, argument: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(fixed) = template.strip_suffix("<unit>") {
        return argument
            .strip_prefix(fixed)
            .is_some_and(|unit| sek8s_status::service::all().iter().any(|service| service.unit() == unit));
    }
    for placeholder in ["<n>", "<epoch seconds>"] {
        if let Some(fixed) = template.strip_suffix(placeholder) {
            return argument.strip_prefix(fixed).is_some_and(number);
        }
    }
    template == argument
}

fn is_listed(command: &[String]) -> bool {
    templates().iter().any(|template| {
        // Any number of units may follow in one call.
        let units = template.last().is_some_and(|last| last == "<unit>");
        let long_enough =
            if units { command.len() >= template.len() } else { command.len() == template.len() };
        long_enough
            && command.iter().enumerate().all(|(place, argument)| {
                let template = template.get(place).or(template.last());
                template.is_some_and(|template| fits(template, argument))
            })
    })
}

#[test]
fn the_list_is_printed_as_text_and_as_a_document() {
    insta::assert_snapshot!(Test::new("commands").any_stdout().asked_nothing().status(0).stdout());
    let text: Vec<String> = templates().iter().map(|command| command.join(" ")).collect();
    let printed = Test::new("commands").any_stdout().status(0).stdout();
    assert_eq!(printed.lines().collect::<Vec<_>>(), text);
}

#[test]
fn every_command_that_is_started_is_in_the_list() {
    let refuses = Stub::acts("case \"$*\" in *mig.mode*) exit 2 ;; *) exit 0 ;; esac");
    let mut seen = 0;
    let mut check = |ran: Ran| {
        for command in ran.programs.asked() {
            assert!(is_listed(&command), "{command:?}");
            seen += 1;
        }
    };
    for arguments in [
        "status",
        "status k3s",
        "status k3s infiniband-config k3s",
        "overview",
        "overview --json",
        "logs k3s",
        "logs k3s -n -3",
        "logs k3s -n 99999999999999999999 --since 1d",
        "logs nvidia-fabricmanager --since 1s --json --entries",
        "gpu",
        "gpu --raw",
        "gpu --detail",
        "gpu --gpu 1 --detail --json --parsed",
        "gpu --gpu 0",
        "gpu --json",
    ] {
        check(Test::new(arguments).any_stdout().stderr_holds("").status_of_any());
        check(Test::new(arguments).nvidia_smi(&refuses).any_stdout().stderr_holds("").status_of_any());
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_a_client_says_is_never_an_argument() {
    for odd in
        ["$(reboot)", "; reboot", "--help", "-x", "k3s.service", "K3S", "*", "..", "k3s\n", "`id`", "", "é"]
    {
        Test::new("logs --")
            .argument(odd)
            .stderr_holds("sek8s-status: unknown service")
            .asked_nothing()
            .status(2);
        Test::new("status --")
            .argument(odd)
            .stderr_holds("sek8s-status: unknown service")
            .asked_nothing()
            .status(2);
        Test::new("gpu").argument(&format!("--gpu={odd}")).stderr_holds("`gpu` is").asked_nothing().status(2);
        Test::new("logs k3s")
            .argument(&format!("--lines={odd}"))
            .stderr_holds("`lines` must be")
            .asked_nothing()
            .status(2);
        Test::new("logs k3s")
            .argument(&format!("--since={odd}"))
            .stderr_holds("`since` must be")
            .asked_nothing()
            .status(2);
    }
}
