//! The man pages and the completions, as they have to be.

use clap_complete::{Shell, generate};

/// Every file with its content, named from the project's root.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut command = sek8s_status::cli::command();
    command.build();
    let mut files = vec![man(&command, "sek8s-status")];
    for subcommand in command.get_subcommands() {
        files.push(man(subcommand, &format!("sek8s-status-{}", subcommand.get_name())));
    }
    for (shell, name) in [
        (Shell::Bash, "sek8s-status.bash"),
        (Shell::Zsh, "_sek8s-status"),
        (Shell::Fish, "sek8s-status.fish"),
    ] {
        let mut content = Vec::new();
        generate(shell, &mut sek8s_status::cli::command_for_completions(), "sek8s-status", &mut content);
        if shell == Shell::Bash {
            content = with_one_name(content);
        }
        if shell == Shell::Fish {
            content.extend(fish_positionals());
        }
        files.push((format!("completions/{name}"), content));
    }
    files
}

/// clap_complete 4.6 takes the dash in our name for one between subcommands in half of the places
/// of its bash script, which then completes nothing behind a subcommand.
fn with_one_name(script: Vec<u8>) -> Vec<u8> {
    let script = String::from_utf8(script).unwrap_or_default();
    script.replace("sek8s__subcmd__status__subcmd__", "sek8s__status__subcmd__").into_bytes()
}

/// What clap_complete leaves out for fish: the values of positional arguments.
fn fish_positionals() -> Vec<u8> {
    let ids: Vec<_> = sek8s_status::service::all().iter().map(sek8s_status::service::Service::id).collect();
    let line = |subcommand: &str| {
        let condition = format!("__fish_sek8s_status_using_subcommand {subcommand}");
        format!("complete -c sek8s-status -n \"{condition}\" -f -a \"{}\"\n", ids.join(" "))
    };
    (line("status") + &line("logs")).into_bytes()
}

fn man(command: &clap::Command, title: &str) -> (String, Vec<u8>) {
    let mut content = Vec::new();
    let page =
        clap_mangen::Man::new(command.clone()).title(title).source("sek8s-status").manual("User Commands");
    // Writing to a Vec cannot fail.
    let _ = page.render(&mut content);
    (format!("man/{title}.1"), content)
}
