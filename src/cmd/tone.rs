//! Colours for words that say the same without them.

use owo_colors::Style;

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Something is to be looked at.
    Warning,
    /// Less important.
    Dim,
    /// A title.
    Title,
}

/// Ends any tone. These characters have no width and mean nothing on a terminal; text from
/// outside never holds them, since it was made harmless before. Tables measure the text they lay
/// out, so colour codes can only come in after that.
const END: char = '\u{2060}';
const TONES: [Tone; 5] = [Tone::Good, Tone::Bad, Tone::Warning, Tone::Dim, Tone::Title];

impl Tone {
    fn mark(self) -> char {
        match self {
            Self::Good => '\u{2061}',
            Self::Bad => '\u{2062}',
            Self::Warning => '\u{2063}',
            Self::Dim => '\u{2064}',
            Self::Title => '\u{206a}',
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Good => Style::new().green(),
            Self::Bad => Style::new().red().bold(),
            Self::Warning => Style::new().yellow(),
            Self::Dim => Style::new().dimmed(),
            Self::Title => Style::new().bold(),
        }
    }

    /// Marks the text; [`paint`] turns the marks into colours.
    #[must_use]
    pub fn of(self, text: &str) -> String {
        format!("{}{text}{END}", self.mark())
    }
}

/// How many columns a text takes, marks left out.
#[must_use]
pub fn width(text: &str) -> usize {
    let is_mark = |character: char| character == END || TONES.iter().any(|tone| tone.mark() == character);
    text.chars().filter(|character| !is_mark(*character)).count()
}

/// The text without its marks.
#[must_use]
pub fn plain(text: &str) -> String {
    paint(text, false)
}

/// Turns marks into colours, or takes them out.
#[must_use]
pub fn paint(text: &str, colors: bool) -> String {
    let mut painted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, tone)) = next_mark(rest) {
        painted.push_str(&rest[..start]);
        let marked = &rest[start + tone.mark().len_utf8()..];
        let end = marked.find(END).unwrap_or(marked.len());
        if colors {
            painted.push_str(&tone.style().style(&marked[..end]).to_string());
        } else {
            painted.push_str(&marked[..end]);
        }
        rest = marked[end..].strip_prefix(END).unwrap_or(&marked[end..]);
    }
    painted.push_str(rest);
    painted
}

fn next_mark(text: &str) -> Option<(usize, Tone)> {
    text.char_indices().find_map(|(start, character)| {
        TONES.into_iter().find(|tone| tone.mark() == character).map(|tone| (start, tone))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_or_nothing() {
        let text = format!("a {} b {}", Tone::Good.of("ok"), Tone::Title.of("T"));
        assert_eq!(paint(&text, false), "a ok b T");
        assert_eq!(paint(&text, true), "a \u{1b}[32mok\u{1b}[0m b \u{1b}[1mT\u{1b}[0m");
    }
}
