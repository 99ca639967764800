//! The part of a target behind the question mark.

use crate::{error::Error, parse::boolean};

/// Decodes percent escapes, once. `None` for a malformed one or bytes that are not valid UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (high, low) = (after.first()?, after.get(1)?);
            let digit = |byte: &u8| char::from(*byte).to_digit(16);
            bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The parameters of a query, names decoded.
pub(super) struct Query<'a>(Vec<(String, &'a str)>);

/// A parameter that is present; its value is `None` if it cannot be decoded.
struct Given {
    value: Option<String>,
}

impl<'a> Query<'a> {
    /// Splits a query; a name that cannot be decoded is unknown, and is ignored.
    pub(super) fn parse(query: &'a str) -> Self {
        Self(
            query
                .split('&')
                .filter_map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    Some((decode(&name.replace('+', " "))?, value))
                })
                .collect(),
        )
    }

    fn find(&self, name: &'static str) -> Result<Option<Given>, Error> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Ok(Some(Given { value: decode(&value.replace('+', " ")) })),
            (Some(_), Some(_)) => Err(bad(name, "given only once")),
        }
    }

    /// A parameter as `read` understands it; `allowed` says what that is.
    pub(super) fn get<T>(
        &self,
        name: &'static str,
        allowed: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.find(name)? else { return Ok(None) };
        given.value.as_deref().and_then(read).map(Some).ok_or_else(|| bad(name, allowed))
    }

    /// A boolean; absent is false.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        Ok(self.get(name, "`true` or `false`", boolean)?.unwrap_or(false))
    }

    /// The text of a parameter, as it is.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        Ok(self.find(name)?.map(|given| given.value.unwrap_or_default()))
    }
}

fn bad(parameter: &'static str, allowed: &str) -> Error {
    Error::BadParameter { parameter, allowed: allowed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_or_not_at_all() {
        fn case(text: &str, expected: Option<&str>) {
            assert_eq!(decode(text).as_deref(), expected, "{text:?}");
        }
        case("k3s", Some("k3s"));
        case("%6b3s", Some("k3s"));
        case("%256b", Some("%6b"));
        case("%C3%A9", Some("é"));
        for text in ["%", "%6", "%zz", "%+1", "%ff", "%C3"] {
            case(text, None);
        }
    }
}
