//! Records what the programs answer: each closed command once.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use super::{
    Ask, Entry, anonymous::Anonymous, gpu_banner, gpu_query, journal_keys::Keys, journal_record::record, tail,
};
use crate::{
    error::Error,
    exec::{
        Captured, Columns, Detail, Gpu, Head, Invocation, LineCutter,
        recording::{Asked, FORMAT, Header, Recording, Run, TEXT},
    },
    limits::Lines,
    program::Exit,
    redact,
    service::{self, Service},
};

/// Asks everything once, with so many entries of each service, and puts stand-ins in the place of the machine's names on
/// request. What a program does wrong is recorded as well.
/// Errors: only [`Error::Interrupted`].
pub(crate) fn collect(ask: &Ask, lines: Lines, is_anonymous: bool) -> Result<Recording, Error> {
    let (systemd, kernel) = ask.exec.versions();
    let header = Header {
        sek8s_status_recording: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        recorded_at: ask.exec.now(),
        systemd,
        kernel,
        driver: ask.exec.driver_version(),
        journal: ask.exec.journal_files(&[]),
        anonymous: is_anonymous,
    };
    let mut recorder = Recorder { ask, room: TEXT, runs: Vec::new() };
    recorder.text(Asked::Units, &Invocation::Show(service::all().iter().collect()))?;
    for detail in [Detail::Summary, Detail::Full] {
        let asked = Asked::Gpu { detail: detail == Detail::Full };
        recorder.text(asked, &Invocation::Smi { detail, gpu: Gpu::All })?;
    }
    recorder.rows()?;
    for service in service::all() {
        recorder.journal(service, lines)?;
    }
    let mut recording = Recording { header, runs: recorder.runs };
    if is_anonymous {
        Anonymous::of(&recording, ask.exec.recorded_at().is_none()).apply(&mut recording);
    }
    Ok(recording)
}

/// How many bytes a line has in the file, where some characters are escaped.
fn escaped(line: &str) -> usize {
    serde_json::to_string(line).map_or(0, |text| text.len())
}

/// How many secrets were taken out of a recording.
pub(crate) fn redacted(recording: &Recording) -> u64 {
    recording.runs.iter().map(|run| redact::count(&run.stdout) + redact::count(&run.stderr)).sum()
}

struct Recorder<'a> {
    ask: &'a Ask,
    /// How many bytes of text there is room for, as the file has them.
    room: usize,
    runs: Vec<Run>,
}

impl Recorder<'_> {
    fn text(&mut self, asked: Asked, invocation: &Invocation) -> Result<(), Error> {
        let (mut stdout, mut stderr) = (Head::new(self.room), Head::new(self.room));
        let begin = Instant::now();
        let end = self.ask.exec.run_with(invocation, self.ask.deadline(), &mut stdout, &mut stderr);
        self.keep(asked, invocation, begin.elapsed(), end, &stdout.captured(), &stderr.captured())
    }

    /// The rows with the columns that this driver knows. A list that it refuses is recorded, too: a replay asks in the same
    /// order.
    fn rows(&mut self) -> Result<(), Error> {
        let banner = self.runs.iter().find(|run| run.asked == Asked::Gpu { detail: false });
        let of_banner = banner.and_then(|run| gpu_banner::driver_version(&run.stdout).map(str::to_owned));
        let driver = self.ask.exec.driver_version().or(of_banner);
        let mut next = Some(Columns::of_driver(driver.as_deref()));
        while let Some(columns) = next {
            let names = columns.names().into_iter().map(str::to_owned).collect();
            self.text(Asked::GpuRows { columns: names }, &Invocation::Query { columns, gpu: Gpu::All })?;
            let is_refused = self.runs.last().is_some_and(|run| {
                run.exit_code == Some(2) && gpu_query::is_refusal(&run.stdout, &run.stderr)
            });
            next = columns.before().filter(|_| is_refused);
            if next.is_none() && columns.leaves_out_remapped_rows() {
                self.text(Asked::RemappedRows, &Invocation::Remapped { gpu: Gpu::All })?;
            }
        }
        Ok(())
    }

    /// The entries have only the fields that are used, so nothing else of the journal gets into the file.
    fn journal(&mut self, service: &'static Service, lines: Lines) -> Result<(), Error> {
        let redaction = self.ask.exec.redaction();
        let mut newest_first: VecDeque<Result<Entry, String>> = VecDeque::new();
        let (mut room, mut truncated) = (self.room, false);
        let mut cutter = LineCutter::new(room, |line| {
            let read = tail::read(line, redaction).ok_or_else(|| redaction.text(tail::text(line)));
            let length = match &read {
                Ok(entry) => record(entry).len(),
                Err(text) => text.len(),
            };
            match room.checked_sub(length + 1) {
                Some(left) if !truncated => {
                    room = left;
                    newest_first.push_back(read);
                }
                _ => truncated = true,
            }
            ControlFlow::Continue(())
        });
        let mut stderr = Head::new(self.room);
        let invocation = Invocation::Journal { service, lines, priority: None, since: None };
        let begin = Instant::now();
        let end = self.ask.exec.run_with(&invocation, self.ask.deadline(), &mut cutter, &mut stderr);
        let took = begin.elapsed();
        cutter.end();
        Keys::all(newest_first.iter_mut().rev().filter_map(|read| read.as_mut().ok()));
        let line = |read: Result<Entry, String>| read.map_or_else(|text| text, |entry| record(&entry)) + "\n";
        let text = newest_first.into_iter().map(line).collect();
        let asked = Asked::Journal { service: service.id().to_owned() };
        self.keep(asked, &invocation, took, end, &Captured { text, truncated }, &stderr.captured())
    }

    /// The whole lines that there is room for in the file, so that what was written can be read again.
    fn fitting(&mut self, captured: &Captured) -> Captured {
        let mut text = String::new();
        for line in captured.text.split_inclusive('\n') {
            let Some(room) = self.room.checked_sub(escaped(line)) else { break };
            self.room = room;
            text.push_str(line);
        }
        Captured { truncated: captured.truncated || text.len() < captured.text.len(), text }
    }

    fn keep(
        &mut self,
        asked: Asked,
        invocation: &Invocation,
        took: Duration,
        end: Result<Exit, Error>,
        stdout: &Captured,
        stderr: &Captured,
    ) -> Result<(), Error> {
        let (exit_code, signal, error) = match end {
            Err(error @ Error::Interrupted(_)) => return Err(error),
            Ok(Exit::Code(code)) => (Some(code), None, None),
            Ok(Exit::Signal(signal)) => (None, Some(signal), None),
            Err(error) => (None, None, Some(error.code().to_owned())),
        };
        let (stdout, stderr) = (self.fitting(stdout), self.fitting(stderr));
        self.runs.push(Run {
            asked,
            command: invocation.command(),
            exit_code,
            signal,
            error,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            truncated: stdout.truncated || stderr.truncated,
            stdout: stdout.text,
            stderr: stderr.text,
        });
        Ok(())
    }
}
