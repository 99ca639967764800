//! Replies: status, headers and body.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, fmt::rfc2822};
use serde::Serialize;

use super::refusal::Refusal;
use crate::{
    auth::{Denial, Denied},
    error::{Error, ErrorDocument},
    report::{Body, document},
};

/// A status and a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    status: u16,
    is_busy: bool,
    /// The WWW-Authenticate header.
    challenge: Option<String>,
    /// The cause of an error, for the log.
    why: Option<String>,
    content_type: &'static str,
    body: Body,
}

const JSON: &str = "application/json";

/// What a reply says about the connection that it goes to. The names are those that the gate and tiny_http's side
/// give it between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    Close,
    KeepAlive,
    /// It stays open, which HTTP/1.1 assumes anyway.
    Unsaid,
}

impl fmt::Display for Persistence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close => "close",
            Self::KeepAlive => "keep-alive",
            Self::Unsaid => "unsaid",
        })
    }
}

impl FromStr for Persistence {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Close, Self::KeepAlive, Self::Unsaid].into_iter().find(|one| one.to_string() == text).ok_or(())
    }
}

impl Reply {
    pub(super) fn ok(answer: &impl Serialize) -> Self {
        Self::document(document(answer).into())
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self {
            status: refusal.status(),
            is_busy: *refusal == Refusal::Asked(Error::Busy),
            challenge: None,
            why: Some(refusal.to_string()),
            content_type: JSON,
            body: document(&ErrorDocument { detail: refusal }).into(),
        }
    }

    /// A request without valid credentials, with the schemes to authenticate by. The cause is only for the log.
    pub(super) fn denied(denied: Denied, challenge: &str) -> Self {
        let (refusal, challenge) = match denied.denial {
            Denial::Unauthenticated => (Refusal::Unauthenticated, Some(challenge.to_owned())),
            Denial::Forbidden => (Refusal::Forbidden, None),
        };
        Self { challenge, why: Some(denied.why), ..Self::refused(&refusal) }
    }

    /// An answer that is a document already.
    pub(super) fn document(body: Body) -> Self {
        Self::of_type(JSON, body)
    }

    /// An answer that is text of this type.
    pub(super) fn of_type(content_type: &'static str, body: Body) -> Self {
        Self { status: 200, is_busy: false, challenge: None, why: None, content_type, body }
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
    pub(super) fn to_bytes(&self, is_head: bool, connection: Persistence) -> Vec<u8> {
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
    pub(super) fn head(&self, connection: Persistence) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
            self.status,
            phrase(self.status),
            self.content_type,
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
        if connection != Persistence::Unsaid {
            head.push_str(&format!("Connection: {connection}\r\n"));
        }
        head.push_str("\r\n");
        head
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
