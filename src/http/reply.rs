//! What goes back: the only place that knows status codes.

use std::io::{self, Write};

use jiff::{Timestamp, fmt::rfc2822};
use serde::Serialize;
use tiny_http::{HTTPVersion, Method, Request};

use crate::{
    error::{Error, ErrorDocument},
    report::document,
};

/// A status and a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Reply {
    /// An answer.
    pub(super) fn ok(answer: &impl Serialize) -> Self {
        Self { status: 200, body: document(answer) }
    }

    /// Why there is none.
    pub(super) fn error(error: &Error) -> Self {
        Self { status: status(error), body: document(&ErrorDocument { detail: error }) }
    }

    /// Writes it. tiny_http's own responses name the server and are chunked when they are long,
    /// so the head is ours.
    pub(super) fn send(&self, request: Request) {
        let is_head = *request.method() == Method::Head;
        let head = self.head(connection(&request, self.status));
        let mut writer = request.into_writer();
        let mut write = || -> io::Result<()> {
            writer.write_all(head.as_bytes())?;
            if !is_head {
                writer.write_all(&self.body)?;
            }
            writer.flush()
        };
        if let Err(error) = write() {
            log::debug!("a client did not take its answer: {error}");
        }
    }

    fn head(&self, connection: Option<&str>) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
            self.status,
            phrase(self.status),
            self.body.len()
        );
        if let Ok(date) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()) {
            head.push_str(&format!("Date: {date}\r\n"));
        }
        if self.status == 405 {
            head.push_str("Allow: GET, HEAD\r\n");
        }
        if let Some(connection) = connection {
            head.push_str(&format!("Connection: {connection}\r\n"));
        }
        head.push_str("\r\n");
        head
    }
}

/// What to say of the connection: it ends when the client says so, and after a request that could
/// not be read, since nobody knows where the next one starts.
fn connection(request: &Request, status: u16) -> Option<&'static str> {
    let asked = request
        .headers()
        .iter()
        .find(|header| header.field.equiv("Connection"))
        .map(|header| header.value.as_str().to_ascii_lowercase())
        .unwrap_or_default();
    if status == 400 || asked.contains("close") {
        Some("close")
    } else if *request.http_version() == HTTPVersion(1, 0) {
        Some(if asked.contains("keep-alive") { "keep-alive" } else { "close" })
    } else {
        None
    }
}

fn status(error: &Error) -> u16 {
    match error {
        Error::BadGpu(_) | Error::BadRequest(_) => 400,
        Error::UnknownService(_) | Error::NotFound => 404,
        Error::MethodNotAllowed => 405,
        Error::BadParameter { .. } => 422,
        Error::CommandFailed { .. }
        | Error::UnreadableOutput(_)
        | Error::JournalPermission
        | Error::NoJournal => 502,
        Error::MissingBinary(_) => 503,
        Error::Timeout { .. } => 504,
        Error::NotStarted(..) | Error::Internal | Error::Interrupted(_) => 500,
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Content",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}
