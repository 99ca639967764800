//! What a request may be before anybody looks at its path.

use tiny_http::Request;

use crate::error::Error;

/// Refuses requests that carry a body or whose host is not said once.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    let count =
        |name: &'static str| request.headers().iter().filter(|header| header.field.equiv(name)).count();
    if count("Transfer-Encoding") > 0 || request.body_length().is_some_and(|length| length > 0) {
        return Err(Error::BadRequest("a body has no place here"));
    }
    if count("Content-Length") > 1 {
        return Err(Error::BadRequest("two lengths"));
    }
    match count("Host") {
        1 => Ok(()),
        // HTTP/1.0 knows no Host.
        0 if request.http_version() < &tiny_http::HTTPVersion(1, 1) => Ok(()),
        0 => Err(Error::BadRequest("no Host")),
        _ => Err(Error::BadRequest("two Hosts")),
    }
}
