//! Tables for people.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::style;

/// Blanks between two columns.
const GAP: usize = 2;

/// A column that may wrap has to have room for so much, or leaves.
const LEAST: usize = 16;

/// What becomes of a column where a terminal is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It is always there, and never breaks.
    Always,
    /// It leaves; those with the highest number first.
    Leaves(u8),
    /// Its text wraps between words.
    Wraps,
}

/// A column: its title, and what becomes of it.
pub(super) type Column = (&'static str, Room);

/// A table without lines, in at most `width` columns if there is such a limit: columns leave, by their
/// importance, before anything wraps, so that no id and no number breaks in the middle. Cells may hold
/// marked words.
#[expect(clippy::indexing_slicing, reason = "a column is known by its number, and every number is of one")]
pub(super) fn render(columns: &[Column], rows: &[Vec<String>], width: Option<u16>) -> String {
    let natural: Vec<usize> = (0..columns.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| style::width(cell));
            cells.chain([columns[column].0.chars().count()]).max().unwrap_or_default()
        })
        .collect();
    let kept = kept(columns, &natural, width.map(usize::from));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if columns.iter().any(|(title, _)| !title.is_empty()) {
        table.set_header(kept.iter().map(|column| style::Style::Title.of(columns[*column].0)));
    }
    for row in rows {
        table.add_row(kept.iter().map(|column| row.get(*column).map_or("", String::as_str)));
    }
    if let Some(width) = width {
        // The gap behind the last column is cut off.
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(2));
    }
    for (column, number) in table.column_iter_mut().zip(&kept) {
        column.set_padding((0, 2));
        if columns[*number].1 != Room::Wraps {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The columns that there is room for, in their order.
#[expect(clippy::indexing_slicing, reason = "a column is known by its number, and every number is of one")]
fn kept(columns: &[Column], natural: &[usize], width: Option<usize>) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let Some(width) = width else { return kept };
    loop {
        let needs = |column: &usize| match columns[*column].1 {
            Room::Wraps => natural[*column].min(LEAST),
            Room::Always | Room::Leaves(_) => natural[*column],
        };
        let total: usize = kept.iter().map(needs).sum::<usize>() + GAP * kept.len().saturating_sub(1);
        if total <= width {
            return kept;
        }
        let importance = |column: &usize| match columns[*column].1 {
            Room::Leaves(number) => Some((number, *column)),
            // What wraps leaves last.
            Room::Wraps => Some((0, *column)),
            Room::Always => None,
        };
        let Some((_, least)) = kept.iter().filter_map(importance).max() else { return kept };
        kept.retain(|column| *column != least);
    }
}

/// Text beside a subject, or below it where the terminal is narrow: the text wraps between words.
pub(super) fn beside(rows: &[Vec<String>], width: Option<u16>) -> String {
    const COLUMNS: [Column; 2] = [("", Room::Always), ("", Room::Wraps)];
    if width.is_none_or(|width| width >= STACKED) {
        return render(&COLUMNS, rows, width);
    }
    let mut text = String::new();
    for row in rows {
        if let [subject, rest] = &row[..] {
            if !subject.is_empty() {
                text.push_str(&format!("{subject}\n"));
            }
            text.push_str(&render(&COLUMNS, &[vec![String::new(), rest.clone()]], width));
        }
    }
    text
}

/// A paragraph that wraps between words, all of it indented.
pub(super) fn wrapped(text: &str, indent: usize, width: Option<u16>) -> String {
    let room = width.map(|width| width.saturating_sub(u16::try_from(indent).unwrap_or(0)));
    let rendered = render(&[("", Room::Wraps)], &[vec![text.to_owned()]], room);
    rendered.lines().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// Below this width subjects stand above their texts.
pub(super) const STACKED: u16 = 60;

/// The first of these that fits, else the last.
pub(super) fn fitting(variants: &[String], width: Option<usize>) -> &str {
    let fits = |text: &&String| width.is_none_or(|width| style::width(text) <= width);
    variants.iter().find(fits).or(variants.last()).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_leave_by_their_importance_and_what_stays_is_whole() {
        let columns = [
            ("ID", Room::Always),
            ("STATE", Room::Leaves(1)),
            ("PID", Room::Leaves(2)),
            ("TEXT", Room::Wraps),
        ];
        let rows = [vec![
            "admission-controller".into(),
            "active".into(),
            "12345".into(),
            "one two three four five".into(),
        ]];
        let shown = |width| style::plain(&render(&columns, &rows, Some(width)));
        assert_eq!(
            shown(80),
            "ID                    STATE   PID    TEXT\nadmission-controller  active  12345  one two three four five\n"
        );
        assert_eq!(
            shown(54),
            "ID                    STATE   PID    TEXT\nadmission-controller  active  12345  one two three\n                                     four five\n"
        );
        assert_eq!(
            shown(50),
            "ID                    STATE   TEXT\nadmission-controller  active  one two three four\n                              five\n"
        );
        assert_eq!(
            shown(40),
            "ID                    TEXT\nadmission-controller  one two three four\n                      five\n"
        );
        assert_eq!(shown(30), "ID\nadmission-controller\n");
    }
}
