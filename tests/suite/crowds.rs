//! Crowds of ordinary clients, alone and beside strangers that pull at the server; all bounded in count and time.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::{
    connection::{Connection, connect as connect_to, over_tls},
    pki,
    server::Server,
    strangers::{Over, serve_over, status, turn},
    stub::{Stub, entry, folder},
    test::{Test, eventually},
};

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// There and back again, between a client that is far away and the server.
const ROUND_TRIP: Duration = Duration::from_millis(120);

/// Connects from an address of this machine.
fn connect_from(from: [u8; 4], to: SocketAddr) -> io::Result<TcpStream> {
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&stream, &SocketAddr::from((from, 0)))?;
    connect(&stream, &to)?;
    Ok(stream.into())
}

fn address(server: &Server) -> SocketAddr {
    server.name().rsplit_once("://").unwrap().1.parse().unwrap()
}

/// A long way to the server, for connections that seem to come from that address.
fn far_away(server: &Server, from: [u8; 4]) -> SocketAddr {
    let to = address(server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || -> io::Result<()> {
                let server = connect_from(from, to)?;
                let (client_again, server_again) = (client.try_clone()?, server.try_clone()?);
                thread::spawn(move || carry(&client_again, &server_again));
                carry(&server, &client);
                Ok(())
            });
        }
    });
    near
}

/// Carries bytes, and the end, one way. A client sends nothing while it waits, so none of it is held up.
fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).unwrap_or_default();
        thread::sleep(ROUND_TRIP / 2);
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
    }
}

/// Connections that send nothing, so many a second, from an address of their own, until it goes away.
struct Silence {
    over: Arc<AtomicBool>,
    opened: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Silence {
    fn new(server: &Server, a_second: u32) -> Self {
        let (over, opened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (is_over, count, to) = (Arc::clone(&over), Arc::clone(&opened), address(server));
        let thread = thread::spawn(move || {
            let begin = Instant::now();
            // Half of what this process may have open.
            let mut held = std::collections::VecDeque::new();
            for number in 1..=a_second * 20 {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                held.extend(connect_from([127, 0, 0, 2], to));
                count.fetch_add(1, Ordering::Relaxed);
                if held.len() > 400 {
                    held.pop_front();
                }
                thread::sleep((Duration::from_secs(1) / a_second * number).saturating_sub(begin.elapsed()));
            }
        });
        Self { over, opened, thread: Some(thread) }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Whether a server to which nobody talks takes less than a tenth of a processor's time.
fn is_at_rest(server: &Server) -> bool {
    let ticks = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
        // User and system time, in hundredths of a second.
        stat.rsplit_once(')')
            .unwrap()
            .1
            .split(' ')
            .skip(12)
            .take(2)
            .map(|time| time.parse::<u64>().unwrap())
            .sum()
    };
    let (before, begin) = (ticks(), Instant::now());
    eventually("half a second is over", || begin.elapsed() > Duration::from_millis(500));
    ticks() - before < 5
}

fn is_answered(mut connection: Connection) -> bool {
    let sent = connection.offer(REQUEST);
    sent.is_ok() && connection.try_read().is_some_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
}

/// How many of so many clients, some at a time, get their answers.
fn answered(clients: usize, at_a_time: usize, client: impl Fn() -> bool + Sync) -> usize {
    let left = AtomicUsize::new(clients);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                let take = |left: usize| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                    answered.fetch_add(usize::from(client()), Ordering::Relaxed);
                }
            });
        }
    });
    answered.into_inner()
}

#[test]
fn every_request_of_a_crowd_beyond_the_cap_is_answered() {
    let _turn = turn();
    for over in [Over::Tcp, Over::Tls] {
        let server = Server::start(serve_over(over, "--max-connections 16"));
        for at_a_time in [15, 25, 50] {
            // Where TLS is not agreed on in time nothing can be said; a slow machine may see that.
            let least = if over == Over::Tls { 450 } else { 500 };
            let found = answered(500, at_a_time, || {
                let Ok(mut connection) = server.try_connect() else { return false };
                let sent = connection.offer(REQUEST);
                // An answer is one even if it is that there is too much to do.
                sent.is_ok() && connection.try_read().is_some_and(|answer| answer.starts_with(b"HTTP/1.1 "))
            });
            assert!(is_at_rest(&server), "after {at_a_time} at a time");
            assert!(found >= least, "{found} of 500, {at_a_time} at a time, {}", server.said());
        }
    }
}

#[test]
fn a_request_that_came_before_its_connection_had_to_go_is_answered() {
    let _turn = turn();
    let server = Server::start(serve_over(Over::Tcp, "--max-connections 1"));
    // Each pushes out the one before, which has asked in the meantime or does so now.
    for _ in 0..200 {
        let mut first = server.connect();
        let mut second = server.connect();
        second.send(REQUEST);
        first.send(REQUEST);
        assert_eq!(first.answer().status, 200);
        assert_eq!(second.answer().status, 200);
    }
}

