//! One GPU, as a row of the query has it.

use serde::Serialize;
use serde_json::Number;

use super::gpu_health::State;

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
    /// The worst that is known of it.
    pub health: State,
    /// Enabled or Disabled.
    pub ecc_mode: Option<String>,
    /// The MIG mode after the next reset.
    pub mig_pending: Option<String>,
    /// The ECC mode after the next reset.
    pub ecc_pending: Option<String>,
    /// Whether persistence mode is on.
    pub persistence: Option<bool>,
    /// Lanes in use.
    pub pcie_width: Option<Number>,
    /// Lanes that GPU and slot have.
    pub pcie_width_max: Option<Number>,
    /// Rows of memory are to be remapped by a reset.
    pub row_remap_pending: Option<bool>,
    /// Rows of memory could not be remapped.
    pub row_remap_failure: Option<bool>,
    /// Pages of memory are to be retired by a reset.
    pub retired_pages_pending: Option<bool>,
    /// What the driver recommends: None, or for example Reset.
    pub recovery_action: Option<String>,
    /// Whether the GPU has to be reset.
    pub reset_required: Option<bool>,
    /// How far the GPU is registered with the fabric of NVSwitches.
    pub fabric_state: Option<String>,
    /// How the registration ended.
    pub fabric_status: Option<String>,
    /// Its hardware throttles it because it is hot.
    pub hw_thermal_slowdown: Option<bool>,
    /// Its power supply throttles it.
    pub hw_power_brake: Option<bool>,
    /// What it has in the place of values.
    #[serde(skip)]
    pub(super) marks: Marks,
}

/// What stands in the place of values, although the driver has the column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// How many cells are `ERR!` or `[Unknown Error]`.
    pub unreadable: usize,
    /// `[GPU is lost]` is one.
    pub is_lost: bool,
    /// `[GPU requires reset]` is one.
    pub is_reset_required: bool,
    /// Nothing but such cells, or a row that is too short to read.
    pub is_blank: bool,
}

impl Marks {
    pub(super) fn of(values: &[&str]) -> Self {
        let mut marks = Self::default();
        for value in values {
            match *value {
                "[GPU is lost]" => marks.is_lost = true,
                "[GPU requires reset]" => marks.is_reset_required = true,
                "ERR!" | "[Unknown Error]" => marks.unreadable += 1,
                _ => {}
            }
        }
        marks
    }

    pub(super) fn is_any(self) -> bool {
        self.unreadable > 0 || self.is_lost || self.is_reset_required
    }
}

impl GpuRow {
    /// A GPU of which nothing can be read.
    pub(super) fn blank(index: u16) -> Self {
        let marks = Marks { is_blank: true, ..Marks::default() };
        Self { marks, ..Self::unknown(index) }
    }

    /// A GPU that was not asked.
    pub(super) fn unknown(index: u16) -> Self {
        Self { index: Some(index.into()), ..Self::default() }
    }

    /// Whether nvidia-smi said anything of it.
    pub(super) fn is_read(&self) -> bool {
        self.has_name() || self.marks != Marks::default()
    }

    /// Whether it has a fault.
    pub(crate) fn is_faulty(&self) -> bool {
        self.health == State::Fault
    }

    /// Whether nvidia-smi said which GPU it is.
    pub(super) fn has_name(&self) -> bool {
        self.uuid.is_some() || self.name.is_some()
    }

    /// Its index, if nvidia-smi printed one that a GPU can have.
    pub(super) fn number(&self) -> Option<u16> {
        self.index.as_ref().and_then(Number::as_u64).and_then(|index| u16::try_from(index).ok())
    }

    /// Puts a value under nvidia-smi's name for it; other names are left out.
    pub(super) fn set(&mut self, column: &str, value: &str) {
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
            "ecc.mode.current" => self.ecc_mode = text(value),
            "mig.mode.pending" => self.mig_pending = text(value),
            "ecc.mode.pending" => self.ecc_pending = text(value),
            "persistence_mode" => self.persistence = flag(value),
            "pcie.link.width.current" => self.pcie_width = number(value),
            "pcie.link.width.max" => self.pcie_width_max = number(value),
            "remapped_rows.pending" => self.row_remap_pending = flag(value).or_else(|| is_any(value)),
            "remapped_rows.failure" => self.row_remap_failure = flag(value).or_else(|| is_any(value)),
            "retired_pages.pending" => self.retired_pages_pending = flag(value),
            "gpu_recovery_action" => {
                self.recovery_action = text(value).filter(|action| number(action).is_none());
            }
            "reset_status.reset_required" => self.reset_required = flag(value),
            "fabric.state" => self.fabric_state = text(behind("state", value)),
            "fabric.status" => self.fabric_status = status(behind("status", value)),
            "clocks_event_reasons.hw_thermal_slowdown" | "clocks_throttle_reasons.hw_thermal_slowdown" => {
                self.hw_thermal_slowdown = flag(value);
            }
            "clocks_event_reasons.hw_power_brake_slowdown"
            | "clocks_throttle_reasons.hw_power_brake_slowdown" => self.hw_power_brake = flag(value),
            _ => {}
        }
    }
}

/// nvidia-smi writes what it does not know in brackets, or as `ERR!` or `N/A`.
pub(super) fn text(value: &str) -> Option<String> {
    let known =
        !(value.is_empty() || value.starts_with('[') || matches!(value, "N/A" | "ERR!" | "Unknown Error"));
    known.then(|| value.to_owned())
}

/// The status of the fabric, which may be an error without brackets.
fn status(value: &str) -> Option<String> {
    if value == "Unknown Error" { Some(value.to_owned()) } else { text(value) }
}

/// What follows this prefix: real binaries print `state  In Progress`.
fn behind<'a>(prefix: &str, value: &'a str) -> &'a str {
    value.strip_prefix(prefix).map_or(value, str::trim)
}

/// `Yes`, `Active` or `Enabled`, and their opposites.
fn flag(value: &str) -> Option<bool> {
    match value {
        "Yes" | "Active" | "Enabled" => Some(true),
        "No" | "Not Active" | "Disabled" => Some(false),
        _ => None,
    }
}

/// Whether a count is more than 0: so `--query-remapped-rows` says what is pending.
fn is_any(value: &str) -> Option<bool> {
    value.parse::<u64>().ok().map(|count| count > 0)
}

/// A plain decimal number, with or without a unit behind it.
pub(super) fn number(value: &str) -> Option<Number> {
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
    fn cells_that_answer_yes_or_no_are_flags_and_prefixes_are_left_out() {
        for yes in ["Yes", "Active", "Enabled"] {
            assert_eq!(flag(yes), Some(true), "{yes}");
        }
        for no in ["No", "Not Active", "Disabled"] {
            assert_eq!(flag(no), Some(false), "{no}");
        }
        for unknown in ["", "[N/A]", "ERR!", "1", "Perhaps"] {
            assert_eq!(flag(unknown), None, "{unknown}");
        }
        assert_eq!(["0", "1", "2", "-1"].map(is_any), [Some(false), Some(true), Some(true), None]);
        assert_eq!(behind("state", "state  In Progress"), "In Progress");
        assert_eq!(behind("status", "Success"), "Success");
    }
}
