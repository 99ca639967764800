//! Limits on time, bytes and lines, checked when they are made.

use std::time::Duration;

/// The bounds within which one answer is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one program may take, its end of output included.
    pub timeout: Duration,
    /// How many bytes of text an answer carries, for stdout and for stderr each.
    pub max_output: usize,
    /// How many log lines are returned when none are asked for.
    pub log_default: u32,
    /// The most log lines one answer returns.
    pub log_max: u32,
    /// The widest log window, in minutes.
    pub log_window: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            max_output: 16384,
            log_default: 200,
            log_max: 1000,
            log_window: 1440,
        }
    }
}

/// How many log lines are asked for, already clamped to what may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lines {
    requested: i64,
    clamped: u32,
}

impl Lines {
    /// The largest count that survives every JSON reader: 2^53 − 1.
    pub const SATURATED: i64 = (1 << 53) - 1;

    /// What was asked for, or the default of these limits.
    #[must_use]
    pub fn new(requested: Option<i64>, limits: &Limits) -> Self {
        let requested =
            requested.unwrap_or(i64::from(limits.log_default)).clamp(-Self::SATURATED, Self::SATURATED);
        let clamped = requested.clamp(1, i64::from(limits.log_max));
        Self { requested, clamped: u32::try_from(clamped).unwrap_or(limits.log_max) }
    }

    /// The number asked for, before clamping.
    #[must_use]
    pub fn requested(self) -> i64 {
        self.requested
    }

    /// The number journalctl is asked for: at least 1, at most the limit.
    #[must_use]
    pub fn clamped(self) -> u32 {
        self.clamped
    }
}

/// How grave an entry of a log is, from 0 (emerg) to 7 (debug): this and worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Priority(u8);

impl Priority {
    /// The gravest.
    pub const WORST: Self = Self(0);

    /// What may be given for one.
    pub const ALLOWED: &'static str =
        "a number from 0 to 7 or one of emerg, alert, crit, err, warning, notice, info, debug";

    /// Reads a number or a name of syslog(3), in lower case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const NAMES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        let number = NAMES.iter().position(|name| *name == text).or_else(|| match text.as_bytes() {
            [digit @ b'0'..=b'7'] => Some(usize::from(digit - b'0')),
            _ => None,
        })?;
        u8::try_from(number).ok().map(Self)
    }

    /// From 0 to 7.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

/// Reads an integer the way every parameter is read: `-?[0-9]+`, any length, saturated at
/// ±(2^53 − 1). `None` for anything else, a plus sign and blanks included.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(Lines::SATURATED).min(Lines::SATURATED);
    Some(if digits.len() < text.len() { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_any_length_are_read_and_nothing_else_is() {
        fn case(text: &str, expected: Option<i64>) {
            assert_eq!(integer(text), expected, "{text:?}");
        }
        case("5", Some(5));
        case("007", Some(7));
        case("-0", Some(0));
        case("-3", Some(-3));
        case("99999999999999999999999999", Some(Lines::SATURATED));
        case("-99999999999999999999999999", Some(-Lines::SATURATED));
        for text in ["", "-", "+7", "1.0", "1_0", " 1", "1 ", "0x1", "--1", "١"] {
            case(text, None);
        }
    }

    #[test]
    fn a_priority_is_a_number_or_a_name() {
        for (number, text) in
            ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"].iter().enumerate()
        {
            let by_name = Priority::parse(text).map(|priority| usize::from(priority.number()));
            assert_eq!(by_name, Some(number), "{text}");
            assert_eq!(Priority::parse(&number.to_string()), Priority::parse(text));
        }
        for text in ["", "8", "-1", "+3", "03", "ERR", "error", "warn", "3..4", "٣", " 3"] {
            assert_eq!(Priority::parse(text), None, "{text:?}");
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
        case(Some(i64::MAX), Lines::SATURATED, 1000);
    }
}
