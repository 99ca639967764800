//! Which services and GPUs a subcommand is about.

use crate::{
    error::Error,
    report::{Subject, listed, overview::Overview, reason::Reason},
};

/// Those that were named, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection(Vec<Subject>);

impl Selection {
    /// Reads ids of services, and `gpu`; none means all.
    /// Errors: [`Error::UnknownService`].
    pub(super) fn parse(ids: &[String]) -> Result<Self, Error> {
        let subject = |id: &String| match id.as_str() {
            "gpu" => Ok(Subject::Gpu),
            id => listed(id).map(Subject::Service),
        };
        ids.iter().map(subject).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn has(&self, subject: Subject) -> bool {
        self.0.is_empty() || self.0.contains(&subject)
    }

    /// Those of the reasons that are about them.
    pub(super) fn of<'a>(&self, reasons: &'a [Reason]) -> impl Iterator<Item = &'a Reason> {
        reasons.iter().filter(|reason| self.has(reason.subject))
    }

    /// `7 services and 8 GPUs healthy`.
    pub(super) fn all_is_well(&self, answer: &Overview) -> String {
        let services =
            answer.services.iter().filter(|service| self.has(Subject::Service(service.service))).count();
        let services = match services {
            0 => None,
            1 => Some("1 service".to_owned()),
            count => Some(format!("{count} services")),
        };
        let gpus = self.has(Subject::Gpu).then(|| match answer.gpu.rows().map(<[_]>::len) {
            Some(1) => "1 GPU".to_owned(),
            Some(count) => format!("{count} GPUs"),
            None => "the GPUs".to_owned(),
        });
        let parts: Vec<String> = [services, gpus].into_iter().flatten().collect();
        format!("{} healthy", parts.join(" and "))
    }
}
