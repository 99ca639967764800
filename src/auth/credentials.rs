//! The credentials of a request.

use std::fmt;

/// The headers that the schemes use.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) authorization: Shown,
    pub(super) hotkey: Shown,
    pub(super) nonce: Shown,
    pub(super) signature: Shown,
}

/// A header. Only a single readable value counts; the other cases differ only in the operator's log.
#[derive(Default, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// It was not sent.
    #[default]
    Missing,
    /// It was sent more than once.
    Repeated,
    /// Its value is not visible ASCII.
    Unreadable,
    /// Its value.
    Text(String),
}

impl Shown {
    /// The value, or what is wrong with the header: `is missing` and so on.
    pub(super) fn text(&self) -> Result<&str, &'static str> {
        match self {
            Self::Missing => Err("is missing"),
            Self::Repeated => Err("was sent more than once"),
            Self::Unreadable => Err("is not plain ASCII"),
            Self::Text(text) => Ok(text),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        *self == Self::Missing
    }
}

/// Secrets are not for logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Picks them out of all headers: name and value.
    pub fn of<'a>(headers: &(impl Iterator<Item = (&'a str, &'a [u8])> + Clone)) -> Self {
        let once = |name: &str| {
            let mut values = headers.clone().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            let Some((_, value)) = values.next() else { return Shown::Missing };
            let value = value.trim_ascii();
            if values.next().is_some() {
                Shown::Repeated
            } else if value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
                Shown::Text(String::from_utf8_lossy(value).into_owned())
            } else {
                Shown::Unreadable
            }
        };
        Self {
            authorization: once("Authorization"),
            hotkey: once("X-Chutes-Hotkey"),
            nonce: once("X-Chutes-Nonce"),
            signature: once("X-Chutes-Signature"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_headers_do_not_count() {
        let of = |headers: &[(&'static str, &'static [u8])]| {
            Credentials::of(&headers.iter().copied()).authorization.text().map(str::to_owned)
        };
        assert_eq!(of(&[("authorization", b" Bearer x ")]), Ok("Bearer x".to_owned()));
        assert_eq!(of(&[("X", b"y")]), Err("is missing"));
        assert_eq!(
            of(&[("Authorization", b"Bearer x"), ("AUTHORIZATION", b"Bearer x")]),
            Err("was sent more than once")
        );
        assert_eq!(of(&[("Authorization", b"Bearer \xff")]), Err("is not plain ASCII"));
        let shown = Credentials::of(&[("Authorization", &b"Bearer secret"[..])].into_iter());
        assert_eq!(format!("{shown:?}"), "Credentials");
    }
}
