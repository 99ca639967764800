//! What is wrong with the GPUs although nvidia-smi has answered: signs in its text become findings.
//!
//! nvidia-smi exits with 0 over GPUs that are lost, and leaves out one that it may not open, so its exit status alone says
//! nothing. What each sign looks like was tried with NVIDIA's own binaries (450 to 555), and is in recordings up to 610.

mod code;
mod rows;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub(crate) use self::{code::Code, rows::of_rows};
use super::{
    GpuReason,
    gpu_banner::{self, BannerGpu, bus_id},
};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The GPU does not do its work, or cannot be trusted with it.
    Fault,
    /// It works, and should be looked at.
    Warning,
}

/// What is known of the GPUs, in one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is wrong with any of them.
    Ok,
    /// The worst finding is a warning.
    Warning,
    /// One of them has a fault.
    Fault,
    /// nvidia-smi failed, or printed what is not judged or could not be.
    #[default]
    Unknown,
}

impl State {
    /// The worst that was found. `is_judged`: without findings all is well. Pure.
    pub(crate) fn of(findings: &[Finding], is_judged: bool) -> Self {
        let is_unknown = |finding: &Finding| finding.code == Code::Unknown;
        if findings.iter().any(|finding| finding.severity == Severity::Fault) {
            Self::Fault
        } else if !is_judged || findings.iter().any(is_unknown) {
            Self::Unknown
        } else if findings.is_empty() {
            Self::Ok
        } else {
            Self::Warning
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The index of the GPU, where the text tells it.
    pub gpu: Option<u16>,
    /// Its UUID, where it is known.
    pub uuid: Option<String>,
    pub severity: Severity,
    pub code: Code,
    /// One sentence, without the GPU.
    pub text: String,
    /// Its PCI address, where the text has that in the place of an index.
    #[serde(skip)]
    pub bus: Option<String>,
    /// The GPU has no rows in the banner, because it could not be opened.
    #[serde(skip)]
    pub is_unlisted: bool,
}

impl Finding {
    fn new(gpu: Option<u16>, severity: Severity, code: Code, text: impl Into<String>) -> Self {
        Self { gpu, uuid: None, severity, code, text: text.into(), bus: None, is_unlisted: false }
    }
}

/// From this number of unreadable cells on, the GPU as a whole counts as unreadable.
const UNREADABLE: usize = 3;

/// Which GPUs a text is about, and whether it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them; this is how many there should be, where that is known, and the most that were listed before.
    All { expected: Option<usize>, before: usize },
    /// One of them, or the long report, which has no table.
    Some,
    /// Text beyond the output limit is missing.
    Truncated,
}

/// The findings in a text of nvidia-smi, the faults first. Pure.
pub(crate) fn findings(text: &str, extent: Extent) -> Vec<Finding> {
    let gpus = gpu_banner::parse(text);
    let mut findings: Vec<Finding> = text.lines().filter_map(of_line).collect();
    for finding in findings.iter_mut().filter(|finding| finding.gpu.is_none()) {
        let is_it = |gpu: &&BannerGpu| finding.bus.as_deref().is_some_and(|bus| is_same_bus(bus, &gpu.bus));
        finding.gpu = gpus.iter().find(is_it).map(|gpu| gpu.index);
    }
    findings.extend(gpus.iter().flat_map(of_gpu));
    let unknown = || unknown(Code::Unknown.sentence().to_owned());
    let is_about_all = matches!(extent, Extent::All { .. });
    if extent == Extent::Truncated {
        findings.push(unknown());
    }
    if is_about_all && findings.is_empty() && gpus.is_empty() {
        let is_told = text.lines().any(|line| GpuReason::of_text(line).is_some() || line.contains("NVML"));
        findings.push(if is_told || text.trim().is_empty() || text.contains("NVIDIA-SMI") {
            Finding::new(None, Severity::Fault, Code::NoDevices, "nvidia-smi lists no GPU")
        } else {
            unknown()
        });
    }
    if let Extent::All { expected, before } = extent
        && !findings.iter().any(|finding| matches!(finding.code, Code::NoDevices | Code::Unknown))
    {
        findings.extend(of_count(gpus.len(), expected.unwrap_or(0), before));
    }
    findings.sort_by_key(|finding| (finding.severity, finding.gpu));
    findings.dedup();
    findings
}

/// What is wrong with the number of GPUs.
pub(crate) fn of_count(listed: usize, expected: usize, before: usize) -> Option<Finding> {
    if listed < expected {
        let text = format!("nvidia-smi lists {listed} of {expected} GPUs");
        return Some(Finding::new(None, Severity::Fault, Code::GpusMissing, text));
    }
    let gpus = if listed == 1 { "GPU" } else { "GPUs" };
    let text = format!("nvidia-smi lists {listed} {gpus}, and listed {before} before");
    (listed < before).then(|| Finding::new(None, Severity::Warning, Code::GpusFewer, text))
}

/// What a line outside of the tables says.
fn of_line(line: &str) -> Option<Finding> {
    let fault = |code, text: String| Some(Finding::new(None, Severity::Fault, code, text));
    if line.starts_with("No devices were found") {
        return fault(Code::NoDevices, "nvidia-smi found no GPU".to_owned());
    }
    if let Some(rest) = line.strip_prefix("Unable to determine the device handle for") {
        let bus = bus_id(rest).unwrap_or("unknown");
        let rest = rest.to_ascii_lowercase();
        let code = if rest.contains("gpu is lost") {
            Code::GpuLost
        } else if rest.contains("reset must occur") || rest.contains("requires reset") {
            Code::ResetRequired
        } else {
            Code::GpuUnreadable
        };
        let index = index_before_bus(&rest);
        let text = format!("{} (PCI {bus})", code.sentence());
        let finding = Finding::new(index, Severity::Fault, code, text);
        return Some(Finding { is_unlisted: true, bus: Some(bus.to_owned()), ..finding });
    }
    let words = line.to_ascii_lowercase();
    if words.contains("inforom is corrupted at gpu") {
        let bus = bus_id(line).unwrap_or("unknown");
        let text = format!("{} (PCI {bus})", Code::Inforom.sentence());
        let finding = Finding::new(None, Severity::Warning, Code::Inforom, text);
        return Some(Finding { bus: Some(bus.to_owned()), ..finding });
    }
    None
}

/// Whether two PCI addresses are the same: the domain has four digits or eight.
fn is_same_bus(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let begin = longer.len() - shorter.len();
    let (zeros, rest) = longer.split_at_checked(begin).unwrap_or_default();
    zeros.bytes().all(|byte| byte == b'0') && rest.eq_ignore_ascii_case(shorter)
}

/// What nvidia-smi says of the only GPU that it was asked about, if it could not be opened. Pure.
pub(crate) fn of_one(index: u16, text: &str) -> Option<Finding> {
    let found = text.lines().filter_map(of_line).find(|finding| finding.code.is_about_whole_gpu());
    found.map(|finding| Finding { gpu: Some(index), ..finding })
}

/// The finding that a GPU did not answer, or not in a form that can be read.
pub(crate) fn unreadable(index: u16, text: String) -> Finding {
    Finding::new(Some(index), Severity::Fault, Code::GpuUnreadable, text)
}

/// The finding that the health could not be asked, or not all of it.
pub(crate) fn unknown(text: String) -> Finding {
    Finding::new(None, Severity::Warning, Code::Unknown, text)
}

/// The index in `gpu1: 0000:34:00.0: unknown error`, as driver 610 has it.
fn index_before_bus(rest: &str) -> Option<u16> {
    let (before, after) = rest.trim_start().strip_prefix("gpu")?.split_once(": ")?;
    bus_id(after)?;
    before.trim().parse().ok()
}

/// What the rows of one GPU say.
fn of_gpu(gpu: &BannerGpu) -> Vec<Finding> {
    let index = Some(gpu.index);
    let fault = |code: Code| vec![Finding::new(index, Severity::Fault, code, code.sentence())];
    match gpu.memory.as_str() {
        "GPU is lost" => return fault(Code::GpuLost),
        "GPU requires reset" => return fault(Code::ResetRequired),
        "Unknown Error" => return fault(Code::GpuUnreadable),
        _ => {}
    }
    if gpu.unreadable >= UNREADABLE {
        return fault(Code::GpuUnreadable);
    }
    let mut findings = Vec::new();
    if let Some(text) = uncorrected(Some(gpu.uncorrected)) {
        findings.push(Finding::new(index, Severity::Fault, Code::EccUncorrected, text));
    }
    let mut warn = |code: Code, text: &str| findings.push(Finding::new(index, Severity::Warning, code, text));
    if gpu.unreadable > 0 || gpu.is_impossible {
        warn(Code::CellUnreadable, Code::CellUnreadable.sentence());
    }
    if gpu.persistence == "Off" {
        warn(Code::PersistenceOff, Code::PersistenceOff.sentence());
    }
    if let Some(text) = pending_change(gpu.is_ecc_changing, gpu.is_mig_changing) {
        warn(Code::PendingChange, text);
    }
    findings
}

/// What waits for a reset.
fn pending_change(is_ecc: bool, is_mig: bool) -> Option<&'static str> {
    match (is_ecc, is_mig) {
        (true, true) => Some("changes of its ECC and MIG modes wait for a reset"),
        (true, false) => Some("a change of its ECC mode waits for a reset"),
        (false, true) => Some("a change of its MIG mode waits for a reset"),
        (false, false) => None,
    }
}

/// How many errors there are, if there are any.
fn uncorrected(count: Option<u64>) -> Option<String> {
    let count = count.filter(|count| *count > 0)?;
    let errors = if count == 1 { "error" } else { "errors" };
    Some(format!("{count} uncorrected ECC {errors} since the driver was loaded"))
}

/// Adds what the query tells to what the banner tells: the same is told once, and each GPU gets its UUID. A GPU that the
/// banner names by its PCI address gets its index from an answer that names both.
pub(crate) fn add(findings: &mut Vec<Finding>, of_query: &[Finding]) {
    for new in of_query {
        let is_bus = |old: &Finding| {
            old.gpu.is_none() && old.bus.is_some() && old.bus == new.bus && old.code == new.code
        };
        if let Some(old) = findings.iter_mut().find(|old| is_bus(old)) {
            old.gpu = new.gpu;
        }
        let is_same = |old: &Finding| {
            let is_whole = old.code.is_about_whole_gpu() && new.code.is_about_whole_gpu();
            old.gpu == new.gpu && (old.code == new.code || (is_whole && old.gpu.is_some()))
        };
        if !findings.iter().any(is_same) {
            findings.push(new.clone());
        }
    }
    findings.sort_by_key(|finding| (finding.severity, finding.gpu));
}
