//! What to do next, below a verdict.

use crate::report::{
    Subject, Trouble,
    reason::{Kind, Reason},
};

/// What to do next about the worst of the reasons.
pub(super) fn after(reasons: &[Reason], width: Option<u16>) -> String {
    let next = reasons.iter().find_map(|reason| match (&reason.kind, reason.subject) {
        (Kind::Unanswered(error), _) => {
            let advice = error.advice().unwrap_or_else(|| "see `sek8s-status privileges`".to_owned());
            let command = advice.strip_prefix("see `").and_then(|rest| rest.strip_suffix('`'));
            Some(command.map(str::to_owned).unwrap_or(advice))
        }
        // There is no log of it.
        (Kind::Unit(Trouble::NotFound), _) => None,
        (_, Subject::Gpu) => Some("sek8s-status gpu".to_owned()),
        (_, Subject::Service(service)) => Some(format!("sek8s-status logs {}", service.id())),
    });
    next.map(|next| line(&next, width)).unwrap_or_default()
}

/// The next command, on a line of its own where it would break otherwise.
fn line(command: &str, width: Option<u16>) -> String {
    let one_line = format!("Next: {command}");
    let fits = width.is_none_or(|width| one_line.chars().count() <= usize::from(width));
    if fits { format!("\n{one_line}\n") } else { format!("\nNext:\n  {command}\n") }
}
