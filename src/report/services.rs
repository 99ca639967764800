//! The allowlist as a document.

use serde::Serialize;

use crate::service::{self, Service};

/// `{"services":[{"id","unit","description"}]}`
#[derive(Debug, Serialize)]
pub(crate) struct Services {
    services: &'static [Service],
}

/// The document; nothing has to be asked for it.
pub(crate) fn list() -> Services {
    Services { services: service::all() }
}
