//! What a request shows of itself, as far as it can be read.

use std::fmt;

/// The headers that the schemes look at. One that is missing, stands there twice, or is no visible ASCII
/// was not shown.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) authorization: Option<String>,
    pub(super) hotkey: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) signature: Option<String>,
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
            let value = values.next()?.1.trim_ascii();
            let is_alone = values.next().is_none();
            let is_text = value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
            (is_alone && is_text).then(|| String::from_utf8_lossy(value).into_owned())
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
    fn what_is_ambiguous_was_not_shown() {
        let of = |headers: &[(&'static str, &'static [u8])]| {
            Credentials::of(&headers.iter().copied()).authorization
        };
        assert_eq!(of(&[("authorization", b" Bearer x ")]), Some("Bearer x".to_owned()));
        assert_eq!(of(&[("X", b"y")]), None);
        assert_eq!(of(&[("Authorization", b"Bearer x"), ("AUTHORIZATION", b"Bearer x")]), None);
        assert_eq!(of(&[("Authorization", b"Bearer \xff")]), None);
        let shown = Credentials::of(&[("Authorization", &b"Bearer secret"[..])].into_iter());
        assert_eq!(format!("{shown:?}"), "Credentials");
    }
}
