//! Certificates of clients.

use super::*;

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
    eventually("it was read", || server.said().contains("certificates reloaded"));
    // One more answer, and it has to come again, in vain; who showed nothing goes on.
    assert_eq!(ask(&mut right, "/services", &[]).header("Connection"), Some("close"));
    right.is_over();
    assert_eq!(ask(&mut none, "/health", &[]).header("Connection"), None);
}
