//! Answers for many at once: equal questions share one run, and fresh answers are reused.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use super::{
    causes::{log_cause, log_causes, log_notes},
    parts::{Answer, Document, Half, Part, Question, Single, aged, gpu_of, services_of},
    scrape::{Record, Scrape, Source},
    single_flight::{Queue, SLACK, SingleFlight},
};
use crate::{
    error::Error,
    limits::Limits,
    report::{
        Ask, Body, ageless,
        gpu::{self, GpuReport},
        gpu_ask,
        last_log::{self, LastLog, LastLogs, Run},
        logs,
        overview::{self, Services},
        status,
    },
    service,
    system::{Deadline, lock},
};

/// The reports, each collected once for all requests that ask for it.
pub(crate) struct Reports {
    ask: Ask,
    last_logs: LastLogs,
    last_overview: Mutex<Option<Composed>>,
    flight: SingleFlight<Part, Answer>,
    record: Record,
}

/// An overview but for its age, and the two answers that it was made of.
type Composed = (Arc<Services>, Arc<GpuReport>, Arc<[u8]>);

impl Reports {
    /// Answers are reused for `max_age`.
    pub(crate) fn new(ask: Ask, last_logs: LastLogs, max_age: Duration) -> Self {
        Self {
            ask,
            last_logs,
            last_overview: Mutex::default(),
            flight: SingleFlight::new(max_age),
            record: Record::default(),
        }
    }

    /// The limits of the answers.
    pub(crate) fn limits(&self) -> &Limits {
        &self.ask.limits
    }

    /// Answers the questions of a queue until this is closed and none is left.
    pub(crate) fn work(self: &Arc<Self>, queue: Queue) {
        self.flight.work(queue, |part| {
            let begin = Instant::now();
            let answer = self.collect(part).inspect_err(log_cause);
            let source = match part {
                Part::AllServices { .. } => Source::Systemd,
                Part::One(Single::Gpu(question)) if *question == gpu::Question::OVERVIEW => Source::NvidiaSmi,
                Part::One(_) | Part::LastLog(_) => return answer,
            };
            self.record.ran(source, begin.elapsed(), answer.as_ref().is_ok_and(Answer::is_whole));
            answer
        });
    }

    /// Tells those who wait too long.
    pub(crate) fn watch_the_clock(&self) {
        self.flight.watch_the_clock();
    }

    /// Lets the workers end when all questions are answered.
    pub(crate) fn close(&self) {
        self.flight.stop();
    }

    fn collect(&self, part: &Part) -> Result<Answer, Error> {
        let ask = &self.ask;
        let deadline = ask.deadline();
        Ok(match part {
            Part::AllServices { with_lines } => {
                let every: Vec<_> = service::all().iter().collect();
                let statuses = status::collect_all(ask, deadline, &every)?;
                log_causes(&statuses);
                let lines = |runs| Ok(self.ask_for_lines(runs));
                let last_logs = if *with_lines { &self.last_logs } else { &LastLogs::new(false) };
                let services = Services::with_last_logs(statuses, last_logs, ask.exec.now(), lines)?;
                Answer::AllServices(Arc::new(services))
            }
            Part::One(Single::Status(service)) => {
                Answer::Ageless(ageless(&status::collect(ask, deadline, service)?))
            }
            Part::One(Single::Logs(question)) => {
                let logs = logs::collect(ask, deadline, *question)?;
                log_notes(&logs);
                self.record.redacted(logs.redacted);
                Answer::Ageless(ageless(&logs))
            }
            Part::One(Single::Gpu(question)) => {
                let report = gpu_ask::collect(ask, deadline, *question)?;
                if let Some(error) = &report.query_error {
                    log_cause(error);
                }
                self.record.redacted(report.redacted);
                let ageless = ageless(&report);
                Answer::Gpu(Arc::new(report), ageless)
            }
            Part::LastLog(run) => {
                let deadline = deadline.or_in(last_log::PATIENCE);
                Answer::LastLog(last_log::collect(ask, deadline, run)?)
            }
        })
    }

    /// Asks for log lines like any other question, and waits for them in this worker: there is one such worker at
    /// most, since all ask for the services in one run, and the others of its queue find the lines.
    fn ask_for_lines(&self, runs: Vec<Run>) -> Vec<(Run, Option<LastLog>)> {
        let deadline = Deadline::after(last_log::PATIENCE);
        let (found, lines) = mpsc::channel();
        let mut missing = runs.len();
        for run in runs {
            let found = found.clone();
            self.flight.ask(&Part::LastLog(run.clone()), deadline, move |shared| {
                let line = match shared.map(|shared| shared.answer) {
                    Ok(Answer::LastLog(line)) => line,
                    _ => None,
                };
                // It comes too late where the waiting is over.
                let _ = found.send((run, line));
            });
        }
        let mut in_time = Vec::new();
        while missing > 0
            && let Ok(line) = lines.recv_timeout(deadline.left())
        {
            in_time.push(line);
            missing -= 1;
        }
        in_time
    }

