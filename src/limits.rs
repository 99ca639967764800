//! Limits on time, bytes and lines, checked when they are made.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

use crate::parse::SATURATED;

/// The bounds within which one answer is collected: each number is in its range from the moment it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    timeout: Duration,
    max_output: usize,
    log_default: u32,
    log_max: u32,
    log_window: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(Duration::from_secs(10), 16384, 200, 1000, 1440)
    }
}

impl Limits {
    /// The longest time that one program may take.
    pub const TIMEOUT: Duration = Duration::from_mins(1);
    /// The bytes of text that an answer may carry.
    pub const MAX_OUTPUT: RangeInclusive<usize> = 1024..=1_000_000;
    /// The log lines that may be returned when none are asked for.
    pub const LOG_DEFAULT: RangeInclusive<u32> = 1..=5000;
    /// The most log lines that one answer may return.
    pub const LOG_MAX: RangeInclusive<u32> = 100..=10_000;
    /// The widest log window, in minutes.
    pub const LOG_WINDOW: RangeInclusive<u32> = 1..=10_080;

    /// These numbers, each clamped to its range.
    pub fn new(
        timeout: Duration,
        max_output: usize,
        log_default: u32,
        log_max: u32,
        log_window: u32,
    ) -> Self {
        fn clamp<T: Ord + Copy>(number: T, range: &RangeInclusive<T>) -> T {
            number.clamp(*range.start(), *range.end())
        }
        let log_max = clamp(log_max, &Self::LOG_MAX);
        Self {
            timeout: timeout.min(Self::TIMEOUT),
            max_output: clamp(max_output, &Self::MAX_OUTPUT),
            log_default: clamp(log_default, &Self::LOG_DEFAULT).min(log_max),
            log_max,
            log_window: clamp(log_window, &Self::LOG_WINDOW),
        }
    }

    /// How long one program may take, its end of output included.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many bytes of text an answer carries, for stdout and for stderr each.
    pub fn max_output(&self) -> usize {
        self.max_output
    }

    /// The widest log window, in minutes.
    pub fn log_window(&self) -> u32 {
        self.log_window
    }
}

/// How many log lines are asked for, already clamped to what may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lines {
    requested: i64,
    clamped: u32,
}

impl Lines {
    /// What was asked for, or the default of these limits.
    pub(crate) fn new(requested: Option<i64>, limits: &Limits) -> Self {
        let requested = requested.unwrap_or(i64::from(limits.log_default)).clamp(-SATURATED, SATURATED);
        let clamped = requested.clamp(1, i64::from(limits.log_max));
        Self { requested, clamped: u32::try_from(clamped).unwrap_or(limits.log_max) }
    }

    /// The number asked for, before clamping.
    pub(crate) fn requested(self) -> i64 {
        self.requested
    }

    /// The number journalctl is asked for: at least 1, at most the limit.
    pub(crate) fn clamped(self) -> u32 {
        self.clamped
    }
}

/// How grave an entry of a log is, from 0 (emerg) to 7 (debug): this and worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Priority(u8);

impl Priority {
    /// The gravest.
    pub(crate) const WORST: Self = Self(0);

    /// What may be given for one.
    pub(crate) const ALLOWED: &'static str =
        "a number from 0 to 7 or one of emerg, alert, crit, err, warning, notice, info, debug";

    /// From 0 to 7.
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl FromStr for Priority {
    type Err = ();

    /// Reads a number or a name of syslog(3), in lower case.
    fn from_str(text: &str) -> Result<Self, ()> {
        const NAMES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        let number = NAMES.iter().position(|name| *name == text).or_else(|| match text.as_bytes() {
            [digit @ b'0'..=b'7'] => Some(usize::from(digit - b'0')),
            _ => None,
        });
        number.and_then(|number| u8::try_from(number).ok()).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_a_number_or_a_name() {
        for (number, text) in
            ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"].iter().enumerate()
        {
            let by_name = text.parse::<Priority>().map(|priority| usize::from(priority.number()));
            assert_eq!(by_name, Ok(number), "{text}");
            assert_eq!(number.to_string().parse::<Priority>(), text.parse());
        }
        for text in ["", "8", "-1", "+3", "03", "ERR", "error", "warn", "3..4", "٣", " 3"] {
            assert_eq!(text.parse::<Priority>(), Err(()), "{text:?}");
        }
    }

    #[test]
    fn lines_are_clamped_and_remember_what_was_asked() {
        fn case(requested: Option<i64>, remembered: i64, clamped: u32) {
            let lines = Lines::new(requested, &Limits::default());
            assert_eq!((lines.requested(), lines.clamped()), (remembered, clamped));
        }
        case(None, 200, 200);
        case(Some(0), 0, 1);
        case(Some(-7), -7, 1);
        case(Some(5), 5, 5);
        case(Some(i64::MAX), SATURATED, 1000);
    }
}
