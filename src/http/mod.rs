//! The HTTP server: the gate handles clients, tiny_http requests, and the reports questions.

mod access;
mod expiry;
mod gate;
mod handler;
mod key_file;
mod keys;
mod listen;
mod notifier;
mod own_service;
mod peer;
mod query;
mod questions;
mod refusal;
mod reply;
mod reports;
mod route;
mod server;
mod single_flight;
mod tls;
mod wire;

pub use self::{
    keys::Keys,
    listen::{Bound, Listener, bind, passed},
    refusal::Refusal,
    reports::Reports,
    server::{Options, serve},
};

/// What the fuzz targets call.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    use crate::limits::Limits;

    /// A whole head has only what may be handed on.
    pub(crate) fn head(bytes: &[u8]) {
        super::gate::check_head(bytes);
    }

    pub(crate) fn route(method: &str, target: &str, limits: &Limits) {
        let _ = super::route::find(method, target, limits, Some("/status"));
    }
}
