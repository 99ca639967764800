//! What can be asked of the server, in which pieces, and what comes of each.

use std::sync::Arc;

use super::single_flight::{Key, Queue, Shared};
use crate::{
    error::Error,
    report::{
        Body,
        gpu::{self, GpuReport},
        last_log::{LastLog, Run},
        logs,
        overview::Services,
    },
    service::Service,
};

/// What can be asked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Everything, with the verdict.
    Overview,
    /// One document of a program.
    One(Single),
}

/// What one program answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Single {
    /// The state of one service.
    Status(&'static Service),
    /// The log of one service.
    Logs(logs::Question),
    /// The GPUs.
    Gpu(gpu::Question),
}

/// What takes one program, or one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// With the log lines of those that ended badly, or without.
    AllServices {
        with_lines: bool,
    },
    LastLog(Run),
    One(Single),
}

impl Key for Part {
    fn queue(&self) -> Queue {
        match self {
            Self::One(Single::Gpu(_)) => Queue::NvidiaSmi,
            Self::One(Single::Status(_) | Single::Logs(_)) | Self::AllServices { .. } | Self::LastLog(_) => {
                Queue::Systemd
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Answer {
    AllServices(Arc<Services>),
    LastLog(Option<LastLog>),
    /// A document but for its age.
    Ageless(Arc<[u8]>),
    /// It as well, and what an overview makes of it.
    Gpu(Arc<GpuReport>, Arc<[u8]>),
}

impl Answer {
    /// Whether all that was asked has answered.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::AllServices(services) => services.statuses.iter().all(|status| status.error.is_none()),
            Self::Gpu(report, _) => report.error.is_none(),
            Self::LastLog(_) | Self::Ageless(_) => true,
        }
    }
}

/// A document, and whether a run was shared for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// As clients get it.
    pub body: Body,
    /// No program had to be started for this one.
    pub shared: bool,
}

/// One half of an overview.
pub(super) type Half = Result<Shared<Answer>, Error>;

pub(super) fn services_of(shared: Shared<Answer>) -> Result<Arc<Services>, Error> {
    match shared.answer {
        Answer::AllServices(services) => Ok(services),
        _ => Err(Error::Internal),
    }
}

pub(super) fn gpu_of(shared: Shared<Answer>) -> Result<Arc<GpuReport>, Error> {
    match shared.answer {
        Answer::Gpu(gpu, _) => Ok(gpu),
        _ => Err(Error::Internal),
    }
}

pub(super) fn aged(shared: &Shared<Answer>) -> Result<Body, Error> {
    match &shared.answer {
        Answer::Ageless(document) | Answer::Gpu(_, document) => Ok(Body::aged(document, shared.age)),
        Answer::AllServices(_) | Answer::LastLog(_) => Err(Error::Internal),
    }
}
