//! Every message that a user or a client can get, in one snapshot, so that a change of wording is reviewed as a
//! diff: `INSTA_UPDATE=always cargo test messages`.

use std::{collections::BTreeSet, ffi::OsString, fmt::Write as _, fs, os::unix::ffi::OsStringExt};

use sek8s_status::{
    cli,
    inside::{
        Error, Exit, Given, GpuReason, Keys, NoteKind, Program, Refusal, Said, ServeSettings, Settings,
    },
};

use crate::{
    pki::Pki,
    server::Server,
    structure::{code, root, sources},
    stub::{Stub, folder},
    test::Test,
};

/// Values for every variant of an enum: does not compile while a variant is missing.
macro_rules! every {
    ($type:ty; $($pattern:pat => $($value:expr),+;)+) => {{
        let _exhaustive = |value: &$type| match value { $($pattern => ()),+ };
        [$($($value),+),+]
    }};
}

#[test]
fn every_message_reads_as_reviewed() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("messages", text());
    });
}

#[test]
fn no_message_or_help_text_uses_a_banned_phrase() {
    let mut text = text();
    let mut command = cli::command();
    command.build();
    text += &command.render_long_help().to_string();
    for subcommand in command.get_subcommands_mut() {
        text += &subcommand.render_long_help().to_string();
    }
    for banned in [
        "that is none",
        "` is none",
        "that is no ",
        "given out",
        "one a line",
        "a row a GPU",
        "says so",
        "has to ",
        "have to ",
        "may not be read",
        "may not be opened",
        "hoever",
        "obody has",
        "verybody",
        "who asks",
        "who he is",
        " folder",
    ] {
        for line in text.lines() {
            assert!(!line.contains(banned), "{banned:?}: {line}");
        }
    }
}

#[test]
fn every_short_help_fits_a_screen_of_80_columns() {
    let command = cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    for name in names.chain([""]) {
        let help =
            Test::new(&format!("{name} -h")).environment("COLUMNS", "80").any_stdout().status(0).stdout();
        let most = if name == "serve" { 40 } else { 24 };
        assert!(help.lines().count() <= most, "{} lines: {help}", help.lines().count());
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        let long = Test::new(&format!("{name} --help")).any_stdout().status(0).stdout();
        for heading in ["Limits:", "This host:"] {
            assert!(!help.contains(heading) && long.contains(heading), "{name}: {heading} is only in --help");
        }
    }
}

fn text() -> String {
    let mut text = String::new();
    for (title, messages) in [
        ("Errors: code, message for clients, message for operators where it has more", errors()),
        ("Refused requests: code, message", refusals()),
        ("Requests that are refused, over HTTP", requests()),
        ("Values of settings that are refused", settings()),
        ("Key files that are refused", key_files()),
        ("Notes about log entries", notes()),
        ("Failures of nvidia-smi: reason, text, hint", gpu_reasons()),
        ("Texts in the sources", literals()),
    ] {
        let _ = write!(text, "## {title}\n\n{messages}\n");
    }
    text
}

