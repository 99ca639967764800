//! TLS itself.

use super::*;

#[test]
fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let (test, _pki) = with_tls(serve(""));
    let server = Server::start(test);
    assert!(server.name().starts_with("https://127.0.0.1:"));
    let speaks = |version: &str| {
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", server.name().strip_prefix("https://").unwrap()])
            .args([
                "-CAfile",
                "ca.pem",
                "-verify_return_error",
                "-brief",
                "-cipher",
                "DEFAULT@SECLEVEL=0",
                version,
            ])
            .current_dir(server.programs().path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(client.stdin.take());
        let output = client.wait_with_output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    for (version, name) in
        [("-tls1_2", "Protocol version: TLSv1.2"), ("-tls1_3", "Protocol version: TLSv1.3")]
    {
        let said = speaks(version);
        assert!(said.contains(name) && said.contains("Verification: OK"), "{said}");
    }
    for version in ["-tls1", "-tls1_1"] {
        let said = speaks(version);
        assert!(!said.contains("Protocol version"), "{said}");
    }
    assert_eq!(curl(&server, &["--tlsv1.2", "--tls-max", "1.2", "/health"]), "{\"status\":\"ok\"}\n");
    assert_eq!(curl(&server, &["--tlsv1.3", "/health"]), "{\"status\":\"ok\"}\n");
    assert!(curl(&server, &["--http2", "--write-out", "%{http_version}", "/health"]).ends_with("\n1.1"));
    // Long answers, and many on one connection.
    let mut connection = server.connect();
    for _ in 0..20 {
        assert_eq!(ask(&mut connection, "/overview", &[]).json()["status"], "ok");
    }
}

#[test]
fn who_talks_no_tls_is_not_talked_to() {
    let (test, _pki) = with_tls(serve(""));
    let server = Server::start(test);
    for bytes in [request("/health", &[]).into_bytes(), vec![0; 300], b"\x16\x03\x01\xff\xff".repeat(100)] {
        let mut connection = server.try_connect_bare().unwrap();
        connection.send(&bytes);
        let answer = connection.finish();
        // At most an alert of TLS.
        assert!(answer.is_empty() || (answer[0] == 21 && answer.len() < 16), "{answer:?}");
    }
    // Half a handshake keeps nobody out, and is not waited for.
    let stalled: Vec<Connection> = (0..200)
        .filter_map(|_| {
            let mut connection = server.try_connect_bare().ok()?;
            let _ = connection.try_send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
            Some(connection)
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(get(&server, "/health", &[]).status, 200);
    }
    for mut connection in stalled {
        connection.is_over();
    }
    eventually("it was said", || server.said().contains("TLS handshake failed: timed out"));
}

#[test]
fn a_unix_socket_is_never_tls() {
    let test = Test::new("serve");
    let path = test.programs().path().join("http.sock").display().to_string();
    let (test, _pki) = with_tls(test.environment("UDS_PATH", &path));
    let server = Server::start(test.environment("REQUIRE_TLS", "true"));
    assert_eq!(server.name(), format!("unix:{path}"));
    assert_eq!(get(&server, "/health", &[]).status, 200);
}

#[test]
fn sockets_that_are_passed_talk_tls_too() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (test, _pki) = with_tls(serve(""));
    let Ok(activate) = Command::new("systemd-socket-activate").arg("--version").output() else {
        eprintln!("left out: there is no systemd-socket-activate here");
        return;
    };
    assert!(activate.status.success());
    let server = Server::start_as(test, |binary| {
        let mut activate = Command::new("/bin/sh");
        // It connects once, so that the server is started.
        activate.args([
            "-c",
            "binary=$1 address=$2; shift 2
            for name in PROGRAM_PATH JOURNAL_PATH TLS_CERT_PATH TLS_KEY_PATH RUN_AS MAX_AGE; do
                eval \"options=\\\"$options -E $name=\\$$name\\\"\"
            done
            (until curl -sk \"https://$address/health\" >/dev/null; do :; done) &
            exec systemd-socket-activate --listen \"$address\" $options \"$binary\" \"$@\"",
            "sh",
            binary,
            &free.to_string(),
        ]);
        activate
    });
    assert!(server.name().starts_with(&format!("https://{free} (socket ")), "{}", server.name());
    let config = crate::pki::client(server.programs().path(), None);
    let mut connection = crate::connection::over_tls(&format!("https://{free}"), config).unwrap();
    assert_eq!(ask(&mut connection, "/services", &[]).status, 200);
}

#[test]
fn no_session_is_resumed() {
    let (test, _pki) = with_tls(serve(""));
    let server = Server::start(test);
    for version in ["-tls1_2", "-tls1_3"] {
        let output = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                server.name().strip_prefix("https://").unwrap(),
                "-reconnect",
                version,
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("New, TLSv1.") && !said.contains("Reused"), "{said}");
    }
}

#[test]
fn new_certificates_come_with_sighup_and_nobody_notices() {
    let (test, pki) = with_tls(serve(""));
    let folder = test.programs().path().to_owned();
    let server = Server::start(test);
    let done = AtomicBool::new(false);
    let serial = || fs::read(folder.join("server.pem")).unwrap();
    let first = serial();
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    while !done.load(Ordering::SeqCst) {
                        let mut connection = server.connect();
                        for _ in 0..3 {
                            assert_eq!(ask(&mut connection, "/health", &[]).status, 200);
                        }
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        for round in 1..=10 {
            // In its place at once: a half of it would be refused, and the old one kept.
            pki.server("next");
            hand_over(&folder.join("next.key"));
            for kind in ["key", "pem"] {
                fs::rename(folder.join(format!("next.{kind}")), folder.join(format!("server.{kind}")))
                    .unwrap();
            }
            server.signal("HUP");
            eventually("it was read", || server.said().matches("certificates reloaded").count() == round);
        }
        done.store(true, Ordering::SeqCst);
        for thread in asking {
            assert!(thread.join().unwrap() > 0);
        }
    });
    assert_ne!(serial(), first);
    let shown = Command::new("openssl")
        .args(["s_client", "-connect", server.name().strip_prefix("https://").unwrap(), "-showcerts"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let current = String::from_utf8(serial()).unwrap().replace("\r\n", "\n");
    assert!(shown.contains(current.trim()), "{shown}");

    // A pair that does not belong together changes nothing.
    pki.server("other");
    fs::copy(folder.join("other.pem"), folder.join("server.pem")).unwrap();
    server.signal("HUP");
    eventually("it was refused", || {
        server.said().contains("reload failed, keeping the previous certificates: `TLS_KEY_PATH`")
    });
    assert_eq!(get(&server, "/health", &[]).status, 200);
}
