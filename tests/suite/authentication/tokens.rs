//! Bearer tokens.

use super::*;

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
                (401, json!({"error": "unauthenticated", "message": "authentication required"}))
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
    assert!(server.said().contains(" - GET /overview 401 "), "{}", server.said());
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
    renew(&format!("{TOKEN}\n{OTHER_TOKEN}"), "tokens reloaded", 1);
    assert!(is_right(TOKEN) && is_right(OTHER_TOKEN));
    renew(OTHER_TOKEN, "tokens reloaded", 2);
    assert!(!is_right(TOKEN) && is_right(OTHER_TOKEN));
    renew("", "reload failed, keeping the previous tokens: ", 1);
    assert!(!is_right(TOKEN) && is_right(OTHER_TOKEN));
    assert!(!server.said().contains(OTHER_TOKEN));
}

#[test]
fn sighup_without_anything_to_read_changes_nothing() {
    let server = Server::start(serve(""));
    server.signal("HUP");
    eventually("it is said", || {
        server.said().contains("nothing to reload: no certificates or tokens are configured")
    });
    assert_eq!(get(&server, "/services", &[]).status, 200);
}
