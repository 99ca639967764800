//! One row a GPU, from `nvidia-smi --query-gpu … --format=csv`.

use serde_json::Number;

use super::gpu_row::{GpuRow, Marks, number, text};

/// The rows of an answer, and how many of its lines could not be read as whole rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GpuRows {
    /// One per GPU; of a line that is too short only the index.
    pub rows: Vec<GpuRow>,
    /// The lines that are no whole rows, as nvidia-smi printed them.
    pub unread: Vec<String>,
}

/// Reads the rows of a CSV answer with these columns. A GPU whose line is too short, such as `1, [Unknown Error]`,
/// keeps its place, and so does one whose index cannot be read, where the rows before it are all there; other lines, such
/// as warnings, are left out of the rows. Pure.
pub fn parse(columns: &[&str], csv: &str) -> GpuRows {
    let mut answer = GpuRows::default();
    for line in csv.lines().filter(|line| !line.trim().is_empty()) {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        let mut row = GpuRow::default();
        if values.len() == columns.len() {
            for (column, value) in columns.iter().zip(&values) {
                row.set(column, value);
            }
            row.marks = Marks::of(&values);
            let data = columns.iter().zip(&values).filter(|(column, _)| !IDENTITY.contains(column));
            row.marks.is_blank = row.marks.is_any()
                && data.clone().count() > 0
                && data.clone().all(|(_, value)| Marks::of(&[value]).is_any());
            if row.index.is_none() && row.marks.is_any() {
                row.index = place(&answer.rows).map(Number::from);
            }
        }
        if row.index.is_none() {
            answer.unread.push(line.to_owned());
            row = broken_off(&values).unwrap_or_default();
        }
        if row.index.is_some() {
            answer.rows.push(row);
        }
    }
    answer
}

/// The columns that say which GPU a row is about.
const IDENTITY: [&str; 4] = ["index", "uuid", "name", "driver_version"];

/// The index of the next row, if every row before it stands at its own.
fn place(rows: &[GpuRow]) -> Option<u16> {
    let is_at = |(place, row): (u16, &GpuRow)| row.number() == Some(place);
    (0..).zip(rows).all(is_at).then_some(u16::try_from(rows.len()).ok()?)
}

/// The row of a GPU of which nvidia-smi says only that it cannot be read. Of any other line it is not known which
/// value stands under which name.
fn broken_off(values: &[&str]) -> Option<GpuRow> {
    let (index, rest) = values.split_first()?;
    let is_unknown = !rest.is_empty() && rest.iter().all(|value| text(value).is_none());
    let marks = Marks { is_blank: true, ..Marks::of(rest) };
    is_unknown.then(|| GpuRow { index: number(index), marks, ..GpuRow::default() })
}

/// Puts the remapped rows of `--query-remapped-rows` to the GPUs with these UUIDs; tells whether there was one at all.
/// Pure.
pub(super) fn add_remapped(rows: &mut [GpuRow], csv: &str) -> bool {
    let mut is_any = false;
    for line in csv.lines() {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        let [uuid, pending, failure] = values[..] else { continue };
        for row in rows.iter_mut().filter(|row| row.uuid.as_deref() == Some(uuid)) {
            row.set("remapped_rows.pending", pending);
            row.set("remapped_rows.failure", failure);
            is_any = true;
        }
    }
    is_any
}

/// Reads an answer whose first line names its columns, with or without units behind the names.
pub fn parse_with_header(csv: &str) -> GpuRows {
    let Some((header, rows)) = csv.split_once('\n') else { return GpuRows::default() };
    let columns: Vec<&str> =
        header.split(',').map(|name| name.split('[').next().unwrap_or_default().trim()).collect();
    parse(&columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Columns;

    #[test]
    fn values_that_nvidia_smi_does_not_have_are_none() {
        let csv = "0, GPU-1, NVIDIA H100, 570.86.15, [N/A], 71.15, [Not Supported], ERR!, 479, 81559, [GPU is lost], [N/A]\n";
        let rows = parse(&Columns::Recorded.names(), csv).rows;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].index, Some(0.into()));
        assert_eq!(rows[0].power_w, Number::from_f64(71.15));
        assert_eq!(rows[0].memory_total_mib, Some(81559.into()));
        for number in [
            &rows[0].temperature_c,
            &rows[0].power_limit_w,
            &rows[0].utilization_percent,
            &rows[0].ecc_uncorrected,
        ] {
            assert_eq!(*number, None);
        }
        assert_eq!(rows[0].mig, None);
    }

    #[test]
    fn lines_that_are_no_rows_are_counted_and_a_short_row_keeps_its_gpu() {
        let csv = "Unable to determine the device handle for GPU0000:07:00.0: Unknown Error\n\n1, GPU-2, NVIDIA H100, 570.86.15, 40, 0, 10, 81559\n";
        let answer = parse(&Columns::Minimal.names(), csv);
        assert_eq!((answer.rows.len(), answer.unread.len()), (1, 1));
        let answer = parse(
            &Columns::Minimal.names(),
            "1, [Unknown Error]\n2, GPU-3, NVIDIA, H100, 570.86.15, 40, 0, 10, 81559\n",
        );
        let marks = Marks { is_blank: true, unreadable: 1, ..Marks::default() };
        assert_eq!(answer.rows, [GpuRow { marks, ..GpuRow::blank(1) }]);
        assert_eq!(answer.unread.len(), 2);
    }
}
