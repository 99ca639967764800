//! The state of one unit or of several, from one `systemctl show`.

use serde::Serialize;

use super::{
    Ask, Trouble, UnitStatus,
    clock::Clock,
    health::{Health, HealthRule},
    unit::{self, Block},
    unit_reason,
};
use crate::{
    error::{Error, Said},
    exec::{Executor, Head, Invocation},
    program::Program,
    service::{self, Service},
    system::Deadline,
};

/// The most an answer of `systemctl show` can be: its fixed list is far smaller.
const SHOW_LIMIT: usize = 64 * 1024;

/// One service's status document.
#[derive(Debug, Serialize)]
pub(crate) struct ServiceStatus {
    pub service: &'static Service,
    /// What systemd says of it; `None` when it could not be asked.
    pub status: Option<UnitStatus>,
    /// The verdict.
    pub healthy: bool,
    /// Why it could not be asked.
    pub error: Option<Error>,
    /// The verdict with its reason.
    #[serde(skip)]
    pub health: Option<Health>,
}

/// `{"services":[…]}`, for several ids on the command line.
#[derive(Debug, Serialize)]
pub(crate) struct Statuses {
    /// One document for each service, in the order asked.
    pub services: Vec<ServiceStatus>,
}

impl ServiceStatus {
    /// What is wrong with its unit, in one word; `None` if nothing is, or nothing is known.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let status = self.status.as_ref().filter(|_| !self.healthy)?;
        Some(unit_reason::of_unit(status, Clock::Absolute).trouble)
    }

    /// Whether its unit failed or ended badly, whatever its unit file is by now.
    pub(crate) fn ended_badly(&self) -> bool {
        self.status.as_ref().is_some_and(UnitStatus::ended_badly)
    }

    fn answered(service: &'static Service, status: UnitStatus, rule: &HealthRule) -> Self {
        let health = rule.judge(service, &status);
        Self {
            service,
            status: Some(status),
            healthy: health != Health::Unhealthy,
            error: None,
            health: Some(health),
        }
    }

    fn unanswered(service: &'static Service, error: Error) -> Self {
        Self { service, status: None, healthy: false, error: Some(error), health: None }
    }
}

/// All seven, when none could be asked.
pub(super) fn unanswered(error: &Error) -> Vec<ServiceStatus> {
    service::all().iter().map(|service| ServiceStatus::unanswered(service, error.clone())).collect()
}

/// Asks for one service.
/// Fails when systemctl could not be asked or gave no answer that makes sense.
pub(crate) fn collect(
    ask: &Ask,
    deadline: Deadline,
    service: &'static Service,
) -> Result<ServiceStatus, Error> {
    let status = show_one(&ask.exec, deadline, service)?;
    Ok(ServiceStatus::answered(service, status, &ask.rule))
}

/// Asks for several services in one call. One that could not be asked carries its error; when
/// the answers do not fit the questions, each service is asked by itself, until the deadline.
/// Errors: only [`Error::Interrupted`].
pub(crate) fn collect_all(
    ask: &Ask,
    deadline: Deadline,
    services: &[&'static Service],
) -> Result<Vec<ServiceStatus>, Error> {
    let each = |one: &dyn Fn(&'static Service) -> Result<UnitStatus, Error>| {
        services
            .iter()
            .map(|service| match one(service) {
                Ok(status) => Ok(ServiceStatus::answered(service, status, &ask.rule)),
                Err(Error::Interrupted(signal)) => Err(Error::Interrupted(signal)),
                Err(error) => Ok(ServiceStatus::unanswered(service, error)),
            })
            .collect()
    };
    match show(&ask.exec, deadline, services) {
        Show::Failed(error) => each(&|_| Err(error.clone())),
        Show::Answered(found, error) => {
            let mut found = found.into_iter();
            // One by itself, where the answer for all had none for it.
            let mut one = |service: &'static Service| match found.next().flatten() {
                Some(status) => Ok(status),
                None if services.len() == 1 => Err(error.clone()),
                None => show_one(&ask.exec, deadline, service),
            };
            let mut answers = Vec::with_capacity(services.len());
            for service in services {
                answers.push(match one(service) {
                    Ok(status) => ServiceStatus::answered(service, status, &ask.rule),
                    Err(error @ Error::Interrupted(_)) => return Err(error),
                    Err(error) => ServiceStatus::unanswered(service, error),
                });
            }
            Ok(answers)
        }
    }
}

