//! The accept loops.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    Shared,
    lobby::{Lobby, Woken},
};
use crate::{
    error::Error,
    http::{
        access,
        listen::Listener,
        peer::Peer,
        reply::{Persistence, Reply},
        wire::Wire,
    },
    system::{Deadline, Wait},
};

/// How long to leave a machine alone that has no descriptor or memory for another connection.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Accepts until told to stop. An error of accept(2) is logged once and retried.
pub(super) fn run(shared: &Arc<Shared>, listener: &Listener, number: usize) {
    let mut complained = false;
    let mut lobby = Lobby::new(shared.lobby);
    loop {
        if let Some(rounds) = shared.rounds.get(number) {
            rounds.fetch_add(1, Ordering::Relaxed);
        }
        shared.table.report(false);
        let woken = lobby.wait(shared, listener);
        if woken == Woken::ToStop {
            lobby.close().for_each(|guest| turn_away(shared, &guest.wire, &guest.peer));
            return;
        }
        for guest in lobby.leave(shared) {
            turn_away(shared, &guest.wire, &guest.peer);
        }
        if woken != Woken::ByNewcomer {
            continue;
        }
        match listener.accept() {
            Ok((wire, peer)) => {
                complained = false;
                welcome(shared, &mut lobby, wire, peer);
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
                Wait::new().readable(&shared.stop, ()).until(Some(Deadline::after(BACK_OFF)));
            }
        }
    }
}

fn welcome(shared: &Arc<Shared>, lobby: &mut Lobby, wire: Wire, peer: Peer) {
    let wire = Arc::new(wire);
    // A newcomer does not overtake guests of the lobby.
    let ticket = if lobby.is_empty() { shared.table.admit(&wire, &peer, shared.grace(&wire)) } else { None };
    match ticket {
        Some(ticket) => {
            if shared.start(Arc::clone(&wire), ticket).is_err() {
                turn_away(shared, &wire, &peer);
            }
        }
        None => {
            if let Some(guest) = lobby.enter(shared, wire, peer) {
                turn_away(shared, &guest.wire, &guest.peer);
            }
        }
    }
}

fn turn_away(shared: &Shared, wire: &Wire, peer: &Peer) {
    let reply = Reply::refused(&Error::Busy.into());
    access::turned_away(peer, &reply);
    // Of TLS nothing is agreed on yet, so there is no way to say it.
    if shared.rules.tls_for(wire).is_some() {
        return;
    }
    // What fits into the socket's buffer is enough: this thread must not wait here. What was sent already is read,
    // since closing with bytes unread would reset the connection.
    let _ = wire.read(&mut [0; 4096]);
    let _ = wire.write_all(&reply.to_bytes(false, Persistence::Close), Duration::ZERO);
}
