//! Numbers and booleans as people write them, in settings and in queries alike.

/// The largest integer that survives every JSON reader: 2^53 − 1.
pub(crate) const SATURATED: i64 = (1 << 53) - 1;

/// An integer, `-?[0-9]+` of any length, saturated at ±[`SATURATED`]. `None` for anything else, a plus sign and blanks
/// included.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(SATURATED).min(SATURATED);
    Some(if digits.len() < text.len() { -size } else { size })
}

/// A whole number without a sign, `[0-9]+`; `None` for anything else and for what does not fit.
pub(crate) fn whole(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A boolean, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "on"]) {
        Some(true)
    } else if is(["false", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
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
        case("99999999999999999999999999", Some(SATURATED));
        case("-99999999999999999999999999", Some(-SATURATED));
        for text in ["", "-", "+7", "1.0", "1_0", " 1", "1 ", "0x1", "--1", "١"] {
            case(text, None);
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
