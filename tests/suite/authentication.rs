//! Who may ask: TLS, client certificates, tokens, signed requests, and all of them together.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use blake2::{Blake2b512, Digest};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::json;

use crate::{
    pki::{Dates, Pki},
    server::{Answer, Connection, Server},
    test::{Test, eventually},
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER_TOKEN: &str = "another-token.of+thirty/six~signs===";

/// A server's command line, run by root as somebody who may read the keys.
fn serve(flags: &str) -> Test {
    let test = Test::new(&format!("serve --listen 127.0.0.1:0 --log-level debug {flags}"));
    if is_root() { test.environment("RUN_AS", "nobody") } else { test }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a secret to whom root becomes.
fn hand_over(secret: &Path) {
    if is_root() {
        let nobody = Command::new("id").args(["-u", "nobody"]).output().unwrap().stdout;
        chown(secret, Some(String::from_utf8(nobody).unwrap().trim().parse().unwrap()), None).unwrap();
    }
}

fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    hand_over(path);
}

/// With an authority and a pair of its own: `ca.pem`, `server.pem`, `server.key` beside the programs.
fn with_tls(test: Test) -> (Test, Pki) {
    let folder = test.programs().path().to_owned();
    let pki = Pki::new(&folder, "ca");
    pki.server("server");
    hand_over(&folder.join("server.key"));
    let test = named(test, "TLS_CERT_PATH", "server.pem");
    (named(test, "TLS_KEY_PATH", "server.key"), pki)
}

/// A setting that names a file beside the programs.
fn named(test: Test, variable: &str, name: &str) -> Test {
    let path = test.programs().path().join(name).display().to_string();
    test.environment(variable, &path)
}

fn with_tokens(test: Test, lines: &str) -> Test {
    write_secret(&test.programs().path().join("tokens"), lines);
    named(test, "AUTH_TOKEN_FILE", "tokens")
}

fn request(path: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n")
}

fn ask(connection: &mut Connection, path: &str, headers: &[(&str, &str)]) -> Answer {
    connection.send(request(path, headers).as_bytes());
    connection.answer()
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(&mut server.connect(), path, headers)
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A miner or validator.
struct Signer {
    pair: Keypair,
    address: String,
}

impl Signer {
    fn new(number: u8) -> Self {
        let pair =
            MiniSecretKey::from_bytes(&[number; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519);
        let mut bytes = vec![42];
        bytes.extend(pair.public.to_bytes());
        let checksum = Blake2b512::new().chain_update(b"SS58PRE").chain_update(&bytes).finalize();
        bytes.extend(&checksum[..2]);
        Self { pair, address: bs58::encode(bytes).into_string() }
    }

    fn sign(&self, message: &str) -> String {
        hex::encode(self.pair.sign_simple(b"substrate", message.as_bytes()).to_bytes())
    }

    /// The three headers, of that moment and for that purpose.
    fn shows(&self, nonce: u64, purpose: &str) -> [String; 3] {
        let signature = self.sign(&format!("{}:{nonce}:{purpose}", self.address));
        [self.address.clone(), nonce.to_string(), signature]
    }
}

fn headers(shown: &[String; 3]) -> [(&str, &str); 3] {
    [("X-Chutes-Hotkey", &shown[0]), ("X-Chutes-Nonce", &shown[1]), ("X-Chutes-Signature", &shown[2])]
}

/// Its head and body, which must not tell one wrong answer from the other.
fn shape(answer: &Answer) -> (String, String) {
    (answer.head_without_date(), String::from_utf8(answer.body.clone()).unwrap())
}

/// It does not start, and says so in one line.
#[track_caller]
fn refuses(test: Test, said: &str) {
    let (mut child, _programs) = test.start();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut all = Vec::new();
    for line in lines {
        if line.contains("listening on") {
            let _ = child.kill();
        }
        all.push(line);
    }
    assert_eq!(all, [format!("sek8s-status: {said}")]);
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn half_of_a_setting_stops_the_start() {
    for check in ["", "--check"] {
        let serve = |flags: &str| Test::new(&format!("serve --listen 127.0.0.1:0 {flags} {check}"));
        let pair = "it needs --tls-cert (TLS_CERT_PATH) and --tls-key (TLS_KEY_PATH)";
        refuses(serve("--tls-cert /a"), "`--tls-cert` is `/a`: it needs --tls-key (TLS_KEY_PATH), too");
        refuses(serve("--tls-key /a"), "`--tls-key` is `/a`: it needs --tls-cert (TLS_CERT_PATH), too");
        refuses(serve("--require-tls"), &format!("`--require-tls` is `true`: {pair}"));
        refuses(serve("").environment("REQUIRE_TLS", "yes"), &format!("`REQUIRE_TLS` is `true`: {pair}"));
        refuses(serve("--client-ca /a"), &format!("`--client-ca` is `/a`: {pair}"));
        let ca = "it needs --client-ca (CLIENT_CA_PATH)";
        refuses(serve("--mtls-required"), &format!("`--mtls-required` is `true`: {ca}"));
        refuses(serve("").environment("MTLS_REQUIRED", "1"), &format!("`MTLS_REQUIRED` is `true`: {ca}"));
        refuses(
            serve("--auth all"),
            "`--auth` is `all`: it needs a scheme: --client-ca, --auth-token-file, --allowed-validators or --miner-ss58",
        );
        refuses(serve("--auth some"), "`--auth` is `some`: it must be `any` or `all`");
        refuses(
            serve("").environment("REQUIRE_TLS", "maybe"),
            "`REQUIRE_TLS` is `maybe`: it must be true or false",
        );
        refuses(
            serve("--miner-ss58 5Grw"),
            "`--miner-ss58` is `5Grw`: it must be an SS58 address, and not that of nobody",
        );
        // Everybody could sign for the account of all zeros.
        let nobody = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM";
        refuses(
            serve(&format!("--miner-ss58 {nobody}")),
            &format!("`--miner-ss58` is `{nobody}`: it must be an SS58 address, and not that of nobody"),
        );
        // Where a list was meant to stand, an empty one would let everybody in.
        let none = "it must be SS58 addresses with commas between them, at least one";
        refuses(serve("--allowed-validators="), &format!("`--allowed-validators` is ``: {none}"));
        refuses(
            serve("").environment("ALLOWED_VALIDATORS", " , "),
            &format!("`ALLOWED_VALIDATORS` is ` , `: {none}"),
        );
        for flag in ["--auth-token-file", "--client-ca", "--tls-cert", "--tls-key", "--miner-ss58"] {
            let output = serve(&format!("{flag}=")).start().0.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{flag}");
        }
        let good = Signer::new(1).address;
        refuses(
            serve("").environment("ALLOWED_VALIDATORS", &format!("{good},5Grw")),
            &format!(
                "`ALLOWED_VALIDATORS` is `{good},5Grw`: it must be SS58 addresses with commas between them, at least one; `5Grw` is none"
            ),
        );
    }
}

#[test]
fn files_that_cannot_be_used_stop_the_start() {
    let refuses = |variable: &str, name: &str, prepare: &dyn Fn(&Path), why: &str| {
        for check in ["", "--check"] {
            let (test, pki) = with_tls(serve(check));
            pki.client("client", Dates::Now);
            let folder = test.programs().path().to_owned();
            prepare(&folder);
            let path = folder.join(name).display().to_string();
            refuses(test.environment(variable, &path), &format!("`{variable}` is `{path}`: {why}"));
        }
    };
    let nothing = |_: &Path| {};
    let empty = |folder: &Path| write_secret(&folder.join("x"), "");
    let garbage = |folder: &Path| {
        write_secret(&folder.join("x"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    };
    for (variable, none) in [
        ("TLS_CERT_PATH", "there is no certificate in it"),
        ("TLS_KEY_PATH", "there is no private key in it, or an encrypted one"),
        ("CLIENT_CA_PATH", "there is no certificate in it"),
        ("AUTH_TOKEN_FILE", "there is no token in it"),
    ] {
        refuses(variable, "missing", &nothing, "there is no such file");
        refuses(variable, "x", &|folder| fs::create_dir(folder.join("x")).unwrap(), "it is no file");
        refuses(variable, "x", &empty, none);
        let fifo = |folder: &Path| {
            assert!(Command::new("mkfifo").arg(folder.join("x")).status().unwrap().success());
        };
        refuses(variable, "x", &fifo, "it is no file");
        let large = |folder: &Path| write_secret(&folder.join("x"), &"x".repeat(1_048_577));
        refuses(variable, "x", &large, "it is larger than 1048576 bytes");
    }
    refuses("TLS_CERT_PATH", "x", &garbage, "its first certificate cannot be used");
    refuses("CLIENT_CA_PATH", "x", &garbage, "a certificate in it cannot be used");
    refuses("TLS_KEY_PATH", "client.key", &nothing, "it does not belong to the certificate");
    let encrypted = |folder: &Path| {
        let arguments = ["pkcs8", "-topk8", "-in", "server.key", "-out", "x", "-passout", "pass:secret"];
        let done = Command::new("openssl").args(arguments).current_dir(folder).status().unwrap();
        assert!(done.success());
    };
    refuses("TLS_KEY_PATH", "x", &encrypted, "there is no private key in it, or an encrypted one");
    for (variable, name) in [("TLS_KEY_PATH", "server.key"), ("AUTH_TOKEN_FILE", "x")] {
        let open = |folder: &Path| {
            let path = folder.join(name);
            if name == "x" {
                fs::write(&path, TOKEN).unwrap();
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        };
        refuses(variable, name, &open, "everybody may read or change it (mode 0644): chmod o= it");
    }
    let short = |folder: &Path| write_secret(&folder.join("x"), &format!("{TOKEN}\nsecret\n"));
    refuses("AUTH_TOKEN_FILE", "x", &short, "line 2 has fewer than 32 characters");
}

#[test]
fn a_certificate_of_another_time_is_a_warning() {
    for (dates, said) in [
        (Dates::Past, "has expired: it was good until 2002-02-03T00:00:00Z; by the clock it is 20"),
        (Dates::Future, "is not good before 2101-04-05T00:00:00Z; by the clock it is 20"),
    ] {
        let (test, pki) = with_tls(serve(""));
        pki.server_of("server", dates);
        hand_over(&test.programs().path().join("server.key"));
        let server = Server::start(test);
        assert!(server.said().contains(said), "{}", server.said());
        // Whether to accept it is the client's business.
        let ran = curl(&server, &["--insecure", "/health"]);
        assert_eq!(ran, "{\"status\":\"ok\"}\n");
    }
}

/// curl against this server; the last argument is a path. What it prints, or how it failed.
fn curl(server: &Server, arguments: &[&str]) -> String {
    let (path, flags) = arguments.split_last().unwrap();
    let address = server.name().replace("127.0.0.1", "localhost") + path;
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--cacert", "ca.pem"])
        .args(flags)
        .arg(address)
        .current_dir(server.programs().path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

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
    eventually("it was said", || server.said().contains("TLS was not agreed on: timed out"));
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
    let mut connection = crate::server::over_tls(&format!("https://{free}"), config).unwrap();
    assert_eq!(ask(&mut connection, "/services", &[]).status, 200);
}

fn mutual(flags: &str) -> Server {
    let (test, pki) = with_tls(serve(flags));
    let folder = test.programs().path().to_owned();
    pki.client("right", Dates::Now).client("expired", Dates::Past).client("early", Dates::Future);
    Pki::new(&folder, "other").client("wrong", Dates::Now);
    Server::start(named(test, "CLIENT_CA_PATH", "ca.pem"))
}

#[test]
fn a_client_certificate_is_asked_for_and_verified_if_it_is_shown() {
    let server = mutual("");
    let mut right = server.try_connect_as(Some("right")).unwrap();
    assert_eq!(ask(&mut right, "/overview", &[]).status, 200);
    eventually("it is said who asks", || server.said().contains(" 200 "));
    // As RFC 4514 writes it, the last part first, and as one field.
    let subject = r#""cert:CN=right,O=Test\\, \\\"quoted\\\"" GET /overview 200 "#;
    assert!(server.said().contains(subject), "{}", server.said());

    let mut none = server.connect();
    assert_eq!(ask(&mut none, "/health", &[]).status, 200);
    let refused = ask(&mut none, "/overview", &[]);
    assert_eq!(refused.error().0, 401);
    assert_eq!(refused.header("WWW-Authenticate"), Some("Certificate realm=\"sek8s-status\""));
    let asked = server.programs().asked().len();
    for shown in ["wrong", "expired", "early"] {
        let mut connection = server.try_connect_as(Some(shown)).unwrap();
        let _ = connection.offer(request("/services", &[]).as_bytes());
        connection.is_over();
    }
    assert_eq!(server.programs().asked().len(), asked);
    eventually("it is said why", || server.said().contains("invalid peer certificate"));
}

#[test]
fn a_client_certificate_that_is_required_is_required_for_everything() {
    let server = mutual("--mtls-required");
    for path in ["/health", "/services"] {
        let mut right = server.try_connect_as(Some("right")).unwrap();
        assert_eq!(ask(&mut right, path, &[]).status, 200);
        for shown in [None, Some("wrong"), Some("expired"), Some("early")] {
            let mut connection = server.try_connect_as(shown).unwrap();
            let _ = connection.offer(request(path, &[]).as_bytes());
            connection.is_over();
        }
    }
    assert!(server.programs().asked().is_empty());
}

#[test]
fn a_ca_that_is_gone_ends_what_it_let_in() {
    let server = mutual("");
    let folder = server.programs().path().to_owned();
    let mut right = server.try_connect_as(Some("right")).unwrap();
    let mut none = server.connect();
    assert_eq!(ask(&mut right, "/services", &[]).status, 200);
    assert_eq!(ask(&mut none, "/health", &[]).status, 200);
    fs::copy(folder.join("other.pem"), folder.join("ca.pem")).unwrap();
    server.signal("HUP");
    eventually("it was read", || server.said().contains("certificates read again"));
    // One more answer, and it has to come again, in vain; who showed nothing goes on.
    assert_eq!(ask(&mut right, "/services", &[]).header("Connection"), Some("close"));
    right.is_over();
    assert_eq!(ask(&mut none, "/health", &[]).header("Connection"), None);
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
            eventually("it was read", || server.said().matches("certificates read again").count() == round);
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
        server.said().contains("not read again, and the old ones stay in force: `TLS_KEY_PATH`")
    });
    assert_eq!(get(&server, "/health", &[]).status, 200);
}

#[test]
fn keys_that_can_be_read_only_once_are_a_warning() {
    if !is_root() {
        eprintln!("left out: only root gives up what it could read");
        return;
    }
    let (test, _pki) = with_tls(serve(""));
    let key = test.programs().path().join("server.key");
    chown(&key, Some(0), Some(0)).unwrap();
    let server = Server::start(test);
    let said =
        format!("{} may not be read any more: when it is replaced, SIGHUP is not enough", key.display());
    assert!(server.said().contains(&said), "{}", server.said());
    assert_eq!(get(&server, "/health", &[]).status, 200);
}

#[test]
fn a_token_lets_in_and_another_does_not() {
    let test = with_tokens(serve("--path-prefix /status"), &format!("# first\n{TOKEN}\n{OTHER_TOKEN}\n"));
    let server = Server::start(test);
    for token in [TOKEN, OTHER_TOKEN] {
        assert_eq!(get(&server, "/services", &[("authorization", &bearer(token))]).status, 200);
    }
    assert_eq!(get(&server, "/services", &[("Authorization", &format!("bearer  {TOKEN}"))]).status, 200);
    for open in ["/health", "/status/health", "/health?x"] {
        assert_eq!(get(&server, open, &[]).status, 200, "{open}");
    }
    let wrong = [
        vec![],
        vec![("Authorization", bearer(""))],
        vec![("Authorization", TOKEN.to_owned())],
        vec![("Authorization", format!("Basic {TOKEN}"))],
        vec![("Authorization", bearer(&TOKEN[1..]))],
        vec![("Authorization", bearer(&format!("{TOKEN}0")))],
        vec![("Authorization", bearer(&TOKEN.to_uppercase()))],
        vec![("Authorization", bearer("# first"))],
        vec![("Authorization", bearer(TOKEN)), ("Authorization", bearer(TOKEN))],
        vec![("Authorization", bearer(&format!("{TOKEN} {OTHER_TOKEN}")))],
        vec![("X-Authorization", bearer(TOKEN))],
        vec![("Cookie", bearer(TOKEN))],
    ];
    let expected = shape(&get(&server, "/overview", &[]));
    for headers in wrong {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for path in ["/overview", "/services", "/status/gpu/nvidia-smi", "/nothing", "/healthy", "/"] {
            let answer = get(&server, path, &headers);
            assert_eq!(
                answer.error(),
                (401, json!({"error": "unauthenticated", "message": "who asks has to show who he is"}))
            );
            assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer realm=\"sek8s-status\""));
            assert_eq!(shape(&answer), expected, "{headers:?}");
        }
    }
    assert!(server.programs().asked().is_empty(), "nothing was asked for strangers");
    // The same connection may go on once it has shown something, and HEAD has no body.
    let mut connection = server.connect();
    assert_eq!(ask(&mut connection, "/services", &[]).status, 401);
    connection.send(b"HEAD /services HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(connection.answer_to_head().status, 401);
    assert_eq!(ask(&mut connection, "/services", &[("Authorization", &bearer(TOKEN))]).status, 200);

    eventually("who asked is said", || server.said().contains(" token:3 GET /services 200 "));
    assert!(server.said().contains(" token:2 GET /services 200 "), "{}", server.said());
    assert!(server.said().contains(" - GET - 401 "), "{}", server.said());
    assert!(!server.said().to_lowercase().contains(TOKEN), "no secret is said");
}

#[test]
fn tokens_are_rotated_with_sighup() {
    let test = with_tokens(serve(""), TOKEN);
    let file = test.programs().path().join("tokens");
    let server = Server::start(test);
    let is_right =
        |token: &str| get(&server, "/services", &[("Authorization", &bearer(token))]).status == 200;
    let renew = |text: &str, said: &str, times: usize| {
        write_secret(&file, text);
        server.signal("HUP");
        eventually("it was read", || server.said().matches(said).count() == times);
    };
    assert!(is_right(TOKEN) && !is_right(OTHER_TOKEN));
    renew(&format!("{TOKEN}\n{OTHER_TOKEN}"), "tokens read again", 1);
    assert!(is_right(TOKEN) && is_right(OTHER_TOKEN));
    renew(OTHER_TOKEN, "tokens read again", 2);
    assert!(!is_right(TOKEN) && is_right(OTHER_TOKEN));
    renew("", "the old ones stay in force", 1);
    assert!(!is_right(TOKEN) && is_right(OTHER_TOKEN));
    assert!(!server.said().contains(OTHER_TOKEN));
}

#[test]
fn sighup_without_anything_to_read_changes_nothing() {
    let server = Server::start(serve(""));
    server.signal("HUP");
    eventually("it is said", || server.said().contains("nothing to read again"));
    assert_eq!(get(&server, "/services", &[]).status, 200);
}

#[test]
fn a_signed_request_of_an_allowed_key_is_answered() {
    let (validator, miner, stranger) = (Signer::new(1), Signer::new(2), Signer::new(3));
    let test = serve("")
        .environment("ALLOWED_VALIDATORS", &format!(" {}, {} ,", validator.address, Signer::new(4).address))
        .environment("MINER_SS58", &miner.address);
    let server = Server::start(test);
    for signer in [&validator, &miner] {
        let shown = signer.shows(now(), "status");
        assert_eq!(get(&server, "/services", &headers(&shown)).status, 200);
        let prefixed = [shown[0].clone(), shown[1].clone(), format!("0x{}", shown[2])];
        assert_eq!(get(&server, "/overview", &headers(&prefixed)).status, 200);
        assert_eq!(get(&server, "/services", &headers(&signer.shows(now() - 25, "status"))).status, 200);
        assert_eq!(get(&server, "/services", &headers(&signer.shows(now() + 4, "status"))).status, 200);
        eventually("who asked is said", || {
            server.said().contains(&format!(" hotkey:{} GET /overview 200 ", signer.address))
        });
    }
    let asked = server.programs().asked().len();
    let forbidden = get(&server, "/overview", &headers(&stranger.shows(now(), "status")));
    assert_eq!(forbidden.error(), (403, json!({"error": "forbidden", "message": "this key may not ask"})));
    assert_eq!(forbidden.header("WWW-Authenticate"), None);

    let expected = shape(&get(&server, "/overview", &[]));
    let [hotkey, nonce, signature] = validator.shows(now(), "status");
    let other = validator.sign(&format!("{}:{nonce}:status", miner.address));
    let shown = |hotkey: &str, nonce: &str, signature: &str| {
        [hotkey.to_owned(), nonce.to_owned(), signature.to_owned()]
    };
    let mut checksum = hotkey.clone().into_bytes();
    let last = checksum.len() - 1;
    checksum[last] = if checksum[last] == b'a' { b'b' } else { b'a' };
    let checksum = String::from_utf8(checksum).unwrap();
    for wrong in [
        validator.shows(now(), "miner"),
        validator.shows(now(), ""),
        validator.shows(now() - 40, "status"),
        validator.shows(now() + 60, "status"),
        shown(&hotkey, &nonce, &stranger.sign(&format!("{hotkey}:{nonce}:status"))),
        shown(&miner.address, &nonce, &signature),
        shown(&miner.address, &nonce, &other),
        shown(&hotkey, &(now() + 1).to_string(), &signature),
        shown("5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM", &nonce, &format!("{}80", "00".repeat(63))),
        shown(&hotkey, "", &signature),
        shown("", &nonce, &signature),
        shown(&hotkey, &nonce, ""),
        shown(&hotkey, &nonce, &signature[2..]),
        shown(&hotkey, &nonce, &format!("{signature}00")),
        shown(&hotkey, &nonce, &signature.replace(char::is_numeric, "g")),
        shown(&hotkey, &nonce, &"0".repeat(4000)),
        shown(&"5".repeat(4000), &nonce, &signature),
        shown(&hotkey, &"1".repeat(4000), &signature),
        shown(&checksum, &nonce, &validator.sign(&format!("{checksum}:{nonce}:status"))),
    ] {
        let answer = get(&server, "/overview", &headers(&wrong));
        assert_eq!(shape(&answer), expected, "{wrong:?}");
    }
    let whole = validator.shows(now(), "status");
    for missing in 0..3 {
        let mut shown = headers(&whole).to_vec();
        shown.remove(missing);
        assert_eq!(shape(&get(&server, "/overview", &shown)), expected, "without the {missing}th");
    }
    assert_eq!(server.programs().asked().len(), asked, "nothing was asked for strangers");
    assert!(!server.said().contains(&signature), "no signature is said");
}

#[test]
fn requests_signed_by_the_clients_own_library_are_answered() {
    let Some(python) = std::env::var_os("SEK8S_SIGNER") else {
        eprintln!("left out: SEK8S_SIGNER names no python with substrate-interface");
        return;
    };
    let script = "import sys, time
from substrateinterface import Keypair
pair = Keypair.create_from_mnemonic(Keypair.generate_mnemonic())
nonce = str(int(time.time()))
print(pair.ss58_address, nonce, pair.sign(f'{pair.ss58_address}:{nonce}:status').hex(), sep='\\n')";
    for _ in 0..5 {
        let output = Command::new(&python).args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let shown = [lines[0].to_owned(), lines[1].to_owned(), lines[2].to_owned()];
        let server = Server::start(serve("").environment("MINER_SS58", lines[0]));
        assert_eq!(get(&server, "/services", &headers(&shown)).status, 200, "{shown:?}");
    }
}

#[test]
fn any_scheme_is_enough_unless_all_are_needed() {
    let miner = Signer::new(2);
    let stranger = Signer::new(3);
    for (mode, is_all) in [("any", false), ("all", true)] {
        let (test, pki) = with_tls(serve(&format!("--auth {mode} --miner-ss58 {}", miner.address)));
        pki.client("right", Dates::Now);
        let test = with_tokens(named(test, "CLIENT_CA_PATH", "ca.pem"), TOKEN);
        let server = Server::start(test);
        let token = bearer(TOKEN);
        for bits in 0..8 {
            let (certificate, with_token, signed) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
            let mut connection = server.try_connect_as(certificate.then_some("right")).unwrap();
            let shown = miner.shows(now(), "status");
            let mut sent = Vec::new();
            if with_token {
                sent.push(("Authorization", token.as_str()));
            }
            if signed {
                sent.extend(headers(&shown));
            }
            let expected = if is_all { bits == 7 } else { bits != 0 };
            let status = ask(&mut connection, "/services", &sent).status;
            assert_eq!(status, if expected { 200 } else { 401 }, "{mode}: {bits:03b}");
            assert_eq!(ask(&mut connection, "/health", &[]).status, 200);
        }
        // A key that is not allowed is only told so when nothing else is missing.
        let shown = stranger.shows(now(), "status");
        let mut sent = headers(&shown).to_vec();
        let mut connection = server.connect();
        assert_eq!(ask(&mut connection, "/services", &sent).status, if is_all { 401 } else { 403 });
        sent.push(("Authorization", &token));
        let mut connection = server.try_connect_as(Some("right")).unwrap();
        assert_eq!(ask(&mut connection, "/services", &sent).status, if is_all { 403 } else { 200 });
        eventually("all are said", || server.said().contains("+token:1+hotkey:") || !is_all);
    }
}

#[test]
fn what_can_be_read_on_the_way_is_said_at_the_start() {
    let said = |test: Test| {
        let test = test.environment("BIND_ADDRESS", "0.0.0.0").environment("PORT", "0");
        Server::start(test).said()
    };
    let plain = || Test::new("serve");
    let outside = "is reachable from outside this machine";
    assert!(said(plain()).contains("plain HTTP, and nobody has to say who they are"));
    assert!(
        said(with_tokens(plain(), TOKEN))
            .contains("plain HTTP, so what is sent can be read on the way, tokens too")
    );
    let (test, _pki) = with_tls(plain());
    let warned = said(test);
    assert!(
        warned.contains(&format!("{outside}: nobody has to say who they are")) && !warned.contains("plain"),
        "{warned}"
    );
    let (test, _pki) = with_tls(plain());
    assert!(!said(with_tokens(test, TOKEN)).contains(outside));
}

/// The blocks of the documentation in that language.
fn blocks(language: &str) -> Vec<String> {
    let text = include_str!("../../docs/authentication.md");
    let fence = format!("```{language}\n");
    let behind = text.split(&fence).skip(1);
    behind.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_set_up_of_the_documentation_works_in_five_lines() {
    let blocks = blocks("sh");
    assert_eq!(blocks.len(), 5);
    let help = Command::new(crate::test::BINARY).args(["serve", "--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    for line in blocks.iter().flat_map(|block| block.lines()) {
        assert!(help.contains(line.trim()), "--help has other lines: {line}");
    }
    let folder = crate::stub::folder();
    fs::write(folder.path().join("sign.py"), &self::blocks("python")[0]).unwrap();
    let signer = std::env::var("SEK8S_SIGNER").ok();
    for block in blocks {
        assert!(block.lines().count() <= 5, "{block}");
        if !block.contains("sek8s-status serve") {
            let made =
                Command::new("bash").args(["-ec", &block]).current_dir(folder.path()).output().unwrap();
            assert!(made.status.success(), "{block}: {}", String::from_utf8_lossy(&made.stderr));
            continue;
        }
        if block.contains("sign.py") && signer.is_none() {
            eprintln!("left out: SEK8S_SIGNER names no python with substrate-interface");
            continue;
        }
        let (before, rest) = block.split_once("sek8s-status serve ").unwrap();
        let (flags, after) = rest.split_once(" &\n").unwrap();
        let run = |script: &str| {
            // A failure of curl is one of the script, and an error document one of curl.
            let script = format!("curl() {{ command curl -sS --fail-with-body \"$@\"; }}\n{script}");
            let output =
                Command::new("bash").args(["-ec", &script]).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        run(before);
        let server =
            Server::start_as(Test::new(&format!("serve {flags} --demo --listen 127.0.0.1:0")), |binary| {
                let mut command = Command::new(binary);
                command.current_dir(folder.path());
                command
            });
        let port = server.name().rsplit_once(':').unwrap().1;
        let after = after.replace("localhost:8080", &format!("localhost:{port}"));
        let after = after.replace("python3", signer.as_deref().unwrap_or("python3"));
        assert!(run(&after).starts_with("{\"services\":["), "{block}");
        // Without what it shows, it is refused.
        if flags.contains("auth") || flags.contains("client") || flags.contains("miner") {
            let refused = curl_plainly(&server, folder.path());
            assert!(refused.contains("\"unauthenticated\""), "{refused}");
        }
    }
}

fn curl_plainly(server: &Server, folder: &Path) -> String {
    let address = server.name().replace("127.0.0.1", "localhost") + "/services";
    let output = Command::new("curl")
        .args(["-sS", "--cacert", "ca.pem", &address])
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
