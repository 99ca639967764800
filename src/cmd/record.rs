//! `record`: one file with what the programs answer, for a bug report or a test.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde::Serialize;

use super::{Failure, Outcome, Stage, screen::Screen};
use crate::{
    cli,
    error::Error,
    escape,
    limits::Lines,
    parse,
    report::{document, record},
    settings::SettingError,
};

/// What was written.
#[derive(Serialize)]
struct Written {
    file: String,
    commands: usize,
    bytes: usize,
    redacted: u64,
}

/// Makes the file with the privileges of the caller, and collects what goes into it without them.
pub(super) fn run(flags: &cli::Record, stage: Stage<'_>, screen: &mut Screen) -> Result<Outcome, Failure> {
    let lines = parse::integer(&flags.lines)
        .ok_or_else(|| Error::BadParameter { parameter: "lines", allowed: "a whole number".to_owned() })?;
    let name = flags.file.display().to_string();
    let unusable = |why: &str| SettingError::unusable("FILE", &name, why);
    if stage.start.is_secure() {
        return Err(unusable("not allowed: this binary is setuid or has file capabilities").into());
    }
    let file = create(&flags.file).map_err(|error| unusable(&why(&error)))?;
    let written = collect(file, flags, lines, stage).inspect_err(|_| {
        // What is not whole is of no use to anybody, and would be in the way of the next try.
        let _ = std::fs::remove_file(&flags.file);
    })?;
    if written.json {
        screen.write(&document(&written.what))?;
    } else {
        let Written { file, commands, bytes, redacted } = &written.what;
        screen.print(&format!(
            "{} commands recorded in {} ({} KiB, mode 0600); {redacted} secrets redacted\n\
             It holds logs of this machine: read it before you share it.\n\
             Try it: sek8s-status overview --replay {}\n",
            commands,
            escape::line(file),
            bytes.div_ceil(1024),
            escape::line(file),
        ))?;
    }
    Ok(Outcome::Well)
}

struct Done {
    what: Written,
    json: bool,
}

fn collect(mut file: File, flags: &cli::Record, lines: i64, stage: Stage<'_>) -> Result<Done, Failure> {
    let call = stage.call()?;
    let recording = record::collect(&call.ask, Lines::new(Some(lines), &call.ask.limits), flags.anonymous)?;
    let text = recording.write();
    file.write_all(text.as_bytes())?;
    let what = Written {
        file: flags.file.display().to_string(),
        commands: recording.runs.len(),
        bytes: text.len(),
        redacted: record::redacted(&recording),
    };
    Ok(Done { what, json: call.json })
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn why(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AlreadyExists {
        "it exists; name another file".to_owned()
    } else {
        error.to_string()
    }
}
