//! Why an HTTP request is refused: the request itself, or the question in it.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::error::Error;

/// Why a request is refused. `Display` is the message for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such path.
    NotFound,
    /// The path is known, the method is neither GET nor HEAD.
    MethodNotAllowed,
    /// A malformed or unsupported request; the text says what is wrong with it.
    Malformed(&'static str),
    /// The request carries no valid credentials.
    Unauthenticated,
    /// The client is authenticated and not authorized.
    Forbidden,
    /// No complete request arrived in time.
    RequestTimeout,
    /// A request with a large body.
    TooLarge,
    /// The request target is over its limit.
    UriTooLong,
    /// The head is over its limit, or has too many headers.
    HeadersTooLarge,
    /// The request is fine; its question has no answer.
    Asked(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

impl Refusal {
    /// The code that scripts and clients match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Malformed(_) => "bad_request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::RequestTimeout => "request_timeout",
            Self::TooLarge => "too_large",
            Self::UriTooLong => "uri_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::Asked(error) => error.code(),
        }
    }

    /// The status code of the reply.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Asked(Error::BadGpu(_)) => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::Asked(Error::UnknownService(_)) => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::TooLarge => 413,
            Self::UriTooLong => 414,
            Self::Asked(Error::BadParameter { .. }) => 422,
            Self::HeadersTooLarge => 431,
            Self::Asked(Error::NotStarted(..) | Error::Internal | Error::Interrupted(_)) => 500,
            Self::Asked(
                Error::CommandFailed { .. }
                | Error::UnreadableOutput { .. }
                | Error::UnreadableJournal { .. }
                | Error::JournalPermission
                | Error::NoJournal,
            ) => 502,
            Self::Asked(Error::MissingBinary(_) | Error::Busy | Error::NotRecorded) => 503,
            Self::Asked(Error::Timeout { .. } | Error::DriverHung { .. }) => 504,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such path"),
            Self::MethodNotAllowed => f.write_str("method not allowed; use GET or HEAD"),
            Self::Malformed(what) => write!(f, "bad request: {what}"),
            Self::Unauthenticated => f.write_str("authentication required"),
            Self::Forbidden => f.write_str("this key is not authorized"),
            Self::RequestTimeout => f.write_str("request timed out"),
            Self::TooLarge => f.write_str("request body too large; bodies are not accepted"),
            Self::UriTooLong => f.write_str("request target exceeds 4096 bytes"),
            Self::HeadersTooLarge => f.write_str("request head exceeds 16384 bytes or 64 headers"),
            Self::Asked(error) => write!(f, "{error}"),
        }
    }
}

/// `{"error":code,"message":text,…}`, the form of every error.
impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Asked(error) = self {
            return error.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("error", self.code())?;
        map.serialize_entry("message", &self.to_string())?;
        map.end()
    }
}
