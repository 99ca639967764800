//! The real binary as a server.

use std::{
    io::{self, BufRead, BufReader},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    answer::Answer,
    connection::{Connection, connect, over_tls},
};
use crate::{
    pki,
    test::{BINARY, Programs, Test, eventually, signal},
};

/// A running server. It goes away with the test.
pub struct Server {
    child: Child,
    programs: Programs,
    /// As it says itself: `http://127.0.0.1:4711` or `unix:/run/socket`.
    name: String,
    said: Arc<Mutex<String>>,
    hearer: Option<JoinHandle<()>>,
}

impl Server {
    /// Waits until it listens, and reads what it says from then on.
    #[track_caller]
    pub fn start(test: Test) -> Self {
        Self::start_and_listen(test, true)
    }

    /// Nobody reads what it says once it listens.
    #[track_caller]
    pub fn start_unheard(test: Test) -> Self {
        Self::start_and_listen(test, false)
    }

    #[track_caller]
    fn start_and_listen(test: Test, to_the_end: bool) -> Self {
        Self::listen(test.start(), to_the_end)
    }

    /// Started by something else, which `wrap` makes of the binary's path.
    #[track_caller]
    pub fn start_as(test: Test, wrap: impl Fn(&str) -> Command) -> Self {
        Self::listen(test.start_as(wrap), true)
    }

    #[track_caller]
    fn listen((mut child, programs): (Child, Programs), to_the_end: bool) -> Self {
        let stderr = child.stderr.take().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let hearer = Some(thread::spawn(move || hear(stderr, &heard, to_the_end)));
        let mut server = Self { child, programs, name: String::new(), said, hearer };
        eventually("it listens", || {
            assert!(server.is_running(), "it ended: {}", server.said());
            let said = server.said();
            if let Some(line) = said.lines().find_map(listening_on) {
                line.clone_into(&mut server.name);
            }
            !server.name.is_empty()
        });
        server
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// All it said on stderr up to now.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// A connection, over TLS if that is what it talks; TLS is agreed on with the first byte.
    pub fn try_connect(&self) -> io::Result<Connection> {
        if self.name.starts_with("https://") { self.try_connect_as(None) } else { connect(&self.name) }
    }

    /// A connection over TLS that shows a certificate of the folder of programs.
    pub fn try_connect_as(&self, shown: Option<&str>) -> io::Result<Connection> {
        over_tls(&self.name, pki::client(self.programs.path(), shown))
    }

    /// A connection over this stream, which goes to it.
    pub fn over(&self, stream: TcpStream) -> io::Result<Connection> {
        let config = self.name.starts_with("https://").then(|| pki::client(self.programs.path(), None));
        Connection::over(stream, config)
    }

    /// Bytes as they are, whatever it talks.
    pub fn try_connect_bare(&self) -> io::Result<Connection> {
        connect(&self.name)
    }

    #[track_caller]
    pub fn connect(&self) -> Connection {
        self.try_connect().unwrap()
    }

    /// One request on a connection of its own, which has to be closed behind the answer.
    #[track_caller]
    pub fn ask(&self, method: &str, target: &str) -> Answer {
        let mut connection = self.connect();
        connection.send(
            format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        let answer =
            if method == "HEAD" { connection.answer_to_head() } else { connection.answer_to(Some(target)) };
        assert_eq!(answer.header("Connection"), Some("close"));
        connection.is_closed();
        answer
    }

    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target)
    }

    /// What the command line prints about the same machine.
    #[track_caller]
    pub fn command_line(&self, arguments: &str) -> Vec<u8> {
        let output = Command::new(BINARY)
            .args(arguments.split_ascii_whitespace())
            .env_clear()
            .env("PROGRAM_PATH", self.programs.path())
            .env("JOURNAL_PATH", self.programs.journal())
            .output()
            .unwrap();
        output.stdout
    }

    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits, within a bound, until it has ended.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let begin = Instant::now();
        eventually("it has ended", || !self.is_running());
        let took = begin.elapsed();
        let code = self.child.wait().unwrap().code();
        self.hearer.take().unwrap().join().unwrap();
        Ended { code, took, said: self.said(), pids: self.programs.pids() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that has ended.
pub struct Ended {
    pub code: Option<i32>,
    pub took: Duration,
    /// All it said on stderr.
    pub said: String,
    /// The programs it started.
    pub pids: Vec<u32>,
}

fn hear(stderr: ChildStderr, said: &Mutex<String>, to_the_end: bool) {
    let mut lines = BufReader::new(stderr).lines();
    while let Some(Ok(line)) = lines.next() {
        let is_last = !to_the_end && listening_on(&line).is_some();
        if is_last {
            // First, so that nobody hears it any more once the test knows that it listens.
            drop(lines);
            said.lock().unwrap().push_str(&(line + "\n"));
            return;
        }
        said.lock().unwrap().push_str(&(line + "\n"));
    }
}

fn listening_on(line: &str) -> Option<&str> {
    // Under systemd a line begins with its level.
    line.strip_prefix("<6>").unwrap_or(line).strip_prefix("sek8s-status: listening on ")
}
