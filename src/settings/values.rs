//! What the values of settings are: how each kind is read and shown. An error says what is allowed.

use std::{fmt, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use bytesize::ByteSize;

use crate::{
    auth::Address,
    limits::Limits,
    parse::{boolean, whole},
    service::{self, Service},
};

/// What `serve` logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Refused and failed requests.
    Warn,
    /// Start and end as well.
    #[default]
    Info,
    /// Every request.
    Debug,
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            _ => Err("`warn`, `info` or `debug`".to_owned()),
        }
    }
}

impl From<LogLevel> for log::LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// Whether a GPU with a fault degrades.
pub(super) fn degrade_or_warn(text: &str) -> Result<bool, String> {
    match text {
        "degrade" => Ok(true),
        "warn" => Ok(false),
        _ => Err("`degrade` or `warn`".to_owned()),
    }
}

/// How many GPUs a machine has.
pub(super) fn gpus(text: &str) -> Result<Option<usize>, String> {
    let number = count(1..=1024)(text)?;
    Ok(usize::try_from(number).ok())
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    boolean(text).ok_or_else(|| "`true` or `false`".to_owned())
}

pub(super) fn on_or_off(text: &str) -> Result<bool, String> {
    boolean(text).ok_or_else(|| "`on` or `off`".to_owned())
}

/// Any name.
#[expect(clippy::unnecessary_wraps, reason = "a reader like the others")]
pub(super) fn word(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.to_owned()))
}

/// At least one: an empty list would turn authentication off for an operator who meant to turn it on. An
/// invalid address is named in the error, since there may be many.
pub(super) fn addresses(text: &str) -> Result<Vec<Address>, String> {
    let allowed = "one or more comma-separated SS58 addresses";
    let named = text.split(',').map(str::trim).filter(|address| !address.is_empty());
    let addresses: Vec<_> = named
        .map(|address| {
            let unreadable = |()| format!("{allowed}; `{}` is not a valid one", address.escape_debug());
            address.parse().map_err(unreadable)
        })
        .collect::<Result<_, _>>()?;
    if addresses.is_empty() { Err(allowed.to_owned()) } else { Ok(addresses) }
}

pub(super) fn address(text: &str) -> Result<Option<Address>, String> {
    let allowed = |()| "a valid SS58 address other than the all-zero account".to_owned();
    text.parse().map(Some).map_err(allowed)
}

pub(super) fn file_path(text: &str) -> Result<Option<PathBuf>, String> {
    std::path::absolute(text).map(Some).map_err(|_| "a file path".to_owned())
}

/// Reads a whole number in this range.
pub(super) fn count(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, String> {
    move |text| {
        whole(text)
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A duration such as `1m30s`; a plain number is in seconds.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let duration = if plain {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        humantime::parse_duration(text).ok()
    };
    duration.filter(|duration| !duration.is_zero() && *duration <= Limits::TIMEOUT).ok_or_else(|| {
        "a duration greater than 0 and at most 60s, such as `10s` (a plain number is in seconds)".to_owned()
    })
}

/// A duration such as `1s`; a plain number is in seconds, and 0 disables caching.
pub(super) fn max_age(text: &str) -> Result<Duration, String> {
    let allowed = || "a duration of at most 60s, such as `1s`, or 0 to disable caching".to_owned();
    if text == "0" { Ok(Duration::ZERO) } else { timeout(text).map_err(|_| allowed()) }
}

pub(super) fn max_output(text: &str) -> Result<usize, String> {
    let bytes = text.parse::<ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
    bytes.filter(|bytes| Limits::MAX_OUTPUT.contains(bytes)).ok_or_else(|| {
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

pub(super) fn duration(duration: &Duration) -> String {
    humantime::format_duration(*duration).to_string()
}

/// A duration such as `30s`; a plain number is in seconds, and 0 asks every time.
pub(super) fn health_age(text: &str) -> Result<Duration, String> {
    let plain = text.parse().ok().map(Duration::from_secs);
    let duration = plain.or_else(|| humantime::parse_duration(text).ok());
    duration
        .filter(|duration| *duration <= Duration::from_hours(1))
        .ok_or_else(|| "a duration of at most 1h, such as `30s`, or 0 to ask every time".to_owned())
}

/// None, one or several.
pub(super) fn all<'a, T: ToString + 'a>(values: impl IntoIterator<Item = &'a T>) -> String {
    values.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn paths<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> String {
    paths.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
}

pub(super) fn ids(services: &[&'static Service]) -> String {
    services.iter().map(|service| service.id()).collect::<Vec<_>>().join(",")
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
        case(count(100..=10_000), "0100", Some(100));
        for text in ["99", "10001", "+100", "1_000", "1e3"] {
            case(count(100..=10_000), text, None);
        }
        case(mode, "0660", Some(0o660));
        case(mode, "1777", None);
        case(path_prefix, "/status", Some(Some("/status".to_owned())));
        for text in ["status", "/status/", "//", "/", "/a/../b", "/a b", "/%2f"] {
            case(path_prefix, text, None);
        }
    }
}
