//! What stops the start, and what is said at it.

use super::*;

#[test]
fn half_of_a_setting_stops_the_start() {
    for check in ["", "--check"] {
        let serve = |flags: &str| Test::new(&format!("serve --listen 127.0.0.1:0 {flags} {check}"));
        let pair = "it requires --tls-cert (TLS_CERT_PATH) and --tls-key (TLS_KEY_PATH)";
        refuses(serve("--tls-cert /a"), "`--tls-cert` is `/a`: it requires --tls-key (TLS_KEY_PATH)");
        refuses(serve("--tls-key /a"), "`--tls-key` is `/a`: it requires --tls-cert (TLS_CERT_PATH)");
        refuses(serve("--require-tls"), &format!("`--require-tls` is `true`: {pair}"));
        refuses(serve("").environment("REQUIRE_TLS", "yes"), &format!("`REQUIRE_TLS` is `true`: {pair}"));
        refuses(serve("--client-ca /a"), &format!("`--client-ca` is `/a`: {pair}"));
        let ca = "it requires --client-ca (CLIENT_CA_PATH)";
        refuses(serve("--mtls-required"), &format!("`--mtls-required` is `true`: {ca}"));
        refuses(serve("").environment("MTLS_REQUIRED", "1"), &format!("`MTLS_REQUIRED` is `true`: {ca}"));
        refuses(
            serve("--auth all"),
            "`--auth` is `all`: it requires at least one of --client-ca, --auth-token-file, --allowed-validators and --miner-ss58",
        );
        refuses(serve("--auth some"), "`--auth` is `some`: it must be `any` or `all`");
        refuses(
            serve("").environment("REQUIRE_TLS", "maybe"),
            "`REQUIRE_TLS` is `maybe`: it must be `true` or `false`",
        );
        refuses(
            serve("--miner-ss58 5Grw"),
            "`--miner-ss58` is `5Grw`: it must be a valid SS58 address other than the all-zero account",
        );
        // Everybody could sign for the account of all zeros.
        let nobody = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM";
        refuses(
            serve(&format!("--miner-ss58 {nobody}")),
            &format!(
                "`--miner-ss58` is `{nobody}`: it must be a valid SS58 address other than the all-zero account"
            ),
        );
        // Where a list was meant to stand, an empty one would let everybody in.
        let none = "it must be one or more comma-separated SS58 addresses";
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
                "`ALLOWED_VALIDATORS` is `{good},5Grw`: it must be one or more comma-separated SS58 addresses; `5Grw` is not a valid one"
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
            let why = why.replace("FILE", &path);
            refuses(test.environment(variable, &path), &format!("`{variable}` is `{path}`: {why}"));
        }
    };
    let nothing = |_: &Path| {};
    let empty = |folder: &Path| write_secret(&folder.join("x"), "");
    let garbage = |folder: &Path| {
        write_secret(&folder.join("x"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    };
    for (variable, none) in [
        ("TLS_CERT_PATH", "it contains no certificate"),
        ("TLS_KEY_PATH", "it contains no unencrypted private key"),
        ("CLIENT_CA_PATH", "it contains no certificate"),
        ("AUTH_TOKEN_FILE", "it contains no token"),
    ] {
        refuses(variable, "missing", &nothing, "no such file");
        refuses(
            variable,
            "x",
            &|folder| fs::create_dir(folder.join("x")).unwrap(),
            "it is not a regular file",
        );
        refuses(variable, "x", &empty, none);
        let fifo = |folder: &Path| {
            assert!(Command::new("mkfifo").arg(folder.join("x")).status().unwrap().success());
        };
        refuses(variable, "x", &fifo, "it is not a regular file");
        let large = |folder: &Path| write_secret(&folder.join("x"), &"x".repeat(1_048_577));
        refuses(variable, "x", &large, "it is larger than 1048576 bytes");
    }
    refuses("TLS_CERT_PATH", "x", &garbage, "its first certificate is invalid");
    refuses("CLIENT_CA_PATH", "x", &garbage, "it contains an invalid certificate");
    refuses("TLS_KEY_PATH", "client.key", &nothing, "it does not match the certificate");
    let encrypted = |folder: &Path| {
        let arguments = ["pkcs8", "-topk8", "-in", "server.key", "-out", "x", "-passout", "pass:secret"];
        let done = Command::new("openssl").args(arguments).current_dir(folder).status().unwrap();
        assert!(done.success());
    };
    refuses("TLS_KEY_PATH", "x", &encrypted, "it contains no unencrypted private key");
    for (variable, name) in [("TLS_KEY_PATH", "server.key"), ("AUTH_TOKEN_FILE", "x")] {
        let open = |folder: &Path| {
            let path = folder.join(name);
            if name == "x" {
                fs::write(&path, TOKEN).unwrap();
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        };
        refuses(variable, name, &open, "it is accessible to other users (mode 0644); run `chmod o= FILE`");
    }
    let short = |folder: &Path| write_secret(&folder.join("x"), &format!("{TOKEN}\nsecret\n"));
    refuses("AUTH_TOKEN_FILE", "x", &short, "line 2 is shorter than 32 characters");
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
        format!("{} is not readable after dropping privileges, so SIGHUP cannot reload it: ", key.display());
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
    let outside = "is reachable from other machines";
    assert!(said(plain()).contains("no TLS and no authentication"));
    assert!(said(with_tokens(plain(), TOKEN)).contains("no TLS: tokens and answers can be intercepted"));
    let (test, _pki) = with_tls(plain());
    let warned = said(test);
    assert!(
        warned.contains(&format!("{outside}: no authentication")) && !warned.contains("no TLS"),
        "{warned}"
    );
    let (test, _pki) = with_tls(plain());
    assert!(!said(with_tokens(test, TOKEN)).contains(outside));
}