fn errors() -> String {
    let said = |text: &str| Said::from(text);
    let (limit, since) = (std::time::Duration::from_secs(10), "2026-11-24T11:51:44Z".to_owned());
    let errors = every! { Error;
        Error::UnknownService(_) => Error::UnknownService("sshd".to_owned());
        Error::BadGpu(_) => Error::BadGpu("-1".to_owned());
        Error::BadParameter { .. } =>
            Error::BadParameter { parameter: "lines", allowed: "a whole number".to_owned() };
        Error::MissingBinary(_) => Error::MissingBinary(Program::NvidiaSmi);
        Error::NotStarted(..) => Error::NotStarted(Program::Systemctl, said("Cannot allocate memory"));
        Error::Timeout { .. } =>
            Error::Timeout { program: Program::NvidiaSmi, limit, said: said("") },
            Error::Timeout { program: Program::Journalctl, limit, said: said("waiting for the disk") };
        Error::CommandFailed { .. } =>
            failed(Program::Systemctl, Exit::Code(1), "Failed to connect to bus"),
            failed(Program::Systemctl, Exit::Code(1), "systemctl: unrecognized option '--timestamp=us+utc'"),
            failed(Program::Journalctl, Exit::Code(1), "Failed to iterate through journal"),
            failed(Program::Journalctl, Exit::Code(0), ""),
            failed(Program::NvidiaSmi, Exit::Signal(11), "");
        Error::UnreadableOutput { .. } =>
            Error::UnreadableOutput { program: Program::Systemctl, said: said("disabled on this host") },
            Error::UnreadableOutput { program: Program::Journalctl, said: said("") };
        Error::JournalPermission => Error::JournalPermission;
        Error::NoJournal => Error::NoJournal;
        Error::UnreadableJournal { .. } =>
            Error::UnreadableJournal { said: said("Journal file system.journal is truncated, ignoring file.") };
        Error::Busy => Error::Busy;
        Error::DriverHung { .. } => Error::DriverHung { program: Program::NvidiaSmi, since };
        Error::NotRecorded => Error::NotRecorded;
        Error::Internal => Error::Internal;
        Error::Interrupted(_) => Error::Interrupted(2);
    };
    let mut text = String::new();
    for error in errors {
        let _ = writeln!(text, "{}\n  {error}", error.code());
        if error.sentence() != error.to_string() {
            let _ = writeln!(text, "  {}", error.sentence());
        }
    }
    text
}

fn refusals() -> String {
    let refusals = every! { Refusal;
        Refusal::NotFound => Refusal::NotFound;
        Refusal::MethodNotAllowed => Refusal::MethodNotAllowed;
        Refusal::Malformed(_) => Refusal::Malformed("malformed header");
        Refusal::Unauthenticated => Refusal::Unauthenticated;
        Refusal::Forbidden => Refusal::Forbidden;
        Refusal::RequestTimeout => Refusal::RequestTimeout;
        Refusal::TooLarge => Refusal::TooLarge;
        Refusal::UriTooLong => Refusal::UriTooLong;
        Refusal::HeadersTooLarge => Refusal::HeadersTooLarge;
        Refusal::Asked(_) => Refusal::Asked(Error::Busy);
    };
    refusals.iter().map(|refusal| format!("{}\n  {refusal}\n", refusal.code())).collect()
}

fn failed(program: Program, exit: Exit, said: &str) -> Error {
    Error::CommandFailed { program, exit, said: Said::from(said) }
}

