//! HAProxy, in front of the server and as what looks after it.

use std::{
    io::Write,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use super::*;

/// What every configuration needs besides what the page is about.
const REST: &str = "
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    default-server inter 500ms
";

/// HAProxy with these sections. It looks after its servers twice a second, and waits for a port that is
/// always there.
struct Haproxy(Running);

impl Haproxy {
    #[track_caller]
    fn start(sections: &str) -> Option<Self> {
        let program = find("haproxy")?;
        let folder = stub::folder();
        let (ready, socket) = (free_port(), folder.path().join("admin.sock"));
        let sections = sections.replace(" inter 30s", "");
        let configuration = format!(
            "global\n    stats socket {}\n{REST}\nfrontend ready\n    bind 127.0.0.1:{ready}\n{sections}",
            socket.display()
        );
        fs::write(folder.path().join("haproxy.cfg"), configuration).unwrap();
        Some(Self(Running::start(folder, Command::new(program).args(["-db", "-f", "haproxy.cfg"]), ready)))
    }

    /// Waits until this is what it has found: whether the server is up, by which check and with which status. A busy
    /// machine may let a check time out before.
    #[track_caller]
    fn finds(&self, backend: &str, expected: &str) {
        let mut found = None;
        let deadline = Instant::now() + Duration::from_secs(20);
        while found.as_deref() != Some(expected) {
            assert!(Instant::now() < deadline, "{backend} is {found:?} and not {expected}: {}", self.0.log());
            thread::sleep(Duration::from_millis(20));
            found = self.found(backend);
        }
    }

    fn found(&self, backend: &str) -> Option<String> {
        let mut socket = UnixStream::connect(self.0.path().join("admin.sock")).ok()?;
        socket.write_all(b"show stat\n").ok()?;
        let mut table = String::new();
        socket.read_to_string(&mut table).ok()?;
        let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = lines.next()?;
        let row = lines.find(|row| row[..2] == [backend, "vm-01"])?;
        let cell = |name: &str| row[names.iter().position(|other| *other == name).unwrap()];
        Some([cell("status"), cell("check_status"), cell("check_code")].join(" ").trim_end().to_owned())
    }
}

#[test]
fn haproxy_sees_that_the_server_lives_and_that_the_machine_is_well() {
    let alive = block("haproxy", "option httpchk GET /health");
    let (_, alive) = alive.split_once("\n\n").unwrap();
    let is_well = block("haproxy", "backend vm-01-well");
    let expression = "http-check expect rstring '^{\"status\":\"ok\"'";
    assert!(is_well.contains(expression));
    // What the page warns of.
    let bare = alive.replace("backend vm-01", "backend bare").replace("httpchk GET /health", "httpchk");
    let unanchored = is_well
        .replace("vm-01-well", "unanchored")
        .replace(expression, "http-check expect string '\"status\":\"ok\"'");
    let sections = [alive, is_well, &bare, &unanchored].join("\n");
    for (test, verdict, of_unanchored) in
        [(plain(), "UP L7OK 200", "UP L7OK 200"), (degraded(plain()), "DOWN L7RSP", "UP L7OK 200")]
    {
        let server = Server::start(test);
        let Some(haproxy) = Haproxy::start(&set_up(&sections, &server)) else { return left_out("haproxy") };
        haproxy.finds("vm-01", "UP L7OK 200");
        haproxy.finds("bare", "DOWN L7STS 404");
        haproxy.finds("vm-01-well", verdict);
        haproxy.finds("unanchored", of_unanchored);
    }
}

#[test]
fn haproxy_judges_an_overview_by_its_beginning_however_long_it_is() {
    // Longer than its buffer of 16 KiB.
    let long = Stub::acts(
        r#"case "$*" in *--query*) exit 2 ;; *) i=0; while [ $i -lt 900 ]; do echo "| H100 | 0123456789 0123456789 0123456789 0123456789 |"; i=$((i+1)); done ;; esac"#,
    );
    let server = Server::start(plain().environment("MAX_OUTPUT_BYTES", "65536").nvidia_smi(&long));
    assert!(server.get("/overview").body.len() > 40_000);
    let sections = set_up(block("haproxy", "backend vm-01-well"), &server);
    let Some(haproxy) = Haproxy::start(&sections) else { return left_out("haproxy") };
    haproxy.finds("vm-01-well", "UP L7OK 200");
}

#[test]
fn haproxy_looks_after_a_server_with_tls_and_a_token() {
    let section = block("haproxy", "verifyhost localhost");
    for (test, verdict) in [(guarded(), "UP L7OK 200"), (degraded(guarded()), "DOWN L7RSP")] {
        let server = Server::start(test);
        let Some(haproxy) = Haproxy::start(&set_up(section, &server)) else { return left_out("haproxy") };
        haproxy.finds("vm-01-tls", verdict);
    }
    let server = Server::start(guarded());
    let section = set_up(section, &server);
    let wrong_token = section.replace(TOKEN, authentication::OTHER_TOKEN);
    let wrong_name = section.replace("verifyhost localhost", "verifyhost vm-02.example");
    Haproxy::start(&wrong_token).unwrap().finds("vm-01-tls", "DOWN L7RSP");
    Haproxy::start(&wrong_name).unwrap().finds("vm-01-tls", "DOWN L6RSP");
}

#[test]
fn haproxy_hands_requests_on_without_a_body_and_the_log_has_its_address() {
    let server = well();
    let section = set_up(block("haproxy", "frontend status"), &server);
    let (first, second, bare) = (free_port(), free_port(), free_port());
    let listens = |port: u16, of: &str| format!("bind 127.0.0.1:{port}{of}");
    let own = section
        .replace("bind :8000", &format!("{}\n    {}", listens(first, ""), listens(second, " proto h2")));
    // Without the three lines, to see what they are for.
    let bare_frontend =
        format!("frontend bare\n    {}\n    default_backend vm-01\n", listens(bare, " proto h2"));
    let Some(haproxy) = Haproxy::start(&(own + &bare_frontend)) else { return left_out("haproxy") };
    haproxy.finds("vm-01", "UP L7OK 200");
    let address = |port: u16, path: &str| format!("http://127.0.0.1:{port}{path}");

    let (status, overview) = curl(&["--interface", "127.0.0.2", &address(first, "/overview")]);
    assert_eq!((status, overview.starts_with("{\"status\":\"ok\"")), (200, true));
    eventually("it is logged", || server.said().contains(" GET /overview 200 "));
    let forwarded = ["-H", "X-Forwarded-For: 192.0.2.7", "-H", "Forwarded: for=192.0.2.7"];
    assert_eq!(curl(&[&forwarded[..], &[&address(first, "/services")]].concat()).0, 200);
    eventually("it is logged", || server.said().contains(" GET /services 200 "));
    let others = server.said().lines().any(|line| line.contains("127.0.0.2") || line.contains("192.0.2.7"));
    assert!(!others, "{}", server.said());

    for port in [second, bare] {
        assert_eq!(curl(&["--http2-prior-knowledge", &address(port, "/health")]).0, 200);
    }
    let ask = |port: u16, how: &[&str]| curl(&[how, &[&address(port, "/health")]].concat()).0;
    assert_eq!(OPEN_ENDED.map(|how| ask(bare, how) == 200), [false, false]);
    assert_eq!(OPEN_ENDED.map(|how| ask(second, how)), [200, 413]);
    // A second request behind the first one's body never gets to the server as one.
    let smuggled = "0\r\n\r\nGET /gpu/nvidia-smi HTTP/1.1\r\nHost: a\r\n\r\n";
    for how in ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"] {
        let arguments = ["-X", "GET", "-H", how, "--data-binary", smuggled];
        assert_ne!(ask(first, &arguments), 200, "{how}");
    }
    assert!(!server.said().contains("/gpu/nvidia-smi"), "{}", server.said());
}
