//! The accept loops.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Shared;
use crate::{
    error::Error,
    http::{access, listen::Listener, peer::Peer, reply::Reply, wire::Wire},
};

/// How often the loop comes round when nobody connects, so that it can be seen to live.
const BEAT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// How long to leave a machine alone that has no descriptor or memory for another connection.
const BACK_OFF: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Accepts until told to stop. An error of accept(2) is logged once and retried.
pub fn run(shared: &Arc<Shared>, listener: &Listener, number: usize) {
    let mut complained = false;
    loop {
        shared.beats[number].fetch_add(1, Ordering::Relaxed);
        let mut fds = [PollFd::new(&shared.stop, PollFlags::IN), PollFd::new(listener, PollFlags::IN)];
        let _ = poll(&mut fds, Some(&BEAT));
        if !fds[0].revents().is_empty() {
            return;
        }
        if fds[1].revents().is_empty() {
            continue;
        }
        match listener.accept() {
            Ok((wire, peer)) => {
                complained = false;
                welcome(shared, wire, &peer);
            }
            // The client has disconnected already, or another process has accepted it.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                ) => {}
            Err(error) => {
                if !complained {
                    log::error!("accept failed, retrying: {error}");
                }
                complained = true;
                let mut stop = [PollFd::new(&shared.stop, PollFlags::IN)];
                let _ = poll(&mut stop, Some(&BACK_OFF));
            }
        }
    }
}

fn welcome(shared: &Arc<Shared>, wire: Wire, peer: &Peer) {
    let wire = Arc::new(wire);
    let started = match shared.table.admit(&wire, peer.clone()) {
        Some(ticket) => shared.start(Arc::clone(&wire), ticket).is_ok(),
        None => false,
    };
    if !started {
        let reply = Reply::error(&Error::Busy);
        access::turned_away(peer, &reply);
        // Of TLS nothing is agreed on yet, so there is no way to say it.
        if shared.rules.tls_for(&wire).is_some() {
            return;
        }
        // What fits into the socket's buffer is enough; nobody waits here. What was sent already is
        // read, since closing with bytes unread would reset the connection.
        let _ = wire.read(&mut [0; 4096]);
        let _ = wire.write_all(&reply.to_bytes(false, Some("close")), Duration::ZERO);
    }
}
