//! What the log has of a refusal, and the client does not.

use super::*;

/// What the newest line of a refusal says.
#[track_caller]
fn logged(server: &Server, status: u16, times: usize) -> String {
    let mut line = String::new();
    eventually("it is logged", || {
        let said = server.said();
        let lines: Vec<_> = said.lines().filter(|line| line.contains(&format!(" {status} "))).collect();
        lines.last().copied().unwrap_or_default().clone_into(&mut line);
        lines.len() >= times
    });
    line
}

#[test]
fn the_log_tells_a_fast_clock_from_a_wrong_key_and_the_answer_does_not() {
    let (validator, stranger) = (Signer::new(1), Signer::new(3));
    let test = with_tokens(serve(""), TOKEN).environment("ALLOWED_VALIDATORS", &validator.address);
    let server = Server::start(test);
    let [hotkey, nonce, signature] = validator.shows(now(), "status");
    let shown = |hotkey: &str, nonce: &str, signature: &str| {
        vec![
            ("X-Chutes-Hotkey", hotkey.to_owned()),
            ("X-Chutes-Nonce", nonce.to_owned()),
            ("X-Chutes-Signature", signature.to_owned()),
        ]
    };
    let signed = |at: u64, purpose: &str| {
        let [hotkey, nonce, signature] = validator.shows(at, purpose);
        shown(&hotkey, &nonce, &signature)
    };
    let bearer = |text: &str| vec![("Authorization", text.to_owned())];
    let wrong_key = format!(
        "signature verification failed: it must cover `HOTKEY:NONCE:status` and be made with the key of {hotkey}"
    );
    let secret = "a-secret-that-is-not-in-the-token-file";
    let cases = [
        (vec![], "no token was sent; no signature was sent".to_owned()),
        (
            signed(now() + 600, "status"),
            format!("the nonce of {hotkey} is 600 s ahead of the clock of this machine"),
        ),
        (
            signed(now() - 600, "status"),
            format!("the nonce of {hotkey} is 600 s behind the clock of this machine"),
        ),
        (
            signed(now() * 1000, "status"),
            " s ahead of the clock of this machine; the limit is 30 s".to_owned(),
        ),
        (signed(now(), "miner"), wrong_key.clone()),
        (shown(&hotkey, &nonce, &stranger.sign(&format!("{hotkey}:{nonce}:status"))), wrong_key.clone()),
        (shown(secret, &nonce, &signature), "the hotkey is not an SS58 address".to_owned()),
        (shown(&hotkey, secret, &signature), "the nonce is not a Unix time in whole seconds".to_owned()),
        (shown(&hotkey, &nonce, secret), "the signature is not 64 bytes in hex".to_owned()),
        (shown(&hotkey, &nonce, "")[..2].to_vec(), "the header X-Chutes-Signature is missing".to_owned()),
        (
            [shown(&hotkey, &nonce, &signature), vec![("X-Chutes-Nonce", nonce.clone())]].concat(),
            "the header X-Chutes-Nonce was sent more than once".to_owned(),
        ),
        (bearer(&format!("Bearer {secret}")), "the token is not in the token file".to_owned()),
        (bearer(&format!("Basic {secret}")), "the header Authorization is not `Bearer TOKEN`".to_owned()),
        (bearer("Bearer \u{e9}"), "the header Authorization is not plain ASCII".to_owned()),
        (
            [bearer(&format!("Bearer {secret}")), signed(now() + 600, "status")].concat(),
            "the token is not in the token file; the nonce of".to_owned(),
        ),
    ];
    let expected = shape(&get(&server, "/overview", &[]));
    for (number, (headers, why)) in cases.iter().enumerate() {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(shape(&get(&server, "/overview", &headers)), expected, "{why}");
        let line = logged(&server, 401, number + 2);
        // A second may pass between two looks at the clock.
        let line = line.replace("599 s ahead", "600 s ahead").replace("601 s behind", "600 s behind");
        assert!(line.contains(" - GET /overview 401 ") && line.contains(why), "{why}: {line}");
    }
    let said = server.said();
    assert!(!said.contains(secret) && !said.contains(&signature), "no secret is said: {said}");
    assert!(server.programs().asked().is_empty());
}

#[test]
fn a_key_that_is_not_allowed_is_named_in_the_log() {
    let (validator, stranger) = (Signer::new(1), Signer::new(3));
    let server = Server::start(serve("").environment("ALLOWED_VALIDATORS", &validator.address));
    assert_eq!(get(&server, "/overview", &headers(&stranger.shows(now(), "status"))).status, 403);
    let line = logged(&server, 403, 1);
    let name = format!("hotkey:{}", stranger.address);
    assert!(line.contains(&format!(" {name} GET /overview 403 ")), "{line}");
    assert!(line.ends_with(&format!(" bytes -: {name} is not authorized")), "{line}");
}

#[test]
fn a_refusal_where_all_schemes_are_needed_names_what_was_right() {
    let (validator, stranger) = (Signer::new(1), Signer::new(3));
    let (test, pki) = with_tls(with_tokens(serve("--auth all"), TOKEN));
    pki.client("right", Dates::Now);
    let test = named(test, "CLIENT_CA_PATH", "ca.pem").environment("MINER_SS58", &validator.address);
    let server = Server::start(test);
    let subject = r#""cert:CN=right,O=Test\\, \\\"quoted\\\"+token:1+hotkey:"#;
    let bearer = bearer(TOKEN);
    let mut connection = server.try_connect_as(Some("right")).unwrap();
    let shown = stranger.shows(now(), "status");
    let mut all = headers(&shown).to_vec();
    all.push(("Authorization", &bearer));
    assert_eq!(ask(&mut connection, "/services", &all).status, 403);
    let line = logged(&server, 403, 1);
    assert!(line.contains(&format!(" {subject}{}\" GET /services 403 ", stranger.address)), "{line}");

    assert_eq!(ask(&mut connection, "/services", &[]).status, 401);
    let line = logged(&server, 401, 1);
    assert!(
        line.contains("CN=right") && line.ends_with(": no token was sent; no signature was sent"),
        "{line}"
    );
    // What is malformed is the certificate's owner's, too.
    connection.send(b"GET /health HTTP/1.1\r\n\r\n");
    assert_eq!(connection.answer().status, 400);
    assert!(logged(&server, 400, 1).contains("CN=right"), "{}", server.said());
    assert!(!server.said().contains(TOKEN));
}
