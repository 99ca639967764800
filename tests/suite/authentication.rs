//! Who may ask: TLS, client certificates, tokens, signed requests, and all of them together.

mod certificates;
mod documentation;
mod expiry;
mod refusals;
mod signatures;
mod start;
mod tls;
mod together;
mod tokens;

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
    answer::Answer,
    connection::Connection,
    pki::{Dates, Pki},
    server::Server,
    test::{Test, eventually},
};

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const OTHER_TOKEN: &str = "another-token.of+thirty/six~signs===";

/// A server's command line, run by root as somebody who may read the keys.
pub fn serve(flags: &str) -> Test {
    let test = Test::new(&format!("serve --listen 127.0.0.1:0 --log-level debug {flags}"));
    if is_root() { test.environment("RUN_AS", "nobody") } else { test }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a secret to whom root becomes.
pub fn hand_over(secret: &Path) {
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
pub fn with_tls(test: Test) -> (Test, Pki) {
    let folder = test.programs().path().to_owned();
    let pki = Pki::new(&folder, "ca");
    pki.server("server");
    hand_over(&folder.join("server.key"));
    let test = named(test, "TLS_CERT_PATH", "server.pem");
    (named(test, "TLS_KEY_PATH", "server.key"), pki)
}

/// A setting that names a file beside the programs.
pub fn named(test: Test, variable: &str, name: &str) -> Test {
    let path = test.programs().path().join(name).display().to_string();
    test.environment(variable, &path)
}

pub fn with_tokens(test: Test, lines: &str) -> Test {
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

pub fn bearer(token: &str) -> String {
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
