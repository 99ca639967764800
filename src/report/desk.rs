//! Answers for many at once: each question is asked once, whoever asks it, and fresh answers are given
//! out again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    Body, ageless, document,
    gpu::{self, GpuReport},
    health::HealthRule,
    logs, overview,
    status::{self, ServiceStatus},
};
use crate::{
    error::Error,
    exec::{Ask, Deadline, Executor, Flight, Landed, Lane},
    limits::Limits,
    service::{self, Service},
};

/// What can be asked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Everything, with the verdict.
    Overview,
    /// The state of one service.
    Status(&'static Service),
    /// The log of one service.
    Logs(logs::Question),
    /// The GPUs.
    Gpu(gpu::Question),
}

/// What takes one program, or one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    AllServices,
    Service(&'static Service),
    Logs(logs::Question),
    Gpu(gpu::Question),
}

impl Ask for Part {
    fn lane(&self) -> Lane {
        match self {
            Self::Gpu(_) => Lane::NvidiaSmi,
            _ => Lane::Systemd,
        }
    }
}

#[derive(Debug, Clone)]
enum Answer {
    AllServices(Arc<Vec<ServiceStatus>>),
    /// A document but for its age.
    Ageless(Arc<[u8]>),
    /// It as well, and what an overview makes of it.
    Gpu(Arc<GpuReport>, Arc<[u8]>),
}

/// A document, and whether a run was shared for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// As clients get it.
    pub body: Body,
    /// No program had to be started for this one.
    pub shared: bool,
}

/// Where questions are answered.
pub struct Desk {
    exec: Arc<Executor>,
    limits: Limits,
    rule: HealthRule,
    flight: Flight<Part, Answer>,
}

impl Desk {
    /// A desk whose answers are given out again for `max_age`.
    #[must_use]
    pub fn new(exec: Arc<Executor>, limits: Limits, rule: HealthRule, max_age: Duration) -> Self {
        Self { exec, limits, rule, flight: Flight::new(max_age) }
    }

    /// The limits of the answers.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers the questions of a lane until the desk is closed and none is left.
    pub fn work(&self, lane: Lane) {
        self.flight.work(lane, |part| self.collect(*part));
    }

    /// Tells those who wait too long.
    pub fn watch_the_clock(&self) {
        self.flight.watch_the_clock();
    }

    /// Lets the workers end when all questions are answered.
    pub fn close(&self) {
        self.flight.stop();
    }

    fn collect(&self, part: Part) -> Result<Answer, Error> {
        let (exec, limits) = (&self.exec, &self.limits);
        let deadline = Deadline::after(limits.timeout);
        Ok(match part {
            Part::AllServices => {
                let every: Vec<_> = service::all().iter().collect();
                Answer::AllServices(Arc::new(status::collect_all(exec, deadline, &self.rule, &every)?))
            }
            Part::Service(service) => {
                Answer::Ageless(ageless(&status::collect(exec, deadline, &self.rule, service)?))
            }
            Part::Logs(question) => {
                Answer::Ageless(ageless(&logs::collect(exec, limits, deadline, question)?))
            }
            Part::Gpu(question) => {
                let report = gpu::collect(exec, limits, deadline, question)?;
                let ageless = ageless(&report);
                Answer::Gpu(Arc::new(report), ageless)
            }
        })
    }

    /// Asks; `take` gets the document.
    pub fn ask(
        self: &Arc<Self>,
        question: Question,
        take: impl FnOnce(Result<Document, Error>) + Send + 'static,
    ) {
        let part = match question {
            Question::Overview => return self.ask_for_all(take),
            Question::Status(service) => Part::Service(service),
            Question::Logs(question) => Part::Logs(question),
            Question::Gpu(question) => Part::Gpu(question),
        };
        self.flight.ask(&part, Deadline::after(self.limits.timeout), |landed| {
            take(landed.and_then(|landed| Ok(Document { body: aged(&landed)?, shared: landed.shared })));
        });
    }

    /// The two halves of an overview are asked for by themselves, so that each is shared with whoever
    /// asks for it alone; the later one puts them together.
    fn ask_for_all(self: &Arc<Self>, take: impl FnOnce(Result<Document, Error>) + Send + 'static) {
        let deadline = Deadline::after(self.limits.timeout);
        let first = Arc::new(Mutex::new(None));
        let take = Arc::new(Mutex::new(Some(take)));
        for part in [Part::AllServices, Part::Gpu(gpu::Question::default())] {
            let (desk, first, take) = (Arc::clone(self), Arc::clone(&first), Arc::clone(&take));
            self.flight.ask(&part, deadline, move |landed| {
                let mut other = first.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(other) = other.take() else {
                    *other = Some(landed);
                    return;
                };
                let is_services = part == Part::AllServices;
                let (services, gpu) = if is_services { (landed, other) } else { (other, landed) };
                if let Some(take) = take.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    take(Ok(desk.overview(services, gpu)));
                }
            });
        }
    }

    fn overview(
        &self,
        services: Result<Landed<Answer>, Error>,
        gpu: Result<Landed<Answer>, Error>,
    ) -> Document {
        let parts = [services.as_ref().ok(), gpu.as_ref().ok()];
        let age = parts.iter().flatten().map(|part| part.age).max().unwrap_or_default();
        let shared = parts.iter().flatten().all(|part| part.shared);
        let services = services.and_then(|landed| match landed.answer {
            Answer::AllServices(services) => Ok(services),
            _ => Err(Error::Internal),
        });
        let gpu = gpu.and_then(|landed| match landed.answer {
            Answer::Gpu(gpu, _) => Ok(gpu),
            _ => Err(Error::Internal),
        });
        Document { body: document(&overview::of_parts(&self.exec, services, gpu, age)).into(), shared }
    }
}

fn aged(landed: &Landed<Answer>) -> Result<Body, Error> {
    match &landed.answer {
        Answer::Ageless(document) | Answer::Gpu(_, document) => Ok(Body::aged(document, landed.age)),
        Answer::AllServices(_) => Err(Error::Internal),
    }
}