    /// Asks; `take` gets the document.
    pub(crate) fn ask(
        self: &Arc<Self>,
        question: Question,
        take: impl FnOnce(Result<Document, Error>) + Send + 'static,
    ) {
        let part = match question {
            Question::Overview => return self.ask_for_overview(take),
            Question::One(single) => Part::One(single),
        };
        self.flight.ask(&part, self.ask.deadline(), |shared| {
            take(shared.and_then(|shared| Ok(Document { body: aged(&shared)?, shared: shared.reused })));
        });
    }

    fn ask_for_overview(self: &Arc<Self>, take: impl FnOnce(Result<Document, Error>) + Send + 'static) {
        let reports = Arc::clone(self);
        self.ask_for_all(true, self.ask.deadline(), move |services, gpu| {
            take(Ok(reports.overview(services, gpu)));
        });
    }

    /// Asks for what monitors read, for so long at most; `take` gets it with what has come by then.
    pub(super) fn ask_for_metrics(
        self: &Arc<Self>,
        patience: Duration,
        take: impl FnOnce(Scrape) + Send + 'static,
    ) {
        let reports = Arc::clone(self);
        // Who waits is told that much after the deadline.
        let deadline = Deadline::after(patience.saturating_sub(SLACK));
        self.ask_for_all(false, deadline, move |services, gpu| take(reports.scrape(services, gpu)));
    }

    /// The two halves of an overview are asked for by themselves, so that each is shared with requests for it
    /// alone; the later one puts them together.
    fn ask_for_all(
        &self,
        with_lines: bool,
        deadline: Deadline,
        take: impl FnOnce(Half, Half) + Send + 'static,
    ) {
        let first = Arc::new(Mutex::new(None));
        let take = Arc::new(Mutex::new(Some(take)));
        for part in [Part::AllServices { with_lines }, Part::One(Single::Gpu(gpu::Question::OVERVIEW))] {
            let (first, take) = (Arc::clone(&first), Arc::clone(&take));
            let is_services = part == Part::AllServices { with_lines };
            self.flight.ask(&part, deadline, move |shared| {
                let mut other = lock(&first);
                let Some(other) = other.take() else {
                    *other = Some(shared);
                    return;
                };
                let (services, gpu) = if is_services { (shared, other) } else { (other, shared) };
                if let Some(take) = lock(&take).take() {
                    take(services, gpu);
                }
            });
        }
    }

    fn scrape(&self, services: Half, gpu: Half) -> Scrape {
        let has_answered =
            [&services, &gpu].map(|half| half.as_ref().is_ok_and(|shared| shared.answer.is_whole()));
        let (services, gpu) = (services.and_then(services_of), gpu.and_then(gpu_of));
        let overview = overview::of_parts(&self.ask.exec, services, gpu, Duration::ZERO, false);
        let expected = self.ask.gpus_expected();
        Scrape::new(overview, &self.record, has_answered, expected, &self.ask.exec)
    }

    fn overview(&self, services: Half, gpu: Half) -> Document {
        let parts = [services.as_ref().ok(), gpu.as_ref().ok()];
        let age = parts.iter().flatten().map(|part| part.age).max().unwrap_or_default();
        let shared = parts.iter().flatten().all(|part| part.reused);
        let (services, gpu) = (services.and_then(services_of), gpu.and_then(gpu_of));
        let made = |services, gpu| {
            ageless(&overview::of_parts(&self.ask.exec, services, gpu, age, self.last_logs.is_on()))
        };
        let document = match (services, gpu) {
            (Ok(services), Ok(gpu)) => self.composed(&services, &gpu, made),
            (services, gpu) => made(services, gpu),
        };
        Document { body: Body::aged(&document, age), shared }
    }

    /// The overview of these two answers but for its age: made once, so that all its readers share the bytes.
    fn composed(
        &self,
        services: &Arc<Services>,
        gpu: &Arc<GpuReport>,
        made: impl FnOnce(Result<Arc<Services>, Error>, Result<Arc<GpuReport>, Error>) -> Arc<[u8]>,
    ) -> Arc<[u8]> {
        let mut last = lock(&self.last_overview);
        if let Some((of_services, of_gpu, document)) = &*last
            && Arc::ptr_eq(of_services, services)
            && Arc::ptr_eq(of_gpu, gpu)
        {
            return Arc::clone(document);
        }
        let document = made(Ok(Arc::clone(services)), Ok(Arc::clone(gpu)));
        *last = Some((Arc::clone(services), Arc::clone(gpu), Arc::clone(&document)));
        document
    }
}
