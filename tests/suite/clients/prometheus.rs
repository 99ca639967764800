//! Prometheus itself, promtool, and what is packaged for them.

use serde_json::Value;

use super::*;

const RULES: &str = include_str!("../../../packaging/prometheus/sek8s-status.rules.yml");

const DASHBOARD: &str = include_str!("../../../packaging/grafana/sek8s-status.json");

const METRICS: &str = include_str!("../../../docs/metrics.md");

fn with_metrics(flags: &str) -> Test {
    Test::new(&format!("serve --listen 127.0.0.1:0 --metrics {flags}"))
}

#[track_caller]
fn promtool(arguments: &[&str], input: &str) -> Option<()> {
    let program = find("promtool")?;
    let folder = stub::folder();
    fs::write(folder.path().join("input"), input).unwrap();
    let done = Command::new(program)
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/prometheus"))
        .stdin(fs::File::open(folder.path().join("input")).unwrap())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    Some(())
}

#[test]
fn promtool_has_nothing_to_say() {
    let server = Server::start(with_metrics("--demo"));
    let text = server.get("/metrics").body;
    let Some(()) = promtool(&["check", "metrics"], &String::from_utf8(text).unwrap()) else {
        return left_out("promtool");
    };
    promtool(&["check", "rules", "sek8s-status.rules.yml"], "");
    promtool(&["test", "rules", "sek8s-status.rules.test.yml"], "");
}

/// A Prometheus that scrapes these servers, over TLS with a token or without; and the port that answers.
fn prometheus(scrape: &str) -> Option<(Running, u16)> {
    let program = find("prometheus")?;
    let folder = stub::folder();
    let port = free_port();
    let config = format!(
        "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s\nrule_files: [rules.yml]\n{scrape}"
    );
    fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    fs::write(folder.path().join("rules.yml"), RULES).unwrap();
    let mut command = Command::new(program);
    command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let running = Running::start(folder, &mut command, port);
    eventually("it is ready", || curl(&[&format!("http://127.0.0.1:{port}/-/ready")]).1.contains("is Ready"));
    Some((running, port))
}

fn asks(port: u16, path: &str, expression: &str) -> Value {
    let url = format!("http://127.0.0.1:{port}/api/v1/{path}");
    let (_, body) = curl(&["--get", "--data-urlencode", &format!("query={expression}"), &url]);
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}"))
}

/// The values that an expression has.
fn values(port: u16, expression: &str) -> Vec<Value> {
    let answer = asks(port, "query", expression);
    assert_eq!(answer["status"], "success", "{expression}: {answer}");
    answer["data"]["result"].as_array().unwrap().clone()
}

/// Every expression of the dashboard, for all VMs and any window.
fn expressions() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets
        .map(|target| {
            let expression = target["expr"].as_str().unwrap();
            let vm = expression.replace("instance=\"$vm\"", "instance=~\".+\"");
            vm.replace("$job", ".+").replace("$instance", ".+").replace("$__rate_interval", "1m")
        })
        .collect()
}

#[test]
fn every_expression_has_data_in_a_prometheus_that_scrapes_the_demo() {
    let demo = Server::start(with_metrics("--demo"));
    let (_, address) = demo.name().rsplit_once('/').unwrap();
    let scrape = format!(
        "scrape_configs:\n  - job_name: sek8s-status\n    static_configs:\n      - targets: ['{address}']\n"
    );
    let Some((_prometheus, port)) = prometheus(&scrape) else { return left_out("prometheus") };
    eventually("it has scraped twice", || {
        let count = values(port, "count_over_time(sek8s_overview_ok[1m]) > 2");
        count.len() == 1
    });
    for expression in expressions() {
        assert!(!values(port, &expression).is_empty(), "{expression}");
    }
    // What the rules look at is there; certificates and the number expected are only with those settings.
    for line in RULES.lines().filter_map(|line| line.trim().strip_prefix("expr: ")) {
        let metric = line.trim_start_matches("increase(").split(['{', '[', ' ']).next().unwrap();
        let is_optional = metric.contains("certificate");
        assert!(is_optional || !values(port, metric).is_empty(), "{metric}");
    }
    let alerts = asks(port, "rules", "");
    let rules = alerts["data"]["groups"][0]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 10);
    assert!(rules.iter().all(|rule| rule["health"] != "err"), "{rules:?}");
}

#[test]
fn it_scrapes_over_tls_with_a_token_as_documented() {
    let test = authentication::serve("--metrics --demo");
    let server = Server::start(authentication::with_tokens(authentication::with_tls(test).0, TOKEN));
    let block = METRICS.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = server.programs().path();
    let (_, address) = server.name().rsplit_once('/').unwrap();
    let scrape = block
        .replace("/etc/ssl/status/ca.pem", folder.join("ca.pem").to_str().unwrap())
        .replace("/etc/prometheus/status-token", folder.join("tokens").to_str().unwrap())
        .replace("vm1.example:8080", address);
    let Some((prometheus, port)) = prometheus(&scrape) else { return left_out("prometheus") };
    eventually("it scrapes", || !values(port, "up == 1").is_empty());
    assert_eq!(values(port, "sek8s_overview_ok").len(), 1, "{}", prometheus.log());
    assert!(!values(port, "sek8s_tls_certificate_expiry_timestamp_seconds > time()").is_empty());
}

#[test]
fn the_dashboard_is_one_that_can_be_shared() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let variables: Vec<_> =
        dashboard["templating"]["list"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(variables, ["datasource", "job", "instance", "vm"]);
    for panel in dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row") {
        let title = &panel["title"];
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(panel["description"].as_str().unwrap().ends_with('.'), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            assert!(expression.contains("job=~\"$job\""), "{title}: {expression}");
            // A counter says something only by how fast it grows.
            let is_counter = expression.contains("_total{");
            assert!(!is_counter || expression.contains("[$__rate_interval]"), "{title}: {expression}");
        }
    }
}

#[test]
fn names_agree_in_the_exposition_the_rules_the_dashboard_and_the_page() {
    let server = Server::start(with_metrics("--demo --expect-gpus 8"));
    // The first request is counted once it has been answered.
    server.get("/metrics");
    let text = String::from_utf8(server.get("/metrics").body).unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .chain(["up", "sek8s_tls_certificate_expiry_timestamp_seconds"])
        .collect();
    let is_metric =
        |word: &&str| ["sek8s_", "nvidia_smi_", "systemd_"].iter().any(|start| word.starts_with(start));
    let words = |text: &'static str| {
        text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').filter(is_metric)
    };
    for word in words(RULES).chain(words(DASHBOARD)) {
        assert!(names.contains(&word), "{word} is not exposed");
    }
    for name in names.iter().filter(|name| is_metric(name)) {
        let is_documented = METRICS.contains(&format!("`{name}`"))
            || name.starts_with("nvidia_smi_")
            || name.starts_with("sek8s_collector_");
        assert!(is_documented, "{name} is not in docs/metrics.md");
    }
}
