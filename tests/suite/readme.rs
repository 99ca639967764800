//! What the README shows is what one gets.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use crate::test::BINARY;

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// Each command that is shown, with the lines shown under it.
fn shown() -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut is_console = false;
    for line in readme().lines() {
        match line {
            "```console" => is_console = true,
            "```" => is_console = false,
            _ if !is_console => {}
            _ => match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), String::new())),
                (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
                (None, None) => panic!("output without a command: {line}"),
            },
        }
    }
    commands
}

#[track_caller]
fn compare(command: &str, shown: &str, real: &str) {
    match shown.strip_suffix("…\n") {
        Some(beginning) => assert!(real.starts_with(beginning), "{command} gives {real}"),
        None => assert_eq!(shown, real, "{command}"),
    }
}

#[test]
fn every_example_of_the_command_line_is_true() {
    let mut count = 0;
    for (command, shown) in shown() {
        let Some(arguments) = command.strip_prefix("sek8s-status ") else { continue };
        let output = Command::new(BINARY).args(arguments.split(' ')).output().unwrap();
        compare(&command, &shown, &String::from_utf8(output.stdout).unwrap());
        count += 1;
    }
    assert!(count >= 3, "{count}");
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_example_over_http_is_true() {
    let mut demo = Demo(
        Command::new(BINARY)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(demo.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").unwrap().1;
    let mut count = 0;
    for (command, shown) in shown() {
        let Some(path) = command.strip_prefix("curl -s '127.0.0.1:8080") else { continue };
        let path = path.trim_end_matches('\'');
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: readme\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        compare(&command, &shown, answer.split_once("\r\n\r\n").unwrap().1);
        count += 1;
    }
    assert!(count >= 7, "{count}");
}

#[test]
fn every_flag_variable_and_exit_code_of_the_tables_is_there() {
    let readme = readme();
    for line in readme.lines().filter(|line| line.starts_with("| `--")) {
        let flag = line.trim_start_matches("| `").split(['`', ' ']).next().unwrap();
        let help = Command::new(BINARY).args(["serve", "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(flag), "{flag}");
        let variables = line.split('|').nth(2).unwrap();
        for variable in variables
            .split('`')
            .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        {
            assert!(help.contains(variable), "{variable}");
        }
    }
}
