//! The recorded answer of `systemctl show`.

use std::borrow::Cow;

use crate::{
    error::Error,
    service::{self, Service},
};

/// The blocks of these services, in this order.
/// Errors: [`Error::NotRecorded`] for a service that has no block.
pub(super) fn show<'a>(recorded: &'a str, services: &[&'static Service]) -> Result<Cow<'a, str>, Error> {
    if services.iter().copied().eq(service::all()) {
        return Ok(Cow::from(recorded));
    }
    let blocks: Vec<&str> = recorded.trim_end().split("\n\n").collect();
    let block = |service: &Service| {
        let is_of_it =
            |block: &&&str| block.lines().any(|line| line.strip_prefix("Id=") == Some(service.unit()));
        let named = blocks.iter().find(is_of_it);
        // An alias has another name; then its place tells it.
        let place = service::all().iter().position(|one| one.id() == service.id());
        let placed =
            place.filter(|_| blocks.len() == service::all().len()).and_then(|place| blocks.get(place));
        named.or(placed).copied().ok_or(Error::NotRecorded)
    };
    let blocks: Vec<&str> = services.iter().map(|service| block(service)).collect::<Result<_, _>>()?;
    Ok(format!("{}\n", blocks.join("\n\n")).into())
}
