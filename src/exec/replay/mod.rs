//! Answers from a recording in the place of this machine. Starts nothing.

mod journal;
mod smi;
mod units;

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;

use super::{
    Detail, Followed, Gpu, Invocation, Sink,
    recording::{Asked, Recording, RecordingError, Run},
};
use crate::{error::Error, program::Exit, system::JournalFiles};

/// A confidential GPU VM on which one unit has failed. The answers of systemd were recorded; those of nvidia-smi were
/// written in its format, since the machine of the recording had no GPU.
const DEMO: &str = include_str!("demo.jsonl");

/// Answers every invocation as the recorded machine would.
#[derive(Debug)]
pub(super) struct Replay {
    recording: Recording,
}

/// What a program printed, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Answer<'a> {
    stdout: Cow<'a, str>,
    stderr: &'a str,
    end: Result<Exit, Error>,
}

impl Replay {
    pub(super) fn of(recording: Recording) -> Self {
        Self { recording }
    }

    /// Of the recording that is built in.
    pub(super) fn demo() -> Result<Self, RecordingError> {
        Recording::parse(DEMO).map(Self::of)
    }

    /// The moment for which all answers are true.
    pub(super) fn recorded_at(&self) -> Timestamp {
        self.recording.header.recorded_at
    }

    pub(super) fn driver_version(&self) -> Option<String> {
        self.recording.header.driver.clone()
    }

    pub(super) fn versions(&self) -> (Option<String>, Option<String>) {
        (self.recording.header.systemd.clone(), self.recording.header.kernel.clone())
    }

    pub(super) fn journal_files(&self) -> JournalFiles {
        self.recording.header.journal
    }

    /// The whole answer goes into the sinks at once. `limit` is what a run that was not over in time is said to have had.
    /// Errors: as they were recorded, and [`Error::NotRecorded`].
    pub(super) fn run(
        &self,
        invocation: &Invocation,
        limit: Duration,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Exit, Error> {
        let answer = self.answer(invocation, limit)?;
        // A sink that wants no more has what it wants: the program had ended anyway.
        let _ = stdout.feed(answer.stdout.as_bytes());
        let _ = stderr.feed(answer.stderr.as_bytes());
        answer.end
    }

    /// The recorded entries, and then the end: none ever follows.
    /// Errors: as [`Self::run`].
    pub(super) fn follow(
        &self,
        invocation: &Invocation,
        stdout: &mut dyn Sink,
        stderr: &mut dyn Sink,
    ) -> Result<Followed, Error> {
        let answer = self.answer(invocation, Duration::ZERO)?;
        let _ = stderr.feed(answer.stderr.as_bytes());
        for line in answer.stdout.split_inclusive('\n') {
            if stdout.feed(line.as_bytes()).is_break() {
                return Ok(Followed::Stopped);
            }
        }
        match answer.end {
            // Following has no time limit.
            Ok(Exit::Code(0)) | Err(Error::Timeout { .. }) => Ok(Followed::Stopped),
            Ok(exit) => Ok(Followed::Ended(exit)),
            Err(error) => Err(error),
        }
    }

    fn answer(&self, invocation: &Invocation, limit: Duration) -> Result<Answer<'_>, Error> {
        let program = invocation.program();
        let answer = |run, stdout| {
            let run: &Run = run;
            Answer { stdout, stderr: &run.stderr, end: run.end(program, limit) }
        };
        match invocation {
            Invocation::Show(services) => {
                let run = self.run_of(|asked| *asked == Asked::Units)?;
                let is_whole = run.end(program, limit).is_ok_and(Exit::is_success);
                Ok(answer(
                    run,
                    if is_whole { units::show(&run.stdout, services)? } else { Cow::from(&*run.stdout) },
                ))
            }
            Invocation::Journal { service, lines, priority, since } => {
                let run = self.run_of(|asked| journal::is_of(asked, service))?;
                let newest = journal::newest(&run.stdout, *lines, *priority, *since);
                Ok(answer(run, newest.concat().into()))
            }
            Invocation::Follow { service, lines, priority } => {
                let run = self.run_of(|asked| journal::is_of(asked, service))?;
                let mut newest = journal::newest(&run.stdout, *lines, *priority, None);
                newest.reverse();
                Ok(answer(run, newest.concat().into()))
            }
            Invocation::Smi { detail, gpu } => {
                let detail = *detail == Detail::Full;
                let run = self.run_of(|asked| *asked == Asked::Gpu { detail })?;
                self.of_gpu(run, *gpu, answer, |index| {
                    let count = self.indices().len();
                    if detail {
                        smi::report(&run.stdout, index, count)
                    } else {
                        smi::banner(&run.stdout, index)
                    }
                })
            }
            Invocation::Query { columns, gpu } => {
                let names = columns.names();
                let Some((run, recorded)) = self.rows_with(&names) else { return self.refusal(&names) };
                self.of_gpu(run, *gpu, answer, |index| {
                    Some(smi::rows(&run.stdout, recorded, &names, Some(index)))
                })
                .map(|found| match gpu {
                    Gpu::All if recorded != names => {
                        Answer { stdout: smi::rows(&run.stdout, recorded, &names, None).into(), ..found }
                    }
                    _ => found,
                })
            }
            Invocation::Remapped { gpu } => {
                let run = self.run_of(|asked| *asked == Asked::RemappedRows)?;
                self.of_gpu(run, *gpu, answer, |index| {
                    let uuid = self.uuid(index)?;
                    let is_of_it = |line: &&str| line.split(',').next() == Some(uuid.as_str());
                    Some(run.stdout.split_inclusive('\n').filter(is_of_it).collect())
                })
            }
        }
    }

