//! The server on a real systemd.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::{Test, bed::Bed};

pub const TESTS: &[Test] =
    &[("the server gives the documents of the command line, and ends on SIGTERM", documents)];

fn documents(bed: &Bed) {
    let mut child = bed.start("serve --listen 127.0.0.1:0");
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: testbed\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(get("/services/k3s/status"), bed.run("status k3s --json").status(0).stdout());
    assert_eq!(get("/services/k3s/logs?lines=5"), bed.run("logs k3s -n 5 --json").status(0).stdout());
    assert_eq!(get("/gpu/nvidia-smi"), bed.run("gpu --json").status(0).stdout());
    let mut served: Value = serde_json::from_str(&get("/overview")).unwrap();
    let mut printed = bed.run("overview --json").status(0).json();
    for overview in [&mut served, &mut printed] {
        for varying in ["timestamp", "age_ms"] {
            overview[varying].take();
        }
    }
    assert_eq!(served, printed);
    bed.sh("pkill -TERM -x sek8s-status");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
