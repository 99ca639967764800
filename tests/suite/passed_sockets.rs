//! Descriptors that systemd passes and that cannot be listened on: each is told in one line, with what to do.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::OwnedFd,
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
    process::{Command, Stdio},
    time::Duration,
};

use rustix::{
    net::{
        AddressFamily, SocketFlags, SocketType, bind, listen, socket, socket_with, sockopt::set_socket_linger,
    },
    pipe::pipe,
};

use crate::{
    stub::folder,
    test::{BINARY, eventually},
};

/// How `serve` ends that gets this as descriptor 3; what it said.
#[track_caller]
fn refused(passed: Option<OwnedFd>, more: &str) -> String {
    let opens = if passed.is_some() { "exec 3<&0" } else { "exec 3<&-" };
    let script = format!("{opens}; exec </dev/null; export LISTEN_PID=$$ {more}; exec \"$0\" serve --demo");
    let output = Command::new("sh")
        .args(["-c", &script, BINARY])
        .stdin(passed.map_or(Stdio::null(), Stdio::from))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!((said.matches('\n').count(), output.stdout.len()), (1, 0), "one line: {said}");
    said.strip_prefix("sek8s-status: ").unwrap().trim_end().to_owned()
}

const CONNECTION: &str = "is a connection, not a listening socket: set `Accept=no` in the socket unit";

#[test]
fn a_connection_that_was_passed_names_the_line_to_change() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = listener.accept().unwrap().0;
    // Its client has gone, which the kernel tells as another error.
    let leaving = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let left = listener.accept().unwrap().0;
    set_socket_linger(&leaving, Some(Duration::ZERO)).unwrap();
    drop(leaving);
    let (pair, _other) = UnixStream::pair().unwrap();
    let unbound = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    for passed in [accepted.into(), client.into(), left.into(), pair.into(), unbound] {
        assert_eq!(
            refused(Some(passed), "LISTEN_FDS=1 LISTEN_FDNAMES=connection"),
            format!("`LISTEN_FDS` is `1`: descriptor 3 (`connection` in `LISTEN_FDNAMES`) {CONNECTION}")
        );
    }
}

#[test]
fn what_cannot_be_listened_on_is_called_what_it_is() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name);
    let packets =
        socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::empty(), None).unwrap();
    bind(&packets, &rustix::net::SocketAddrUnix::new(place("packets")).unwrap()).unwrap();
    listen(&packets, 1).unwrap();
    let netlink = socket(AddressFamily::NETLINK, SocketType::RAW, None).unwrap();
    let datagram =
        "is a datagram socket: use `ListenStream=` instead of `ListenDatagram=` in the socket unit";
    let no_socket = "is not a socket: pass only `ListenStream=` sockets";
    let cases: [(OwnedFd, &str); 9] = [
        (UdpSocket::bind("127.0.0.1:0").unwrap().into(), datagram),
        (UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0")).unwrap().into(), datagram),
        (UnixDatagram::bind(place("datagram")).unwrap().into(), datagram),
        (
            packets,
            "is a sequential-packet socket: use `ListenStream=` instead of `ListenSequentialPacket=` in the socket unit",
        ),
        (netlink, "is neither a TCP nor a Unix socket: only these are supported"),
        (pipe().unwrap().0, "is a FIFO: use `ListenStream=` instead of `ListenFIFO=` in the socket unit"),
        (File::create(place("file")).unwrap().into(), no_socket),
        (File::open("/dev/null").unwrap().into(), no_socket),
        (File::open(folder.path()).unwrap().into(), no_socket),
    ];
    for (passed, why) in cases {
        assert_eq!(
            refused(Some(passed), "LISTEN_FDS=1 LISTEN_FDNAMES=web"),
            format!("`LISTEN_FDS` is `1`: descriptor 3 (`web` in `LISTEN_FDNAMES`) {why}")
        );
    }
    let said = refused(None, "LISTEN_FDS=1");
    let expected = "`LISTEN_FDS` is `1`: descriptor 3 cannot be used or was not passed: ";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn the_one_that_is_wrong_is_named_by_its_own_number_and_name() {
    let listener: OwnedFd = UnixListener::bind(folder().path().join("x")).unwrap().into();
    let said =
        refused(Some(listener), "LISTEN_FDS=3 LISTEN_FDNAMES=web:connection; exec 4<&3 5</dev/null; true");
    // The fourth and third are the same one, and good; the fifth has no name.
    assert_eq!(said, "`LISTEN_FDS` is `3`: descriptor 5 is not a socket: pass only `ListenStream=` sockets");
}

#[test]
fn a_socket_unit_with_accept_is_told_so_by_systemd_s_own_tool() {
    let Ok(activate) = Command::new("systemd-socket-activate").arg("--version").output() else {
        eprintln!("left out: there is no systemd-socket-activate here");
        return;
    };
    assert!(activate.status.success());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = Command::new("systemd-socket-activate")
        .args(["--accept", "--listen", &free.to_string(), BINARY, "serve", "--demo"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut client = None;
    eventually("it listens", || {
        client = TcpStream::connect(free).ok();
        client.is_some()
    });
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find(|line| line.starts_with("sek8s-status: "));
    // The instance has gone again, and told its client nothing.
    let mut answer = Vec::new();
    let mut client = client.unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = client.read_to_end(&mut answer);
    assert!(answer.is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let expected = format!("sek8s-status: `LISTEN_FDS` is `1`: descriptor 3 {CONNECTION}");
    assert_eq!(said, Some(expected));
}
