//! The state of one unit or of several, from one `systemctl show`.

use serde::Serialize;

use super::{
    Trouble, UnitStatus,
    health::{Health, HealthRule},
    unit::{self, Block},
    unit_reason::{self, Clock},
};
use crate::{
    error::{Error, Said},
    exec::{Deadline, Executor, Head, Invocation, Program},
    service::{self, Service},
};

/// The most an answer of `systemctl show` can be: its fixed list is far smaller.
const SHOW_LIMIT: usize = 64 * 1024;

/// One service's status document.
#[derive(Debug, Serialize)]
pub struct ServiceStatus {
    /// Which service.
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
pub struct Statuses {
    /// One document for each service, in the order asked.
    pub services: Vec<ServiceStatus>,
}

impl ServiceStatus {
    /// What is wrong with its unit, in one word; `None` if nothing is, or nothing is known.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        let status = self.status.as_ref().filter(|_| !self.healthy)?;
        Some(unit_reason::of_unit(status, Clock::Absolute).trouble)
    }

    /// Whether its unit failed or ended badly, whatever its unit file is by now.
    #[must_use]
    pub fn ended_badly(&self) -> bool {
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
///
/// # Errors
/// When systemctl could not be asked or gave no answer that makes sense.
pub fn collect(
    exec: &Executor,
    deadline: Deadline,
    rule: &HealthRule,
    service: &'static Service,
) -> Result<ServiceStatus, Error> {
    let status = show_one(exec, deadline, service)?;
    Ok(ServiceStatus::answered(service, status, rule))
}

/// Asks for several services in one call. One that could not be asked carries its error; when
/// the answers do not fit the questions, each service is asked by itself, until the deadline.
///
/// # Errors
/// Only [`Error::Interrupted`].
pub fn collect_all(
    exec: &Executor,
    deadline: Deadline,
    rule: &HealthRule,
    services: &[&'static Service],
) -> Result<Vec<ServiceStatus>, Error> {
    let each = |one: &dyn Fn(&'static Service) -> Result<UnitStatus, Error>| {
        services
            .iter()
            .map(|service| match one(service) {
                Ok(status) => Ok(ServiceStatus::answered(service, status, rule)),
                Err(Error::Interrupted(signal)) => Err(Error::Interrupted(signal)),
                Err(error) => Ok(ServiceStatus::unanswered(service, error)),
            })
            .collect()
    };
    match show(exec, deadline, services) {
        Show::Fits(blocks) => Ok(services
            .iter()
            .zip(blocks)
            .map(|(service, block)| ServiceStatus::answered(service, block.status, rule))
            .collect()),
        Show::Misfit(error) if services.len() == 1 => each(&|_| Err(error.clone())),
        Show::Misfit(_) => each(&|service| show_one(exec, deadline, service)),
        Show::Failed(error) => each(&|_| Err(error.clone())),
    }
}

fn show_one(exec: &Executor, deadline: Deadline, service: &'static Service) -> Result<UnitStatus, Error> {
    match show(exec, deadline, &[service]) {
        Show::Fits(blocks) => blocks
            .into_iter()
            .next()
            .map(|block| block.status)
            .ok_or_else(|| Error::UnreadableOutput { program: Program::Systemctl, said: Said::default() }),
        Show::Misfit(error) | Show::Failed(error) => Err(error),
    }
}

enum Show {
    /// One block for each service, in order.
    Fits(Vec<Block>),
    /// There is an answer, but not the one to this question.
    Misfit(Error),
    /// There is no answer.
    Failed(Error),
}

fn show(exec: &Executor, deadline: Deadline, services: &[&'static Service]) -> Show {
    let mut stdout = Head::new(SHOW_LIMIT);
    let ended = exec.run(&Invocation::show(services), deadline, &mut stdout);
    let answer = stdout.captured();
    let blocks = unit::parse(&answer.text);
    let fits = !answer.truncated
        && blocks.len() == services.len()
        && blocks.iter().zip(services).all(|(block, service)| block.fits(service));
    let error = match ended {
        Err(error @ Error::Interrupted(_)) => return Show::Failed(error),
        Ok(ended) if ended.exit.is_success() => {
            if fits {
                return Show::Fits(blocks);
            }
            let said = [&ended.stderr.text, &answer.text].into_iter().find(|text| !text.trim().is_empty());
            let said = Said::from(said.map_or("", |text| text.as_str()));
            return Show::Misfit(Error::UnreadableOutput { program: Program::Systemctl, said });
        }
        Ok(ended) => ended.failure(Program::Systemctl),
        Err(error) => error,
    };
    // Every unit was shown before the program failed or ran out of time.
    if fits && answer.text.ends_with('\n') && blocks.iter().all(Block::has_states) {
        return Show::Fits(blocks);
    }
    // systemctl stops at the first unit it cannot show: the others may still have an answer.
    let may_have_others = matches!(error, Error::CommandFailed { .. }) && !answer.text.is_empty();
    if may_have_others { Show::Misfit(error) } else { Show::Failed(error) }
}