    /// The recorded rows that have all of these columns, best exactly these, and the columns that they have.
    fn rows_with(&self, names: &[&str]) -> Option<(&Run, &[String])> {
        let rows = || {
            self.recording.runs.iter().filter_map(|run| match &run.asked {
                Asked::GpuRows { columns } => Some((run, columns.as_slice())),
                _ => None,
            })
        };
        let has_all =
            |columns: &[String]| names.iter().all(|name| columns.iter().any(|column| column == name));
        rows().find(|(_, columns)| *columns == names).or_else(|| {
            // A list that was refused says nothing of a shorter one.
            rows().find(|(run, columns)| run.exit_code != Some(2) && has_all(columns))
        })
    }

    /// What nvidia-smi says to a column that it does not know.
    /// Errors: [`Error::NotRecorded`] if no rows were recorded at all.
    fn refusal(&self, names: &[&str]) -> Result<Answer<'_>, Error> {
        let is_recorded = |name: &str| self.rows_with(&[name]).is_some();
        self.run_of(|asked| matches!(asked, Asked::GpuRows { .. }))?;
        let unknown =
            names.iter().find(|name| !is_recorded(name)).or(names.last()).ok_or(Error::NotRecorded)?;
        let stdout = format!("Field \"{unknown}\" is not a valid field to query.\n\n").into();
        Ok(Answer { stdout, stderr: "", end: Ok(Exit::Code(2)) })
    }

    /// The UUID of the GPU with this index.
    fn uuid(&self, index: &str) -> Option<String> {
        let (run, columns) = self.rows_with(&["index", "uuid"])?;
        let row = smi::rows(&run.stdout, columns, &["uuid"], Some(index));
        row.lines().next().map(str::to_owned)
    }

    fn run_of(&self, is_asked: impl Fn(&Asked) -> bool) -> Result<&Run, Error> {
        self.recording.runs.iter().find(|run| is_asked(&run.asked)).ok_or(Error::NotRecorded)
    }

    /// The answer about all GPUs, or of one what can be told from it.
    fn of_gpu<'a>(
        &self,
        run: &'a Run,
        gpu: Gpu,
        answer: impl Fn(&'a Run, Cow<'a, str>) -> Answer<'a>,
        one: impl Fn(&str) -> Option<String>,
    ) -> Result<Answer<'a>, Error> {
        let Gpu::Index(index) = gpu else { return Ok(answer(run, Cow::from(&*run.stdout))) };
        if run.exit_code != Some(0) {
            // Without a driver, its library or its right version, each GPU gets the same answer.
            return if matches!(run.exit_code, Some(9 | 12 | 18)) {
                Ok(answer(run, Cow::from(&*run.stdout)))
            } else {
                Err(Error::NotRecorded)
            };
        }
        let (indices, index) = (self.indices(), index.to_string());
        if indices.is_empty() {
            return Err(Error::NotRecorded);
        }
        if !indices.contains(&index.as_str()) {
            let none = Cow::from("No devices were found\n");
            return Ok(Answer { stdout: none, stderr: "", end: Ok(Exit::Code(6)) });
        }
        Ok(answer(run, one(&index).ok_or(Error::NotRecorded)?.into()))
    }

    /// The indices of all GPUs, in the order of their rows.
    fn indices(&self) -> Vec<&str> {
        let rows = self.recording.runs.iter().find_map(|run| match &run.asked {
            Asked::GpuRows { columns } if run.exit_code == Some(0) => {
                let at = columns.iter().position(|column| column == "index")?;
                Some(run.stdout.lines().filter_map(move |row| row.split(", ").nth(at)).collect())
            }
            _ => None,
        });
        rows.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
