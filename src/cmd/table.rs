//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

use super::tone::Tone;

/// A table without lines: columns two blanks apart, in at most `width` columns if there is such a
/// limit. Cells may hold marked words. What pads the last column is cut off, so it does not count.
#[must_use]
pub fn render(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header.iter().map(|title| Tone::Title.of(title)));
    }
    table.add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(2));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
