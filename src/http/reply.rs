//! Replies: the only place that knows status codes.

use jiff::{Timestamp, fmt::rfc2822};
use serde::Serialize;

use crate::{
    auth::{Refusal, Refused},
    error::{Error, ErrorDocument},
    report::{Body, document},
};

/// A status and a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    status: u16,
    is_busy: bool,
    /// The WWW-Authenticate header.
    challenge: Option<String>,
    /// The cause of an error, for the log.
    why: Option<String>,
    body: Body,
}

impl Reply {
    /// An answer.
    pub(super) fn ok(answer: &impl Serialize) -> Self {
        Self::document(document(answer).into())
    }

    /// An error.
    pub(super) fn error(error: &Error) -> Self {
        Self {
            status: status(error),
            is_busy: *error == Error::Busy,
            challenge: None,
            why: Some(error.to_string()),
            body: document(&ErrorDocument { detail: error }).into(),
        }
    }

    /// A refused request, with the schemes to authenticate by. The cause is only for the log.
    pub(super) fn refusal(refused: Refused, challenge: &str) -> Self {
        let (error, challenge) = match refused.refusal {
            Refusal::Unauthenticated => (Error::Unauthenticated, Some(challenge.to_owned())),
            Refusal::Forbidden => (Error::Forbidden, None),
        };
        Self { challenge, why: Some(refused.why), ..Self::error(&error) }
    }

    /// An answer that is a document already.
    pub(super) fn document(body: Body) -> Self {
        Self { status: 200, is_busy: false, challenge: None, why: None, body }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The cause of an error, for the log.
    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Bytes of the body.
    pub(super) fn length(&self) -> usize {
        self.body.length()
    }

    /// The whole reply; without the body if it is one to HEAD. `connection` is its Connection header.
    pub(super) fn to_bytes(&self, is_head: bool, connection: Option<&str>) -> Vec<u8> {
        let mut bytes = self.head(connection).into_bytes();
        if !is_head {
            bytes.extend(self.body.pieces().concat());
        }
        bytes
    }

    /// The body alone, which may be shared.
    pub(super) fn into_body(self) -> Body {
        self.body
    }

    /// What stands before the body. `connection` is what to say of that.
    pub(super) fn head(&self, connection: Option<&str>) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
            self.status,
            phrase(self.status),
            self.body.length()
        );
        if let Ok(date) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now()) {
            head.push_str(&format!("Date: {date}\r\n"));
        }
        if let Some(challenge) = &self.challenge {
            head.push_str(&format!("WWW-Authenticate: {challenge}\r\n"));
        }
        match self.status {
            405 => head.push_str("Allow: GET, HEAD\r\n"),
            // Runs are short, and answers are cached for a second.
            503 if self.is_busy => head.push_str("Retry-After: 1\r\n"),
            _ => {}
        }
        if let Some(connection) = connection {
            head.push_str(&format!("Connection: {connection}\r\n"));
        }
        head.push_str("\r\n");
        head
    }
}

fn status(error: &Error) -> u16 {
    match error {
        Error::BadGpu(_) | Error::BadRequest(_) => 400,
        Error::Unauthenticated => 401,
        Error::Forbidden => 403,
        Error::UnknownService(_) | Error::NotFound => 404,
        Error::MethodNotAllowed => 405,
        Error::RequestTimeout => 408,
        Error::TooLarge => 413,
        Error::UriTooLong => 414,
        Error::BadParameter { .. } => 422,
        Error::HeadersTooLarge => 431,
        Error::CommandFailed { .. }
        | Error::UnreadableOutput { .. }
        | Error::UnreadableJournal { .. }
        | Error::JournalPermission
        | Error::NoJournal => 502,
        Error::MissingBinary(_) | Error::Busy => 503,
        Error::Timeout { .. } | Error::DriverHung { .. } => 504,
        Error::NotStarted(..) | Error::Internal | Error::Interrupted(_) => 500,
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        422 => "Unprocessable Content",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    }
}
