//! Runs of our binary: one that has ended, and one that goes on.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Output},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde_json::Value;
use wait_timeout::ChildExt;

/// Nothing here takes so long; what does never comes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A run that has ended.
pub struct Ran(pub Output);

impl Ran {
    /// Checks the exit status.
    #[track_caller]
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(expected), "{}{}", self.stdout(), self.stderr());
        self
    }

    pub fn stdout(&self) -> String {
        text(&self.0.stdout)
    }

    pub fn stderr(&self) -> String {
        text(&self.0.stderr)
    }

    /// stdout as a document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("{}", self.stdout()))
    }
}

/// A run that goes on, until it is dropped at the latest.
pub struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Running {
    /// Takes a child over whose stdout and stderr are pipes.
    pub fn new(mut child: Child) -> Self {
        let stdout = lines_of(child.stdout.take().unwrap());
        let stderr = lines_of(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Waits, within a bound, for the next line of stdout; `None` at its end.
    #[track_caller]
    pub fn line(&self) -> Option<String> {
        next(&self.stdout)
    }

    /// The same of stderr.
    #[track_caller]
    pub fn stderr_line(&self) -> Option<String> {
        next(&self.stderr)
    }

    /// Waits, within a bound, for its end and checks the exit status.
    #[track_caller]
    pub fn ends_with(mut self, expected: i32) {
        let ended = self.child.wait_timeout(PATIENCE).unwrap().expect("it does not end");
        assert_eq!(ended.code(), Some(expected));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if line.is_err() || sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    receiver
}

#[track_caller]
fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("in vain waited for a line"),
    }
}

/// Bytes that have to be UTF-8.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
