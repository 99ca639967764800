//! One row a GPU, from `nvidia-smi --query-gpu … --format=csv`.

use serde::Serialize;
use serde_json::Number;

/// What nvidia-smi says of one GPU; `None` where it has nothing (`[N/A]`, `ERR!` and the like).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GpuRow {
    pub index: Option<Number>,
    pub uuid: Option<String>,
    /// Its product name.
    pub name: Option<String>,
    /// The driver's version.
    pub driver_version: Option<String>,
    /// Degrees Celsius.
    pub temperature_c: Option<Number>,
    /// Watts drawn.
    pub power_w: Option<Number>,
    /// Watts allowed.
    pub power_limit_w: Option<Number>,
    /// Percent of the time in which a kernel ran.
    pub utilization_percent: Option<Number>,
    /// MiB of memory in use.
    pub memory_used_mib: Option<Number>,
    /// MiB of memory there are.
    pub memory_total_mib: Option<Number>,
    /// Uncorrected ECC errors since the driver was loaded.
    pub ecc_uncorrected: Option<Number>,
    /// MIG mode: Enabled or Disabled.
    pub mig: Option<String>,
}

impl GpuRow {
    /// Puts a value under nvidia-smi's name for it; other names are left out.
    fn set(&mut self, column: &str, value: &str) {
        match column {
            "index" => self.index = number(value),
            "uuid" => self.uuid = text(value),
            "name" => self.name = text(value),
            "driver_version" => self.driver_version = text(value),
            "temperature.gpu" => self.temperature_c = number(value),
            "power.draw" => self.power_w = number(value),
            "power.limit" => self.power_limit_w = number(value),
            "utilization.gpu" => self.utilization_percent = number(value),
            "memory.used" => self.memory_used_mib = number(value),
            "memory.total" => self.memory_total_mib = number(value),
            "ecc.errors.uncorrected.volatile.total" => self.ecc_uncorrected = number(value),
            "mig.mode.current" => self.mig = text(value),
            _ => {}
        }
    }
}

/// The rows of an answer, and how many of its lines could not be read as whole rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GpuRows {
    /// One per GPU; of a line that is too short only the index.
    pub rows: Vec<GpuRow>,
    /// The lines that are no whole rows, as nvidia-smi printed them.
    pub unread: Vec<String>,
}

/// Reads the rows of a CSV answer with these columns. A GPU whose line is too short, such as `1, [Unknown Error]`,
/// keeps its place; other lines, such as warnings, are left out of the rows. Pure.
pub fn parse(columns: &[&str], csv: &str) -> GpuRows {
    let mut answer = GpuRows::default();
    for line in csv.lines().filter(|line| !line.trim().is_empty()) {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        let mut row = GpuRow::default();
        if values.len() == columns.len() {
            for (column, value) in columns.iter().zip(&values) {
                row.set(column, value);
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

/// The row of a GPU of which nvidia-smi says only that it cannot be read. Of any other line it is not known which
/// value stands under which name.
fn broken_off(values: &[&str]) -> Option<GpuRow> {
    let (index, rest) = values.split_first()?;
    let is_unknown = !rest.is_empty() && rest.iter().all(|value| text(value).is_none());
    is_unknown.then(|| GpuRow { index: number(index), ..GpuRow::default() })
}

/// Reads an answer whose first line names its columns, with or without units behind the names.
pub fn parse_with_header(csv: &str) -> GpuRows {
    let Some((header, rows)) = csv.split_once('\n') else { return GpuRows::default() };
    let columns: Vec<&str> =
        header.split(',').map(|name| name.split('[').next().unwrap_or_default().trim()).collect();
    parse(&columns, rows)
}

/// nvidia-smi writes what it does not know in brackets, or as `ERR!` or `N/A`.
fn text(value: &str) -> Option<String> {
    let known =
        !(value.is_empty() || value.starts_with('[') || matches!(value, "N/A" | "ERR!" | "Unknown Error"));
    known.then(|| value.to_owned())
}

/// A plain decimal number, with or without a unit behind it.
fn number(value: &str) -> Option<Number> {
    let digits = value.split_ascii_whitespace().next()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
        return None;
    }
    if let Ok(integer) = digits.parse::<i64>() {
        return Some(integer.into());
    }
    if digits.starts_with('.') || digits.ends_with('.') {
        return None;
    }
    Number::from_f64(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Columns;

    #[test]
    fn values_that_nvidia_smi_does_not_have_are_none() {
        let csv = "0, GPU-1, NVIDIA H100, 570.86.15, [N/A], 71.15, [Not Supported], ERR!, 479, 81559, [GPU is lost], [N/A]\n";
        let rows = parse(Columns::Full.names(), csv).rows;
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
    fn numbers_are_plain_decimals_and_their_unit_is_left_out() {
        fn case(text: &str, expected: Option<&str>) {
            assert_eq!(number(text).map(|number| number.to_string()).as_deref(), expected, "{text:?}");
        }
        case("42", Some("42"));
        case("71.15 W", Some("71.15"));
        case("95.00", Some("95.0"));
        case("-3", Some("-3"));
        case("100.00 %", Some("100.0"));
        for text in ["", "[N/A]", "1e5", "inf", "nan", "0x10", "1.", ".5", "--1", "1-2", "."] {
            case(text, None);
        }
    }

    #[test]
    fn lines_that_are_no_rows_are_counted_and_a_short_row_keeps_its_gpu() {
        let csv = "Unable to determine the device handle for GPU0000:07:00.0: Unknown Error\n\n1, GPU-2, NVIDIA H100, 570.86.15, 40, 0, 10, 81559\n";
        let answer = parse(Columns::Minimal.names(), csv);
        assert_eq!((answer.rows.len(), answer.unread.len()), (1, 1));
        let answer = parse(
            Columns::Minimal.names(),
            "1, [Unknown Error]\n2, GPU-3, NVIDIA, H100, 570.86.15, 40, 0, 10, 81559\n",
        );
        assert_eq!(answer.rows, [GpuRow { index: Some(1.into()), ..GpuRow::default() }]);
        assert_eq!(answer.unread.len(), 2);
    }
}
