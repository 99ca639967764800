//! `/metrics`, and the subcommand that prints the same.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{hangs, serve};
use crate::{answer::Answer, server::Server, stub::Stub, test::Test};

fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[track_caller]
fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    String::from_utf8(answer.body.clone()).unwrap()
}

#[test]
fn there_are_none_unless_they_are_switched_on() {
    assert_eq!(Server::start(serve("")).get("/metrics").status, 404);
    let server = Server::start(serve("--path-prefix /status").environment("METRICS", "yes"));
    for path in ["/metrics", "/status/metrics"] {
        assert!(text(&server.get(path)).contains("\nsek8s_overview_ok 1\n"), "{path}");
    }
    assert_eq!(server.ask("POST", "/metrics").status, 405);
    assert!(server.ask("HEAD", "/metrics").body.is_empty());
}

#[test]
fn the_subcommand_prints_the_same_families() {
    let server = Server::start(serve("--metrics"));
    let over_http = text(&server.get("/metrics"));
    let ran = Test::new("metrics").any_stdout().status(0);
    let families = |text: &str| -> BTreeSet<String> {
        text.lines().filter(|line| line.starts_with("# TYPE")).map(str::to_owned).collect()
    };
    let (there, here) = (families(&over_http), families(&ran.stdout()));
    let more: Vec<_> = there.symmetric_difference(&here).collect();
    // The first request is counted once it has been answered.
    assert!(more.is_empty(), "{more:?}");
    Test::new("metrics").nvidia_smi(&Stub::acts("exit 9")).any_stdout().status(1);
}

#[test]
fn a_source_that_hangs_costs_no_scrape_and_leaves_nothing_stale() {
    let server = Server::start(serve("--metrics --timeout 60s --max-age 0"));
    let well = text(&server.get("/metrics"));
    assert!(well.contains("sek8s_collector_success{collector=\"nvidia_smi\"} 1"), "{well}");
    server.programs().install("nvidia-smi", &hangs());
    let begin = Instant::now();
    let mut connection = server.connect();
    connection.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 2\r\n\r\n");
    let hung = text(&connection.answer());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert!(hung.contains("sek8s_collector_success{collector=\"nvidia_smi\"} 0"), "{hung}");
    assert!(hung.contains("sek8s_collector_success{collector=\"systemd\"} 1"), "{hung}");
    assert!(hung.contains("\nsek8s_overview_ok 0\n"), "{hung}");
    assert!(
        hung.contains("sek8s_collector_last_success_timestamp_seconds{collector=\"nvidia_smi\"}"),
        "{hung}"
    );
    for stale in [
        "nvidia_smi_temperature_gpu",
        "nvidia_smi_gpu_info",
        "sek8s_gpu_healthy",
        "nvidia_smi_command_exit_code",
    ] {
        assert!(!hung.contains(stale), "{stale}");
    }
}

#[test]
fn nothing_from_outside_breaks_the_text_or_makes_many_series() {
    let row = |index: usize| {
        let name = ["H\"1\\00", "é\u{1b}[31m", "x".repeat(500).as_str()][index % 3].to_owned();
        let uuid = format!("GPU-dd74013f-a593-442d-b310-4f05acd7{index:04}");
        let uuid = if index == 7 { "GPU-\"} 1\nevil".replace('\n', " ") } else { uuid };
        format!("{index}, {uuid}, {name}, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled\n")
    };
    let csv: String = (0..8).map(row).collect();
    let gpus = Stub::gpus();
    let odd = Stub::acts(gpus.script()).files_of(&gpus).file("csv", csv);
    let failed = ["k3s", "system-manager", "admission-controller", "attestation-service"];
    let units = failed.iter().fold(Stub::units(), |units, id| {
        units.unit(&format!("{id}.service"), &[("ActiveState", "failed"), ("SubState", "failed")])
    });
    let server = Server::start(serve("--metrics").nvidia_smi(&odd).systemctl(&units));
    for path in
        ["/x", "/overview", "/services", "/health", "/services/k3s/logs?lines=x", "/gpu/nvidia-smi?gpu=x"]
    {
        for method in ["GET", "POST", "BREW"] {
            server.ask(method, path);
        }
    }
    let text = text(&server.get("/metrics"));
    let lines = lines(&text);
    assert!(lines.len() <= 150 + 40 * 8, "{}", lines.len());
    assert!(text.len() < 60 * 1024, "{}", text.len());
    for line in &lines {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(!series.contains('{') || series.ends_with('}'), "{line}");
    }
    assert!(!text.contains("evil") && !text.contains('\u{1b}'), "{text}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("nvidia_smi_gpu_info")).count(), 7);
    let series: BTreeSet<&str> = lines.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert_eq!(series.len(), lines.len(), "each series once");
}

#[test]
fn requests_and_runs_are_counted() {
    let server = Server::start(serve("--metrics --max-age 0"));
    server.get("/nowhere");
    server.get("/services");
    server.ask("POST", "/overview");
    let text = text(&server.get("/metrics"));
    for line in [
        "sek8s_http_requests_total{code=\"404\",route=\"-\"} 1",
        "sek8s_http_requests_total{code=\"405\",route=\"-\"} 1",
        "sek8s_http_requests_total{code=\"200\",route=\"/services\"} 1",
        "sek8s_command_runs_total{outcome=\"success\",program=\"systemctl\"} 1",
        "sek8s_command_runs_total{outcome=\"timeout\",program=\"nvidia-smi\"} 0",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
    }
}
