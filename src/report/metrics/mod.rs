//! What monitors read: one answer about everything, in Prometheus' text format 0.0.4.
//!
//! Names that dashboards know are kept: those of systemd_exporter for units, of nvidia_gpu_exporter for GPUs. All labels
//! come from closed sets, but for the UUID, the name and the driver of a GPU; nothing of a log is one.

mod families;
mod gpus;
mod units;

use std::time::Duration;

use jiff::Timestamp;

use self::{families::Families, units::truth};
use super::{
    overview::{Overview, Verdict},
    subject::Subject,
};
use crate::{
    exec::{Executor, Outcome},
    program::Program,
    service,
    system::OwnProcess,
};

/// The content type, which Prometheus 3 wants exactly.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How asking one source went last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Collected {
    /// It has an answer now.
    pub success: bool,
    /// How long it took.
    pub duration: Duration,
    /// When the last answer came.
    pub last_success: Option<Timestamp>,
}

/// All that is told.
pub(crate) struct Sources<'a> {
    /// The verdict; its parts are told where they have an answer.
    pub overview: &'a Overview,
    pub systemd: Collected,
    pub nvidia_smi: Collected,
    pub exec: &'a Executor,
    /// How many GPUs there should be, where that is known.
    pub gpus_expected: Option<usize>,
    /// How many secrets were taken out of answers.
    pub redacted: u64,
    /// Requests so far, by route and status code.
    pub requests: Vec<(&'static str, u16, u64)>,
    /// When the server's certificate expires, if it has one.
    pub certificate: Option<Timestamp>,
    /// When this process began.
    pub started: Timestamp,
}

/// The text.
pub(crate) fn text(sources: &Sources<'_>) -> String {
    let mut families = Families::default();
    let add = &mut families;
    add.gauge(
        "sek8s_build_info",
        "The version of sek8s-status.",
        [(vec![("version", env!("CARGO_PKG_VERSION"))], 1.0)],
    );
    verdict(add, sources.overview);
    units::add(add, &sources.overview.services);
    gpus::add(add, &sources.overview.gpu);
    let expected = sources.gpus_expected.and_then(|count| u32::try_from(count).ok()).map(f64::from);
    add.one("sek8s_gpus_expected", "GPUs that there should be.", expected);
    collectors(add, sources);
    programs(add, sources.exec);
    let requests: Vec<_> =
        sources.requests.iter().map(|(route, code, count)| (*route, code.to_string(), *count)).collect();
    let samples = requests
        .iter()
        .map(|(route, code, count)| (vec![("code", &**code), ("route", *route)], count_of(*count)));
    add.counter("sek8s_http_requests_total", "Answered requests; the route of a refused one is -.", samples);
    add.one(
        "sek8s_tls_certificate_expiry_timestamp_seconds",
        "When the server's certificate expires, in seconds since 1970.",
        sources.certificate.map(seconds),
    );
    add.counter(
        "sek8s_redacted_total",
        "Secrets taken out of answers.",
        [(vec![], count_of(sources.redacted))],
    );
    own(add, sources.started);
    families.text()
}

fn verdict(add: &mut Families, overview: &Overview) {
    add.one("sek8s_overview_ok", "1 if the verdict is ok.", Some(truth(overview.status == Verdict::Ok)));
    let subjects = service::all().iter().map(Subject::Service).chain([Subject::Gpu]);
    let counts = subjects.map(|subject| {
        let of_it = overview.reasons.iter().filter(|reason| reason.subject == subject).count();
        (vec![("subject", subject.name())], u32::try_from(of_it).map_or(f64::INFINITY, f64::from))
    });
    add.gauge("sek8s_overview_reasons", "Reasons against the verdict ok, by subject.", counts);
    let mut reasons: Vec<(&str, &str)> = Vec::new();
    for reason in &overview.reasons {
        let one = (reason.subject.name(), reason.kind.code());
        if !reasons.contains(&one) {
            reasons.push(one);
        }
    }
    let reasons = reasons.iter().map(|(subject, code)| (vec![("code", *code), ("subject", *subject)], 1.0));
    add.gauge("sek8s_overview_reason", "A reason against the verdict ok.", reasons);
}

fn collectors(add: &mut Families, sources: &Sources<'_>) {
    let both = [("nvidia_smi", sources.nvidia_smi), ("systemd", sources.systemd)];
    let of_each = |value: fn(&Collected) -> Option<f64>| {
        both.into_iter()
            .filter_map(move |(name, collected)| Some((vec![("collector", name)], value(&collected)?)))
    };
    let success = of_each(|one| Some(truth(one.success)));
    add.gauge("sek8s_collector_success", "1 if the source has answered in time.", success);
    let duration = of_each(|one| Some(one.duration.as_secs_f64()));
    add.gauge("sek8s_collector_duration_seconds", "How long the source was asked for.", duration);
    let last = of_each(|one| one.last_success.map(seconds));
    add.gauge(
        "sek8s_collector_last_success_timestamp_seconds",
        "When the source has answered last, in seconds since 1970.",
        last,
    );
    let smi = sources.nvidia_smi;
    let code = sources.overview.gpu.exit_code.map(f64::from);
    add.one("nvidia_smi_command_exit_code", "Exit code of nvidia-smi.", code);
    add.one(
        "nvidia_smi_last_collect_success",
        "1 if nvidia-smi has answered in time.",
        Some(truth(smi.success)),
    );
    add.one(
        "nvidia_smi_last_collect_success_timestamp_seconds",
        "When nvidia-smi has answered last, in seconds since 1970.",
        smi.last_success.map(seconds),
    );
    add.one(
        "nvidia_smi_last_collect_duration_seconds",
        "How long nvidia-smi was asked for.",
        Some(smi.duration.as_secs_f64()),
    );
}

fn programs(add: &mut Families, exec: &Executor) {
    let runs = Program::ALL.into_iter().flat_map(|program| {
        Outcome::ALL.map(|outcome| {
            let labels = vec![("outcome", outcome.name()), ("program", program.name())];
            (labels, count_of(exec.runs(program, outcome)))
        })
    });
    add.counter("sek8s_command_runs_total", "Runs of a program, by how they ended.", runs);
    let is_hung = exec.hung().iter().any(|(program, _)| *program == Program::NvidiaSmi);
    add.one("sek8s_driver_hung", "1 while an nvidia-smi survives SIGKILL.", Some(truth(is_hung)));
}

fn own(add: &mut Families, started: Timestamp) {
    let own = OwnProcess::look();
    let count = |count: Option<u64>| count.map(count_of);
    let cpu = own.cpu_seconds.map(|seconds| (vec![], seconds));
    add.counter("process_cpu_seconds_total", "Time on the processors in seconds.", cpu);
    add.one("process_resident_memory_bytes", "Resident memory.", count(own.resident_bytes));
    add.one("process_virtual_memory_bytes", "Virtual memory.", count(own.virtual_bytes));
    add.one("process_threads", "Threads.", count(own.threads));
    add.one("process_open_fds", "Open file descriptors.", count(own.open_files));
    add.one("process_max_fds", "The most open file descriptors.", count(own.most_files));
    add.one(
        "process_start_time_seconds",
        "When the process began, in seconds since 1970.",
        Some(seconds(started)),
    );
}

/// Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn count_of(count: u64) -> f64 {
    count as f64
}

/// Seconds since 1970, with milliseconds.
#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
