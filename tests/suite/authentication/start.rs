//! What stops the start, and what is said at it.

use super::*;

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
        (Dates::Past, "expired at 2002-02-03T00:00:00Z; the clock says 20"),
        (Dates::Future, "is not valid before 2101-04-05T00:00:00Z; the clock says 20"),
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
