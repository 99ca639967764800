//! Parsers for the values of settings. Each error says what is allowed.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;

use crate::{
    auth::{Address, Mode},
    service::{self, Service},
};

/// A boolean as in settings and queries, in any case; `None` if invalid.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "on"]) {
        Some(true)
    } else if is(["false", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

pub(super) fn boolean_setting(text: &str) -> Result<bool, String> {
    boolean(text).ok_or_else(|| "`true` or `false`".to_owned())
}

pub(super) fn on_or_off(text: &str) -> Result<bool, String> {
    boolean(text).ok_or_else(|| "`on` or `off`".to_owned())
}

pub(super) fn auth_mode(text: &str) -> Result<Mode, String> {
    match text {
        "any" => Ok(Mode::Any),
        "all" => Ok(Mode::All),
        _ => Err("`any` or `all`".to_owned()),
    }
}

/// At least one: an empty list would turn authentication off for an operator who meant to turn it on. An
/// invalid address is named in the error, since there may be many.
pub(super) fn addresses(text: &str) -> Result<Vec<Address>, String> {
    let allowed = "one or more comma-separated SS58 addresses";
    let named = text.split(',').map(str::trim).filter(|address| !address.is_empty());
    let addresses: Vec<_> = named
        .map(|address| {
            let unreadable = || format!("{allowed}; `{}` is not a valid one", address.escape_debug());
            Address::parse(address).ok_or_else(unreadable)
        })
        .collect::<Result<_, _>>()?;
    if addresses.is_empty() { Err(allowed.to_owned()) } else { Ok(addresses) }
}

pub(super) fn file_path(text: &str) -> Result<PathBuf, String> {
    std::path::absolute(text).map_err(|_| "a file path".to_owned())
}

pub(super) fn count(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}

/// A duration such as `1m30s`; a plain number is in seconds.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let duration = if plain {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        humantime::parse_duration(text).ok()
    };
    duration.filter(|duration| !duration.is_zero() && *duration <= Duration::from_mins(1)).ok_or_else(|| {
        "a duration greater than 0 and at most 60s, such as `10s` (a plain number is in seconds)".to_owned()
    })
}

/// A duration such as `1s`; a plain number is in seconds, and 0 disables caching.
pub(super) fn max_age(text: &str) -> Result<Duration, String> {
    let allowed = || "a duration of at most 60s, such as `1s`, or 0 to disable caching".to_owned();
    if text == "0" { Ok(Duration::ZERO) } else { timeout(text).map_err(|_| allowed()) }
}

pub(super) fn log_level(text: &str) -> Result<log::LevelFilter, String> {
    match text {
        "warn" => Ok(log::LevelFilter::Warn),
        "info" => Ok(log::LevelFilter::Info),
        "debug" => Ok(log::LevelFilter::Debug),
        _ => Err("`warn`, `info` or `debug`".to_owned()),
    }
}

pub(super) fn max_output(text: &str) -> Result<usize, String> {
    let bytes = text.parse::<ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
    bytes.filter(|bytes| (1024..=1_000_000).contains(bytes)).ok_or_else(|| {
        "a size from 1024 to 1000000 bytes, such as `16KiB` (a plain number is in bytes)".to_owned()
    })
}

pub(super) fn services(text: &str) -> Result<Vec<&'static Service>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(|id| {
            service::find(id).ok_or_else(|| "one or more service ids; see `sek8s-status services`".to_owned())
        })
        .collect()
}

pub(super) fn folders(text: &str) -> Result<Vec<PathBuf>, String> {
    text.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| std::path::absolute(folder).map_err(|_| "colon-separated directories".to_owned()))
        .collect()
}

pub(super) fn socket_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    // sockaddr_un has room for 108 bytes, the last of them 0 (unix(7)).
    if !path.is_absolute() || text.len() > 107 {
        return Err("an absolute path of at most 107 bytes".to_owned());
    }
    match path.parent().map(std::path::Path::is_dir) {
        Some(true) => Ok(path),
        _ => Err("a path in an existing directory".to_owned()),
    }
}

pub(super) fn mode(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| "octal permission bits, such as `0660`".to_owned())
}

pub(super) fn path_prefix(text: &str) -> Result<Option<String>, String> {
    let plain = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    if text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain)) {
        Ok(Some(text.to_owned()))
    } else {
        Err("a path such as `/status`, of letters, digits and `-._~`, with no trailing slash".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parsed_within_their_ranges() {
        #[expect(clippy::needless_pass_by_value, reason = "a table of cases reads better so")]
        fn case<T: std::fmt::Debug + PartialEq>(
            read: impl Fn(&str) -> Result<T, String>,
            text: &str,
            expected: Option<T>,
        ) {
            assert_eq!(read(text).ok(), expected, "{text:?}");
        }
        case(timeout, "10", Some(Duration::from_secs(10)));
        case(timeout, "0.5", Some(Duration::from_millis(500)));
        case(timeout, "1m", Some(Duration::from_mins(1)));
        for text in ["0", "0s", "61", "-1", "1e1", "ten", "", "."] {
            case(timeout, text, None);
        }
        case(max_output, "16KiB", Some(16384));
        case(max_output, "1024", Some(1024));
        case(max_output, "1MB", Some(1_000_000));
        for text in ["1023", "1000001", "-1", "lots", "16KiBs"] {
            case(max_output, text, None);
        }
        case(|text| count(text, 100, 10_000), "0100", Some(100));
        for text in ["99", "10001", "+100", "1_000", "1e3"] {
            case(|text| count(text, 100, 10_000), text, None);
        }
        case(mode, "0660", Some(0o660));
        case(mode, "1777", None);
        case(path_prefix, "/status", Some(Some("/status".to_owned())));
        for text in ["status", "/status/", "//", "/", "/a/../b", "/a b", "/%2f"] {
            case(path_prefix, text, None);
        }
    }

    #[test]
    fn booleans_have_eight_words_in_any_case() {
        for text in ["true", "1", "YES", "On"] {
            assert_eq!(boolean(text), Some(true));
        }
        for text in ["false", "0", "No", "OFF"] {
            assert_eq!(boolean(text), Some(false));
        }
        for text in ["", "2", "y", "enabled", " true"] {
            assert_eq!(boolean(text), None);
        }
    }
}
