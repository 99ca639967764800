//! The HTTP server: the gate handles clients, tiny_http requests, and the reports questions.

mod access;
mod causes;
mod expiry;
pub(crate) mod gate;
mod handler;
mod key_file;
mod keys;
mod listen;
mod notifier;
mod own_service;
mod parts;
mod peer;
mod query;
mod questions;
mod refusal;
mod reply;
mod reports;
mod requests;
pub(crate) mod route;
mod scrape;
mod server;
mod single_flight;
mod tls;
mod wire;

pub use self::{keys::Keys, refusal::Refusal};
pub(crate) use self::{
    listen::{Bound, bind, passed},
    reports::Reports,
    route::Paths,
    server::{Options, serve},
};
