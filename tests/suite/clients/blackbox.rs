//! Prometheus' blackbox exporter.

use std::time::{Duration, Instant};

use super::*;

/// What a probe found: the whole of it, and whether it was a success.
struct Probe(String);

impl Probe {
    #[track_caller]
    fn of(port: u16, module: &str, target: &str) -> Self {
        Self(curl(&[&format!("http://127.0.0.1:{port}/probe?module={module}&target={target}")]).1)
    }

    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in {}", self.0)).parse().unwrap()
    }

    fn is_success(&self) -> bool {
        self.value("probe_success") > 0.5
    }
}

#[track_caller]
fn start(modules: &str) -> Option<(Running, u16)> {
    let program = find("prometheus-blackbox-exporter")?;
    let folder = stub::folder();
    let port = free_port();
    fs::write(folder.path().join("blackbox.yml"), modules).unwrap();
    let mut command = Command::new(program);
    command.arg("--config.file=blackbox.yml").arg(format!("--web.listen-address=127.0.0.1:{port}"));
    Some((Running::start(folder, &mut command, port), port))
}

#[test]
fn the_blackbox_exporter_sees_whether_the_server_lives_and_the_machine_is_well() {
    let (well, degraded) = (well(), Server::start(degraded(plain())));
    let guarded = Server::start(guarded());
    let page = block("yaml", "modules:").to_owned();
    // What the page warns of.
    let unanchored = "  unanchored:\n    prober: http\n    http:\n      fail_if_body_not_matches_regexp: ['\"status\":\"ok\"']\n";
    let folder = guarded.programs().path();
    let modules = page
        .replace("/etc/ssl/status/ca.pem", folder.join("ca.pem").to_str().unwrap())
        .replace("/etc/prometheus/status-token", folder.join("tokens").to_str().unwrap());
    let Some((_exporter, port)) = start(&(modules + unanchored)) else {
        return left_out("prometheus-blackbox-exporter");
    };
    let probe = |module: &str, server: &Server, path: &str| {
        Probe::of(port, module, &(server.name().to_owned() + path))
    };
    assert!(probe("sek8s_health", &well, "/health").is_success());
    assert!(probe("sek8s_health", &degraded, "/health").is_success());
    assert!(probe("sek8s_overview", &well, "/overview").is_success());
    assert!(!probe("sek8s_overview", &degraded, "/overview").is_success());
    assert!(probe("unanchored", &degraded, "/overview").is_success());
    assert!(!probe("sek8s_overview", &guarded, "/overview").is_success(), "neither CA nor token");
    let over_tls = probe("sek8s_overview_tls", &guarded, "/overview");
    assert!(over_tls.is_success(), "{}", over_tls.0);
    assert!(over_tls.value("probe_ssl_earliest_cert_expiry") > 1.0);
}

#[test]
fn the_scrape_timeout_of_prometheus_cuts_that_of_the_module() {
    let server = Server::start(plain().nvidia_smi(&Stub::acts("exec sleep 1000")));
    let Some((_exporter, port)) = start(block("yaml", "modules:")) else {
        return left_out("prometheus-blackbox-exporter");
    };
    let target =
        format!("http://127.0.0.1:{port}/probe?module=sek8s_overview&target={}/overview", server.name());
    let begun = Instant::now();
    let probe = Probe(curl(&["-H", "X-Prometheus-Scrape-Timeout-Seconds: 1", &target]).1);
    assert!(!probe.is_success());
    // The answer takes the command timeout, ten seconds; the module would wait for it.
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}
