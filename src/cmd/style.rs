//! Colours for words that say the same without them.

use owo_colors::Style as Codes;

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Something is to be looked at.
    Warning,
    /// Less important.
    Dim,
    Title,
}

/// Ends any style. These characters have no width and mean nothing on a terminal; text from
/// outside never holds them, since it was made harmless before. Tables measure the text they lay
/// out, so colour codes can only come in after that.
const END: char = '\u{2060}';
const STYLES: [Style; 5] = [Style::Good, Style::Bad, Style::Warning, Style::Dim, Style::Title];

impl Style {
    fn mark(self) -> char {
        match self {
            Self::Good => '\u{2061}',
            Self::Bad => '\u{2062}',
            Self::Warning => '\u{2063}',
            Self::Dim => '\u{2064}',
            Self::Title => '\u{206a}',
        }
    }

    fn codes(self) -> Codes {
        match self {
            Self::Good => Codes::new().green(),
            Self::Bad => Codes::new().red().bold(),
            Self::Warning => Codes::new().yellow(),
            Self::Dim => Codes::new().dimmed(),
            Self::Title => Codes::new().bold(),
        }
    }

    /// Marks the text; [`paint`] turns the marks into colours.
    pub(super) fn of(self, text: &str) -> String {
        format!("{}{text}{END}", self.mark())
    }
}

/// How many columns a text takes, marks left out.
pub(super) fn width(text: &str) -> usize {
    let is_mark = |character: char| character == END || STYLES.iter().any(|style| style.mark() == character);
    text.chars().filter(|character| !is_mark(*character)).count()
}

/// The text without its marks.
pub(super) fn plain(text: &str) -> String {
    paint(text, false)
}

/// Turns marks into colours, or takes them out.
pub(super) fn paint(text: &str, colors: bool) -> String {
    let mut painted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, style)) = next_mark(rest) {
        painted.push_str(&rest[..start]);
        let marked = &rest[start + style.mark().len_utf8()..];
        let end = marked.find(END).unwrap_or(marked.len());
        if colors {
            painted.push_str(&style.codes().style(&marked[..end]).to_string());
        } else {
            painted.push_str(&marked[..end]);
        }
        rest = marked[end..].strip_prefix(END).unwrap_or(&marked[end..]);
    }
    painted.push_str(rest);
    painted
}

fn next_mark(text: &str) -> Option<(usize, Style)> {
    text.char_indices().find_map(|(start, character)| {
        STYLES.into_iter().find(|style| style.mark() == character).map(|style| (start, style))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_or_nothing() {
        let text = format!("a {} b {}", Style::Good.of("ok"), Style::Title.of("T"));
        assert_eq!(paint(&text, false), "a ok b T");
        assert_eq!(paint(&text, true), "a \u{1b}[32mok\u{1b}[0m b \u{1b}[1mT\u{1b}[0m");
    }
}
