//! The real binary as a server, and clients that speak to it in raw bytes.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, ChildStderr, Command},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use crate::{
    pki,
    test::{BINARY, Programs, Test, document, eventually, signal},
};

/// How long a client waits for a byte before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

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
        let stream: Box<dyn Stream> = match config {
            Some(config) => Box::new(StreamOwned::new(session(config), stream)),
            None => Box::new(stream),
        };
        stream.be_patient()?;
        Ok(Connection { stream, unread: Vec::new() })
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
        let answer = if method == "HEAD" { connection.answer_to_head() } else { connection.answer() };
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

/// Connects to an address, as a server names it.
pub fn connect(name: &str) -> io::Result<Connection> {
    let stream: Box<dyn Stream> = if let Some(path) = name.strip_prefix("unix:") {
        Box::new(UnixStream::connect(Path::new(path))?)
    } else {
        Box::new(TcpStream::connect_timeout(&address(name), PATIENCE)?)
    };
    stream.be_patient()?;
    Ok(Connection { stream, unread: Vec::new() })
}

fn address(name: &str) -> SocketAddr {
    name.rsplit_once("://").unwrap().1.parse().unwrap()
}

/// Connects, and agrees on TLS with the first byte.
pub fn over_tls(name: &str, config: Arc<ClientConfig>) -> io::Result<Connection> {
    let stream = TcpStream::connect_timeout(&address(name), PATIENCE)?;
    let stream = Box::new(StreamOwned::new(session(config), stream));
    stream.be_patient()?;
    Ok(Connection { stream, unread: Vec::new() })
}

fn session(config: Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap()
}

/// What a connection needs of either kind of stream.
trait Stream: Read + Write + Send {
    fn be_patient(&self) -> io::Result<()>;
    fn be_impatient(&mut self, impatient: bool) -> io::Result<()>;
    fn finish(&mut self) -> io::Result<()>;
    fn again(&self) -> io::Result<Box<dyn Stream>>;
}

macro_rules! stream {
    ($kind:ty) => {
        impl Stream for $kind {
            fn be_patient(&self) -> io::Result<()> {
                self.set_read_timeout(Some(PATIENCE))?;
                self.set_write_timeout(Some(PATIENCE))
            }
            fn be_impatient(&mut self, impatient: bool) -> io::Result<()> {
                self.set_nonblocking(impatient)
            }
            fn finish(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
            fn again(&self) -> io::Result<Box<dyn Stream>> {
                Ok(Box::new(self.try_clone()?))
            }
        }
    };
}

stream!(TcpStream);
stream!(UnixStream);

impl Stream for StreamOwned<ClientConnection, TcpStream> {
    fn be_patient(&self) -> io::Result<()> {
        self.sock.be_patient()
    }
    fn be_impatient(&mut self, impatient: bool) -> io::Result<()> {
        while self.conn.is_handshaking() {
            self.conn.complete_io(&mut self.sock)?;
        }
        self.sock.set_nonblocking(impatient)
    }
    fn finish(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.shutdown(Shutdown::Write)
    }
    fn again(&self) -> io::Result<Box<dyn Stream>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A client.
pub struct Connection {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
}

impl Connection {
    /// The same connection once more, for another thread.
    pub fn try_clone(&self) -> Self {
        Self { stream: self.stream.again().unwrap(), unread: Vec::new() }
    }

    /// Sends what the server lets it, without waiting for it to take more.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.be_impatient(true)?;
        let sent = match self.stream.write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            sent => sent,
        };
        self.stream.be_impatient(false)?;
        sent
    }

    /// Sends as much as the server takes, until it takes all or ends the connection.
    pub fn offer(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Some bytes, if there are any in time.
    pub fn try_read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).ok()?;
        (count > 0).then(|| buffer[..count].to_vec())
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// A request that leaves the connection open.
    #[track_caller]
    pub fn request(&mut self, method: &str, target: &str) {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes());
    }

    /// The next answer, with the body that its head announces.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.answer_to_head();
        answer.body = self.body(answer.length());
        answer
    }

    /// The body behind a head.
    #[track_caller]
    pub fn body(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.read_more();
        }
        self.unread.drain(..length).collect()
    }

    /// The next answer, which has no body.
    #[track_caller]
    pub fn answer_to_head(&mut self) -> Answer {
        loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = self.unread.drain(..end + 4).collect();
                return Answer::of_head(String::from_utf8(head).unwrap());
            }
            self.read_more();
        }
    }

    #[track_caller]
    fn read_more(&mut self) {
        let mut buffer = [0; 16 * 1024];
        let count = loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.expect("an answer in time"),
            }
        };
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&self.unread));
        self.unread.extend_from_slice(&buffer[..count]);
    }

    /// Whether nothing has come yet.
    pub fn is_quiet(&mut self) -> bool {
        self.stream.be_impatient(true).unwrap();
        let read = self.stream.read(&mut [0]);
        self.stream.be_impatient(false).unwrap();
        self.unread.is_empty() && read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Waits until the other side closes, and nothing comes before that.
    #[track_caller]
    pub fn is_closed(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "", "behind the answer");
    }

    /// Waits until it is over, with nothing of an answer.
    #[track_caller]
    pub fn is_over(&mut self) {
        let mut rest = std::mem::take(&mut self.unread);
        // However it ends, TLS has its own ways; but it has to.
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            assert!(
                !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
                "it goes on"
            );
        }
        assert!(!rest.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&rest));
    }

    /// Sends nothing more, and takes whatever comes until the other side is gone.
    #[track_caller]
    pub fn finish(mut self) -> Vec<u8> {
        let _ = self.stream.finish();
        self.rest()
    }

    #[track_caller]
    fn rest(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.unread);
        match self.stream.read_to_end(&mut rest) {
            // Closed over something that was not read.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {}
            read => drop(read.expect("closed in time")),
        }
        rest
    }
}

/// An answer whose head is as every head has to be.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn of_head(head: String) -> Self {
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let answer = Self { status: status.expect("a status line"), head, body: Vec::new() };
        assert_eq!(answer.header("Content-Type"), Some("application/json"), "{}", answer.head);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{}", answer.head);
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{}", answer.head);
        for (name, _) in answer.headers() {
            let name = name.to_ascii_lowercase();
            let known = [
                "content-type",
                "cache-control",
                "x-content-type-options",
                "content-length",
                "date",
                "connection",
                "allow",
                "retry-after",
                "www-authenticate",
            ];
            assert!(known.contains(&name.as_str()), "{name} has no place in {}", answer.head);
        }
        answer
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.split_once(": ").unwrap())
    }

    /// A header, which must not be there twice.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value);
        assert!(values.next().is_none(), "{name} is there twice: {}", self.head);
        value
    }

    /// The length it announces.
    #[track_caller]
    pub fn length(&self) -> usize {
        self.header("Content-Length").expect("a length").parse().unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        document(&self.body)
    }

    /// What an error document says, behind the status it comes with.
    #[track_caller]
    pub fn error(&self) -> (u16, Value) {
        let mut document = self.json();
        let detail = document["detail"].take();
        assert!(detail["message"].as_str().is_some_and(|message| !message.is_empty()), "{detail}");
        (self.status, detail)
    }

    /// The head without what differs from one moment to the next.
    pub fn head_without_date(&self) -> String {
        self.head.lines().filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\n")
    }
}
