//! A client that speaks to the server in raw bytes.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::answer::Answer;

/// How long a client waits for a byte before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connects to an address, as a server names it.
pub fn connect(name: &str) -> io::Result<Connection> {
    let Some(path) = name.strip_prefix("unix:") else {
        return Connection::over(TcpStream::connect_timeout(&address(name), PATIENCE)?, None);
    };
    let stream = UnixStream::connect(Path::new(path))?;
    stream.be_patient()?;
    Ok(Connection { stream: Box::new(stream), unread: Vec::new() })
}

fn address(name: &str) -> SocketAddr {
    name.rsplit_once("://").unwrap().1.parse().unwrap()
}

/// Connects, and agrees on TLS with the first byte.
pub fn over_tls(name: &str, config: Arc<ClientConfig>) -> io::Result<Connection> {
    Connection::over(TcpStream::connect_timeout(&address(name), PATIENCE)?, Some(config))
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
    /// A connection over this stream, and over TLS if so configured, which is agreed on with the first byte.
    pub fn over(stream: TcpStream, config: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match config {
            Some(config) => Box::new(StreamOwned::new(session(config), stream)),
            None => Box::new(stream),
        };
        stream.be_patient()?;
        Ok(Self { stream, unread: Vec::new() })
    }

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
        self.answer_to(None)
    }

    /// The same, where it is known what was asked. A document has to be as docs/openapi.json describes it.
    #[track_caller]
    pub fn answer_to(&mut self, target: Option<&str>) -> Answer {
        let mut answer = self.answer_to_head();
        answer.body = self.body(answer.length());
        answer.is_described(target);
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