#[test]
fn silent_connections_make_room_first_and_then_those_of_the_address_that_has_most() {
    let _turn = turn();
    let half = |from, server: &Server| {
        let mut connection = server.over(connect_from(from, address(server)).unwrap()).unwrap();
        connection.send(b"GET /health HTTP/1.1\r\nHost: a\r\n");
        connection
    };
    // So old are those that are not spared any more because they have only just come.
    let have_had_their_time = || {
        let begin = Instant::now();
        eventually("they have had their time", || begin.elapsed() > Duration::from_millis(100));
    };
    let is_finished = |mut connection: Connection| {
        connection.send(b"\r\n");
        assert_eq!(connection.answer().status, 200);
    };

    let server = Server::start(serve_over(Over::Tcp, "--max-connections 2"));
    let older = half([127, 0, 0, 3], &server);
    let mut silent = server.over(connect_from([127, 0, 0, 3], address(&server)).unwrap()).unwrap();
    have_had_their_time();
    assert_eq!(server.get("/health").status, 200);
    silent.is_closed();
    is_finished(older);

    let server = Server::start(serve_over(Over::Tcp, "--max-connections 3"));
    let older = half([127, 0, 0, 3], &server);
    let mut of_many = half([127, 0, 0, 2], &server);
    let other = half([127, 0, 0, 2], &server);
    have_had_their_time();
    assert_eq!(server.get("/health").status, 200);
    of_many.is_closed();
    is_finished(older);
    is_finished(other);
}

#[test]
fn clients_that_are_far_away_get_through_while_others_are_silent() {
    let _turn = turn();
    for over in [Over::Tcp, Over::Tls] {
        let server = Server::start(serve_over(over, ""));
        let folder = server.programs().path();
        let near = format!(
            "{}{}",
            &server.name()[..server.name().find("://").unwrap() + 3],
            far_away(&server, [127, 0, 0, 3])
        );
        let silence = Silence::new(&server, 2000);
        eventually("all places are taken", || silence.opened.load(Ordering::Relaxed) > 500);
        let begin = Instant::now();
        let found = answered(60, 10, || {
            let connection = match over {
                Over::Tcp => connect_to(&near),
                Over::Tls => over_tls(&near, pki::client(folder, None)),
            };
            connection.is_ok_and(is_answered)
        });
        let opened = silence.opened.load(Ordering::Relaxed);
        println!("{found} of 60 beside {opened} silent connections in {:?}", begin.elapsed());
        drop(silence);
        // Ten times what is promised may be lost: 5 % of TLS, 1 % of others.
        assert!(found >= if over == Over::Tls { 30 } else { 54 }, "{found} of 60");
        let lines = |server: &Server| {
            server.said().lines().filter(|line| line.contains(" to make room for others: ")).count()
        };
        eventually("it is said that some had to go", || lines(&server) > 0);
        server.signal("TERM");
        let said = server.wait().said;
        let lines: Vec<_> = said.lines().filter(|line| line.contains(" to make room for others: ")).collect();
        assert!(lines.len() <= 3, "{lines:#?}");
        assert!(lines.iter().all(|line| line.contains(" of them from 127.0.0.2;")), "{lines:#?}");
    }
}

#[test]
fn slow_readers_of_one_answer_share_its_bytes() {
    let _turn = turn();
    let long: String = (0..1000).rev().map(|number| entry(number, 6, &"x".repeat(950))).collect();
    let folder = folder();
    let socket = folder.path().join("socket");
    let flags = "--max-output 1000000 --max-age 1m --max-connections 66";
    // What fits into the buffers of a Unix socket is always the same, and little.
    let over_unix = || Test::new(&format!("serve --uds {} {flags}", socket.display()));
    let logs = "/services/k3s/logs?lines=1000";
    let banner = "a line of a long banner, again and again\n".repeat(11_000);
    for (test, target) in
        [(over_unix(), logs), (serve_over(Over::Tls, flags), logs), (over_unix(), "/overview")]
    {
        let gpus = Stub::prints(&banner);
        let server = Server::start(test.journalctl(&Stub::prints(&long)).nvidia_smi(&gpus));
        let whole = server.get(target);
        assert!(whole.body.len() > 900_000, "{}", whole.body.len());
        let memory = status(&server, "VmRSS");
        let mut readers: Vec<Connection> = (0..64)
            .map(|_| {
                let mut connection = server.connect();
                connection.request("GET", target);
                connection
            })
            .collect();
        let mut heads: Vec<_> = readers.iter_mut().map(Connection::answer_to_head).collect();
        let grown = status(&server, "VmRSS").saturating_sub(memory);
        println!("64 slow readers of {} bytes: {grown} KiB more", whole.body.len());
        assert!(grown < 16 * 1024, "{grown} KiB");
        // They are slow by now, and still none of them is cut off for the next answer.
        let begin = Instant::now();
        eventually("they are slow", || begin.elapsed() > Duration::from_millis(300));
        assert_eq!(server.get("/health").status, 200);
        // Each gets the same bytes but for the age, however slowly.
        for (reader, head) in readers.iter_mut().zip(&mut heads) {
            head.body = reader.body(head.length());
            for field in ["logs", "gpu"] {
                assert_eq!(head.json()[field], whole.json()[field]);
            }
        }
    }
}