fn show_one(exec: &Executor, deadline: Deadline, service: &'static Service) -> Result<UnitStatus, Error> {
    match show(exec, deadline, &[service]) {
        Show::Answered(found, error) => found.into_iter().next().flatten().ok_or(error),
        Show::Failed(error) => Err(error),
    }
}

enum Show {
    /// What was found of each service, in order; and why the others are missing.
    Answered(Vec<Option<UnitStatus>>, Error),
    /// There is no answer.
    Failed(Error),
}

fn show(exec: &Executor, deadline: Deadline, services: &[&'static Service]) -> Show {
    let program = Program::Systemctl;
    let mut stdout = Head::new(SHOW_LIMIT);
    let ended = exec.run(&Invocation::Show(services.to_vec()), deadline, &mut stdout);
    let answer = stdout.captured();
    let mut blocks = unit::parse(&answer.text);
    let (error, stderr) = match ended {
        Err(error @ Error::Interrupted(_)) => return Show::Failed(error),
        Ok(ended) if ended.exit.is_success() => {
            // Over its limit it is another program's answer.
            if answer.truncated {
                blocks.clear();
            }
            (None, ended.stderr.text)
        }
        Ok(ended) => {
            drop_unfinished(&mut blocks, &answer.text);
            (Some(ended.failure(program)), String::new())
        }
        Err(error) => {
            drop_unfinished(&mut blocks, &answer.text);
            (Some(error), String::new())
        }
    };
    let odd = || {
        let is_property = |line: &&str| line.split_once('=').is_some_and(|(name, _)| !name.contains(' '));
        let id = || answer.text.lines().find(|line| line.starts_with("Id="));
        let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
        first(&stderr)
            .or_else(|| {
                answer
                    .text
                    .lines()
                    .find(|line| !line.trim().is_empty() && !is_property(line))
                    .map(str::to_owned)
            })
            .or_else(|| id().map(str::to_owned))
    };
    let found: Vec<Option<Block>> = services
        .iter()
        .map(|service| {
            let position = blocks.iter().position(|block| block.fits(service))?;
            Some(blocks.swap_remove(position))
        })
        .collect();
    let is_complete = found.iter().all(Option::is_some);
    // Of an answer that is odd as a whole, only what has all states counts.
    let of = |block: Block| (is_complete || block.has_states()).then_some(block.status);
    let found: Vec<Option<UnitStatus>> = found.into_iter().map(|block| block.and_then(of)).collect();
    match error {
        // Every unit was shown before the program failed or ran out of time.
        Some(error) if is_complete => {
            log::debug!("{error} after a complete answer");
            Show::Answered(found, error)
        }
        // systemctl stops at the first unit it cannot show: the others may still have an answer.
        Some(error @ Error::CommandFailed { .. }) if !answer.text.is_empty() => Show::Answered(found, error),
        Some(error) => Show::Failed(error),
        None => Show::Answered(found, Error::UnreadableOutput { program, said: Said::of(odd().as_deref()) }),
    }
}

/// The last unit of an answer that broke off is shown in part: its states are missing, or less is said of it than of
/// the others.
fn drop_unfinished(blocks: &mut Vec<Block>, text: &str) {
    let most = blocks.iter().map(Block::lines).max().unwrap_or_default();
    let is_unfinished = |block: &Block| !text.ends_with('\n') || !block.has_states() || block.lines() < most;
    if blocks.last().is_some_and(is_unfinished) {
        blocks.pop();
    }
}
