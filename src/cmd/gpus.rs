//! The GPUs in one line of the overview.

use crate::{
    escape,
    report::{GpuReason, gpu::GpuReport, gpu_banner, gpu_health::Code},
};

/// `1 of 8 GPUs`; `the GPUs` where it is not known how many there are.
pub(super) fn faulty(gpu: &GpuReport) -> String {
    match counts(gpu) {
        Some((faulty, all)) => format!("{faulty} of {all} GPUs"),
        None => "the GPUs".to_owned(),
    }
}

/// How many GPUs have a fault, and how many there are; `None` if a fault is about no GPU that is listed.
fn counts(gpu: &GpuReport) -> Option<(usize, usize)> {
    if gpu.faults().any(|fault| matches!(fault.code, Code::NoDevices | Code::GpusMissing)) {
        return None;
    }
    if let Some(rows) = gpu.rows() {
        let faulty = rows.iter().filter(|row| row.is_faulty()).count();
        return Some((faulty, rows.len())).filter(|_| faulty > 0);
    }
    let listed = gpu_banner::parse(&gpu.stdout).len();
    let mut faulty = Vec::new();
    let mut beside = 0;
    for finding in gpu.faults() {
        if finding.is_unlisted {
            beside += 1;
        } else {
            faulty.extend(finding.gpu.filter(|index| !faulty.contains(index)));
        }
    }
    Some((faulty.len() + beside, listed + beside))
}

/// What is there, from the banner; the longest first.
pub(super) fn texts(gpu: &GpuReport) -> Vec<String> {
    if gpu.is_degraded() {
        return fault_texts(gpu);
    }
    let gpus = gpu_banner::parse(&gpu.stdout);
    let Some(code) = gpu.exit_code else { return vec!["-".to_owned()] };
    let Some(first) = gpus.first().filter(|_| code == 0) else {
        let meaning = gpu.reason.and_then(GpuReason::meaning).map(str::to_owned);
        let exited = match code {
            0 => "no GPU rows in the banner".to_owned(),
            _ => format!("nvidia-smi exited with status {code}"),
        };
        return meaning.into_iter().chain([exited]).collect();
    };
    let what = if gpus.iter().any(|gpu| gpu.name != first.name) {
        format!("{} GPUs", gpus.len())
    } else if gpus.len() == 1 {
        escape::line(&first.name)
    } else {
        format!("{} × {}", gpus.len(), escape::line(&first.name))
    };
    let readings = [
        range(gpus.iter().filter_map(|gpu| gpu.temperature_c), "°C"),
        range(gpus.iter().filter_map(|gpu| gpu.busy_percent), "% busy"),
    ];
    let mut texts = vec![what.clone()];
    let mut longest = what;
    for reading in readings.into_iter().flatten() {
        longest = format!("{longest}, {reading}");
        texts.insert(0, longest.clone());
    }
    let count = gpus.len();
    texts.push(if count == 1 { "1 GPU".to_owned() } else { format!("{count} GPUs") });
    texts
}

/// `7 of 8 healthy: GPU 3 has fallen off the bus`; the longest first.
fn fault_texts(gpu: &GpuReport) -> Vec<String> {
    let Some(worst) = gpu.faults().next() else { return Vec::new() };
    let name = worst.gpu.map_or_else(String::new, |index| format!("GPU {index} "));
    let what = format!("{name}{}", worst.text);
    match counts(gpu) {
        Some((faulty, all)) => {
            let healthy = format!("{} of {all} healthy", all.saturating_sub(faulty));
            vec![format!("{healthy}: {what}"), healthy]
        }
        None => vec![what],
    }
}

/// `35–59 °C`; one number where all are the same.
fn range(values: impl Iterator<Item = u16>, unit: &str) -> Option<String> {
    let (least, most) = values.fold(None, |range: Option<(u16, u16)>, value| {
        range.map_or(Some((value, value)), |(least, most)| Some((least.min(value), most.max(value))))
    })?;
    Some(if least == most { format!("{least} {unit}") } else { format!("{least}–{most} {unit}") })
}
