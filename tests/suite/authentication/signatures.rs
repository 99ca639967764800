//! Signed requests.

use super::*;

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
        assert_eq!(get(&server, "/services", &headers(&signer.shows(now() + 25, "status"))).status, 200);
        eventually("who asked is said", || {
            server.said().contains(&format!(" hotkey:{} GET /overview 200 ", signer.address))
        });
    }
    let asked = server.programs().asked().len();
    let forbidden = get(&server, "/overview", &headers(&stranger.shows(now(), "status")));
    assert_eq!(
        forbidden.error(),
        (403, json!({"error": "forbidden", "message": "this key is not authorized"}))
    );
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
