//! What a reason is about.

use serde::{Serialize, Serializer};

use crate::service::Service;

/// A service, or the GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Service(&'static Service),
    Gpu,
}

impl Subject {
    /// The service's id, or `gpu`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Service(service) => service.id(),
            Self::Gpu => "gpu",
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