fn requests() -> String {
    let server = Server::start(Test::new("serve --listen 127.0.0.1:0"));
    let (host, long) = ("Host: a\r\n", "x".repeat(17_000));
    let heads = [
        "GET /nowhere HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "POST /health HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /services/sshd/logs HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /services/k3s/logs?lines=x HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /services/k3s/logs?lines=1&lines=2 HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /services/k3s/logs?since_minutes=1441 HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /services/k3s/logs?entries=maybe HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /gpu/nvidia-smi?gpu=-1 HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "\r\n\r\nGET / HTTP/1.1\r\n".to_owned(),
        "G(T / HTTP/1.1\r\n".to_owned(),
        "GET / HTTP/2.0\r\n".to_owned(),
        "GET / HTTP/1.1 \r\n".to_owned(),
        "GET / HTTP/1.1\nHost: a\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost : a\r\n".to_owned(),
        "GET /é HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET /#x HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET / HTTP/1.1\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}{host}"),
        format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 0\r\nContent-Length: 0\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: x\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 5\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 10000\r\n"),
        format!("GET /{} HTTP/1.1\r\n{host}", &long[..5000]),
        format!("GET / HTTP/1.1\r\n{host}X: {long}\r\n"),
    ];
    let mut text = String::new();
    for head in heads {
        let mut connection = server.connect();
        connection.send(format!("{head}\r\n").as_bytes());
        let (status, detail) = connection.answer().error();
        let (error, message) = (detail["error"].as_str().unwrap(), detail["message"].as_str().unwrap());
        let _ = writeln!(text, "{status} {error}: {message}");
    }
    let mut count = 0;
    for file in ["head.rs", "body.rs"] {
        let source = fs::read_to_string(root().join("src/http/gate").join(file)).unwrap();
        for call in source.split("Malformed(\"").skip(1) {
            let what = call.split('"').next().unwrap();
            assert!(
                text.contains(&format!(": bad request: {what}\n")),
                "no request here is refused for: {what}"
            );
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
    text
}

/// What one value of one variable is refused with.
fn refused(variable: &str, value: &OsString, is_secure: bool) -> String {
    let environment = |name: &str| (name == variable).then(|| value.clone());
    let refused = Settings::resolve(&Given::default(), &environment, is_secure).err();
    let refused =
        refused.or_else(|| ServeSettings::resolve(&Given::default(), &environment, is_secure).err());
    refused.unwrap_or_else(|| panic!("{variable} may be {}", value.display())).to_string()
}

fn settings() -> String {
    let long = format!("/{}", "x".repeat(200));
    let cases = [
        ("timeout", "COMMAND_TIMEOUT_SECONDS", "61"),
        ("max-output", "MAX_OUTPUT_BYTES", "1"),
        ("log-default", "LOG_TAIL_DEFAULT", "0"),
        ("log-default", "LOG_TAIL_DEFAULT", "1001"),
        ("log-max", "LOG_TAIL_MAX", "99"),
        ("log-window", "LOG_WINDOW_MAX_MINUTES", "x"),
        ("masked-ok", "MASKED_OK", "k3s,sshd"),
        ("last-log", "LAST_LOG", "maybe"),
        ("redact", "REDACT", "some"),
        ("expect-gpus", "EXPECT_GPUS", "0"),
        ("gpu-health", "GPU_HEALTH", "maybe"),
        ("gpu-health-age", "GPU_HEALTH_AGE", "2h"),
        ("listen", "BIND_ADDRESS", "localhost"),
        ("listen", "PORT", "65536"),
        ("listen", "UDS_PATH", "/missing/http.sock"),
        ("listen", "UDS_PATH", &long),
        ("uds-mode", "UDS_MODE", "4755"),
        ("path-prefix", "PATH_PREFIX", "/status/"),
        ("max-connections", "MAX_CONNECTIONS", "0"),
        ("max-age", "MAX_AGE", "61"),
        ("log-level", "LOG_LEVEL", "loud"),
        ("tls-cert", "TLS_CERT_PATH", "/a"),
        ("tls-key", "TLS_KEY_PATH", "/a"),
        ("metrics", "METRICS", "maybe"),
        ("require-tls", "REQUIRE_TLS", "maybe"),
        ("require-tls", "REQUIRE_TLS", "true"),
        ("client-ca", "CLIENT_CA_PATH", "/a"),
        ("mtls-required", "MTLS_REQUIRED", "true"),
        ("allowed-validators", "ALLOWED_VALIDATORS", "5Grw"),
        ("allowed-validators", "ALLOWED_VALIDATORS", ","),
        ("miner-ss58", "MINER_SS58", "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM"),
        ("auth", "AUTH", "some"),
        ("auth", "AUTH", "all"),
    ];
    // Any path and any name is allowed for these, unless it is not text or the caller must not choose it.
    let of_host = [
        ("program-path", "PROGRAM_PATH"),
        ("journal-path", "JOURNAL_PATH"),
        ("run-as", "RUN_AS"),
        ("auth-token-file", "AUTH_TOKEN_FILE"),
    ];
    let mut text = String::new();
    for (_, variable, value) in cases {
        let _ = writeln!(text, "{}", refused(variable, &value.into(), false));
    }
    for (_, variable) in of_host {
        let _ = writeln!(text, "{}", refused(variable, &OsString::from_vec(vec![0xff]), false));
        let _ = writeln!(text, "{}", refused(variable, &"/a".into(), true));
    }
    let nothing = |_: &str| None;
    let global = Settings::resolve(&Given::default(), &nothing, false).unwrap();
    let serve = ServeSettings::resolve(&Given::default(), &nothing, false).unwrap();
    let known: BTreeSet<_> = cases.iter().map(|case| case.0).chain(of_host.iter().map(|one| one.0)).collect();
    for line in global.lines().into_iter().chain(serve.lines()) {
        assert!(known.contains(line.name), "no value of `{}` is refused here", line.name);
    }
    text
}

fn key_files() -> String {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    Pki::new(folder.path(), "ca").server("server").server("other");
    for (name, content) in [
        ("empty", &b""[..]),
        ("binary", b"\xff"),
        ("short", b"secret"),
        ("blanks", b"to be or not to be that is the question"),
        ("garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        fs::write(path(name), content).unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(path("large"), vec![b'x'; 1_048_577]).unwrap();
    fs::set_permissions(path("large"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(path("open"), "x".repeat(32)).unwrap();
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut text = String::new();
    for (variable, name) in [
        ("AUTH_TOKEN_FILE", "missing"),
        ("AUTH_TOKEN_FILE", "."),
        ("AUTH_TOKEN_FILE", "large"),
        ("AUTH_TOKEN_FILE", "open"),
        ("AUTH_TOKEN_FILE", "empty"),
        ("AUTH_TOKEN_FILE", "binary"),
        ("AUTH_TOKEN_FILE", "short"),
        ("AUTH_TOKEN_FILE", "blanks"),
        ("TLS_CERT_PATH", "empty"),
        ("TLS_CERT_PATH", "garbage"),
        ("TLS_KEY_PATH", "empty"),
        ("TLS_KEY_PATH", "other.key"),
        ("CLIENT_CA_PATH", "garbage"),
    ] {
        let environment = |asked: &str| -> Option<OsString> {
            match asked {
                _ if asked == variable => Some(path(name).into()),
                "TLS_CERT_PATH" => Some(path("server.pem").into()),
                "TLS_KEY_PATH" => Some(path("server.key").into()),
                _ => None,
            }
        };
        let settings = ServeSettings::resolve(&Given::default(), &environment, false).unwrap();
        let refused = Keys::read(&settings.auth).unwrap_err().to_string();
        let _ = writeln!(text, "{}", refused.replace(folder.path().to_str().unwrap(), "/etc"));
    }
    text
}

fn notes() -> String {
    let notes = every! { NoteKind;
        NoteKind::TimedOut => NoteKind::TimedOut;
        NoteKind::Failed => NoteKind::Failed;
        NoteKind::ActiveFileSkipped => NoteKind::ActiveFileSkipped;
        NoteKind::FilesSkipped => NoteKind::FilesSkipped;
        NoteKind::Warned => NoteKind::Warned;
        NoteKind::OnlySystemd => NoteKind::OnlySystemd;
    };
    notes.iter().map(|note| format!("{note}\n")).collect()
}

fn gpu_reasons() -> String {
    let reasons = every! { GpuReason;
        GpuReason::Argument => (GpuReason::Argument, "exit 2");
        GpuReason::Unsupported => (GpuReason::Unsupported, "exit 3");
        GpuReason::Permission => (GpuReason::Permission, "exit 4");
        GpuReason::NoDevices => (GpuReason::NoDevices, "exit 6");
        GpuReason::PowerCable => (GpuReason::PowerCable, "exit 8");
        GpuReason::DriverNotLoaded => (GpuReason::DriverNotLoaded, "exit 9");
        GpuReason::Timeout => (GpuReason::Timeout, "exit 10");
        GpuReason::Irq => (GpuReason::Irq, "exit 11");
        GpuReason::LibraryMissing => (GpuReason::LibraryMissing, "exit 12");
        GpuReason::FunctionMissing => (GpuReason::FunctionMissing, "exit 13");
        GpuReason::Inforom => (GpuReason::Inforom, "exit 14");
        GpuReason::GpuLost => (GpuReason::GpuLost, "exit 15");
        GpuReason::ResetRequired => (GpuReason::ResetRequired, "exit 16");
        GpuReason::OperatingSystem => (GpuReason::OperatingSystem, "exit 17");
        GpuReason::VersionMismatch => (GpuReason::VersionMismatch, "exit 18");
        GpuReason::Memory => (GpuReason::Memory, "exit 20");
        GpuReason::Loader => (GpuReason::Loader, "exit 127");
        GpuReason::Signal => (GpuReason::Signal, "kill -SEGV $$");
        GpuReason::Unknown =>
            (GpuReason::Unknown, "exit 99"),
            (GpuReason::Unknown, "echo 'Failed to do the impossible' >&2; exit 99");
    };
    let mut text = String::new();
    for (reason, script) in reasons {
        let ran = Test::new("overview --json").nvidia_smi(&Stub::acts(script)).any_stdout().status(1);
        let overview = ran.json();
        assert_eq!(overview["gpu"]["reason"], reason.code(), "{script}");
        let _ = writeln!(text, "{}\n  {}", reason.code(), overview["reasons"][0]["text"].as_str().unwrap());
        assert_eq!(overview["gpu"]["hint"].as_str(), reason.hint());
        if let Some(hint) = reason.hint() {
            let _ = writeln!(text, "  {hint}");
        }
    }
    text
}

/// The texts of several words in the sources: what the sections above cannot make, such as log lines, refusals
/// that only root gets, and notes on the terminal. Tests, recordings and the command line are left out.
fn literals() -> String {
    let source = root().join("src");
    let mut files = sources(&source);
    files.sort();
    let mut text = String::new();
    for path in files {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
        if name.starts_with("exec/demo")
            || name.ends_with("tests.rs")
            || matches!(&*name, "cli/help.rs" | "fuzzing.rs" | "exec/capture_properties.rs")
        {
            continue;
        }
        let texts: Vec<_> = strings(&code(&path)).into_iter().filter(|text| is_sentence(text)).collect();
        if !texts.is_empty() {
            let _ = writeln!(text, "{name}");
            for one in texts {
                let _ = writeln!(text, "  {}", one.escape_debug());
            }
        }
    }
    text.replace("\\\"", "\"").replace("\\'", "'")
}

/// At least two words, and not a template of HTTP.
fn is_sentence(text: &str) -> bool {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let is_word =
        |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    words.filter(is_word).count() > 1 && !text.contains("\r\n")
}

/// The string literals of code without comments, its attributes left out.
fn strings(code: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(['"', '#', '\'', '/']) {
        let (before, from) = rest.split_at(start);
        rest = if from.starts_with("//") {
            from.find('\n').map_or("", |end| &from[end..])
        } else if from.starts_with("#[") || from.starts_with("#![") {
            &from[from.find("]\n").map_or(from.len(), |end| end + 1)..]
        } else if let Some(character) =
            ["'\"'", "'#'", "'/'", "b'\"'", "'\\''"].iter().find(|one| from.starts_with(**one))
        {
            &from[character.len()..]
        } else if before.ends_with('r') && from.starts_with('"') {
            let (text, rest) = from[1..].split_once('"').unwrap();
            strings.push(text.to_owned());
            rest
        } else if let Some(raw) = from.strip_prefix("#\"").filter(|_| before.ends_with('r')) {
            let (text, rest) = raw.split_once("\"#").unwrap();
            strings.push(text.to_owned());
            rest
        } else if let Some(text) = from.strip_prefix('"') {
            let mut is_escaped = false;
            let end = text
                .find(|character| {
                    let is_end = character == '"' && !is_escaped;
                    is_escaped = character == '\\' && !is_escaped;
                    is_end
                })
                .unwrap();
            strings.push(unescaped(&text[..end]));
            &text[end + 1..]
        } else {
            &from[1..]
        };
    }
    strings
}

/// With the line breaks of the source closed, and quotes as they are.
fn unescaped(literal: &str) -> String {
    let mut text = String::new();
    let mut parts = literal.split("\\\n");
    text.push_str(parts.next().unwrap_or_default());
    parts.for_each(|part| text.push_str(part.trim_start()));
    text.replace("\\\"", "\"").replace("\\n", "\n").replace("\\r", "\r")
}

#[test]
fn the_reader_of_sources_sees_every_form_of_a_string() {
    let code = "#[expect(x, reason = \"not this\")]\nf('\"', b\"and \\\"this\\\" \\\n    one\", r#\"a \"raw\" one\"#, r\"b\"); // \"nor\"";
    assert_eq!(strings(code), ["and \"this\" one", "a \"raw\" one", "b"]);
}
