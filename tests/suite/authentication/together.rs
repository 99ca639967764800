//! All schemes at once.

use super::*;

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
