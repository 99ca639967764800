//! Makes text from journals and programs harmless on a terminal.

use std::fmt::Write as _;

/// Makes control, escape, bidi and other invisible characters visible, newlines included, so that
/// the text is one line that can neither move the cursor nor pretend to be something else. A tab
/// stays.
pub(crate) fn line(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        push(&mut harmless, character);
    }
    harmless
}

/// The same for text from a client, cut after so many characters; an ellipsis stands for the rest.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => line(&text[..end]) + "…",
        None => line(text),
    }
}

/// The same for text of several lines: their ends stay.
pub(crate) fn lines(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' { harmless.push('\n') } else { push(&mut harmless, character) }
    }
    harmless
}

fn push(text: &mut String, character: char) {
    if is_harmful(character) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", character.escape_default());
    } else {
        text.push(character);
    }
}

/// Joiners (U+200C, U+200D) stay: scripts and emoji need them, and they hide nothing.
fn is_harmful(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
        || (character.is_control() && character != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_instead() {
        fn case(text: &str, expected: &str) {
            assert_eq!(line(text), expected);
        }
        case("plain\ttext é 日本 🚀👩‍💻 שלום", "plain\ttext é 日本 🚀👩‍💻 שלום");
        case("\u{1b}[31mred\u{1b}]0;title\u{7}", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}");
        case("one\ntwo\r", "one\\ntwo\\r");
        case("\u{202e}evil\u{2066}\u{200b}", "\\u{202e}evil\\u{2066}\\u{200b}");
        case("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}");
        assert_eq!(lines("one\ntwo\r"), "one\ntwo\\r");
        assert_eq!(bounded("é\nx", 3), "é\\nx");
        assert_eq!(bounded("é\nxy", 3), "é\\nx…");
    }
}
