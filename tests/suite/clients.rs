//! Real clients and proxies, set up by the very blocks of docs/clients.md.

mod blackbox;
mod haproxy;
mod languages;
mod miner;
mod monitoring;
mod nginx;
mod prometheus;

use std::{
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;

use crate::{
    authentication::{self, TOKEN},
    server::Server,
    stub::{self, Stub},
    test::{Test, eventually},
};

const PAGE: &str = include_str!("../../docs/clients.md");

/// A test cannot run for lack of a program: said, and an error where everything has to run (`.ci/run`).
#[track_caller]
pub fn left_out(program: &str) {
    assert!(
        std::env::var_os("SEK8S_TESTBED").is_none_or(|value| value != "required"),
        "{program} is missing"
    );
    eprintln!("left out: {program} is missing");
}

/// Where a program is, if it is installed. Debian has servers where not everybody's path leads.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The blocks of the page in that language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The one that says this.
#[track_caller]
fn block(language: &str, says: &str) -> &'static str {
    let mut found = blocks(language).into_iter().filter(|block| block.contains(says));
    let block = found.next().unwrap_or_else(|| panic!("no block of {language} says {says}"));
    assert!(found.next().is_none(), "{says} is in two blocks");
    block
}

/// A block with what stands for the server, its CA and its token in place.
#[track_caller]
fn set_up(block: &str, server: &Server) -> String {
    let (_, address) = server.name().rsplit_once('/').unwrap();
    assert!(block.contains("127.0.0.1:8080"), "{block}");
    let ca = server.programs().path().join("ca.pem");
    let token = server.programs().path().join("tokens");
    block
        .replace("127.0.0.1:8080", address)
        .replace("/etc/ssl/status/ca.pem", ca.to_str().unwrap())
        .replace("/etc/prometheus/status-token", token.to_str().unwrap())
}

/// A port on loopback that nothing listens on, given out once. Not one of those that the kernel gives to clients: any
/// other test could get it meanwhile, and a client that tries it before its program listens could meet itself.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(101).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server on this machine, all healthy.
fn well() -> Server {
    Server::start(plain())
}

fn plain() -> Test {
    Test::new("serve --listen 127.0.0.1:0 --log-level debug")
}

/// A service has failed; the GPUs are as they should be.
fn degraded(test: Test) -> Test {
    test.systemctl(&Stub::units().unit("k3s.service", &[("ActiveState", "failed"), ("SubState", "failed")]))
}

/// With TLS, and for clients with a token.
fn guarded() -> Test {
    authentication::with_tokens(authentication::with_tls(authentication::serve("")).0, TOKEN)
}

/// A program that a test has started, in a folder of its own. It ends with the test.
struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    /// Starts it, and waits until this port of loopback answers.
    #[track_caller]
    fn start(folder: TempDir, command: &mut Command, port: u16) -> Self {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut running = Self { child, folder };
        eventually("it listens", || {
            assert!(running.child.try_wait().unwrap().is_none(), "it ended: {}", running.log());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        running
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What it said.
    fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// curl with these arguments, and what it gets: the status and the body.
#[track_caller]
fn curl(arguments: &[&str]) -> (u16, String) {
    let mut child = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--write-out", "%{http_code}"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    let status = said.split_off(said.len() - 3);
    (status.parse().unwrap(), said)
}

/// Requests of HTTP/2 that end behind their head: with an empty body, and with one of a byte.
const OPEN_ENDED: [&[&str]; 2] = [
    &["--http2-prior-knowledge", "-X", "GET", "-T", "-"],
    &["--http2-prior-knowledge", "-X", "GET", "-d", "x", "-H", "Content-Length:"],
];

#[test]
fn every_block_of_the_page_is_run() {
    let count = |language| blocks(language).len();
    // Two of sh are commands, and one is the settings for the miner client.
    let known = [("sh", 3), ("go", 1), ("haproxy", 3), ("nginx", 2), ("yaml", 1)];
    for (language, number) in known {
        assert_eq!(count(language), number, "{language}");
    }
    assert_eq!(PAGE.matches("```").count(), 2 * known.iter().map(|(_, number)| number).sum::<usize>());
}
