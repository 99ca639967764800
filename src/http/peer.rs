//! The other end of a connection.

use std::{
    fmt, fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    os::unix::net::UnixStream,
    sync::{Arc, LazyLock},
};

use crate::escape;

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A process on this machine, by SO_PEERCRED (unix(7)).
    Unix {
        /// Its user, or `None` if that user has no number in our user namespace.
        uid: Option<u32>,
        /// Its number.
        pid: i32,
    },
    /// Not known.
    Unknown,
    /// The gate itself, or our own watchdog.
    Ourselves,
}

/// The user id that the kernel shows for an unmapped user (user_namespaces(7)).
const OVERFLOW_UID: u32 = 65534;

/// Whether some users of the machine have no id in this namespace.
static IS_NAMESPACED: LazyLock<bool> = LazyLock::new(|| {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_ascii_whitespace().collect::<Vec<_>>() != ["0", "0", "4294967295"]
});

impl Peer {
    /// The process at the other end of a Unix socket.
    pub(crate) fn of_unix(stream: &UnixStream) -> Self {
        match rustix::net::sockopt::socket_peercred(stream) {
            Ok(credentials) => {
                let uid = credentials.uid.as_raw();
                let is_unmapped = uid == OVERFLOW_UID && *IS_NAMESPACED;
                Self::Unix { uid: (!is_unmapped).then_some(uid), pid: credentials.pid.as_raw_pid() }
            }
            Err(_) => Self::Unknown,
        }
    }
}

/// What connections have in common that one client can open at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// An IPv4 address, or the network of an IPv6 one: every host has 2^64 addresses of that.
    Network(IpAddr),
    /// A user of this machine, if it has a number here.
    User(Option<u32>),
    /// Anything else.
    Unknown,
}

impl Peer {
    /// Where it comes from.
    pub(crate) fn origin(&self) -> Origin {
        match self {
            Self::Tcp(address) => Origin::Network(match address.ip().to_canonical() {
                IpAddr::V6(address) => {
                    let [a, b, c, d, ..] = address.segments();
                    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
                }
                address @ IpAddr::V4(_) => address,
            }),
            Self::Unix { uid, .. } => Origin::User(*uid),
            Self::Unknown | Self::Ourselves => Origin::Unknown,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Network(IpAddr::V6(network)) => write!(f, "{network}/64"),
            Self::User(Some(uid)) => write!(f, "uid={uid}"),
            Self::User(None) => write!(f, "uid=unmapped"),
            Self::Unknown => write!(f, "unknown"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix { uid: Some(uid), pid } => write!(f, "uid={uid},pid={pid}"),
            Self::Unix { uid: None, pid } => write!(f, "uid=unmapped,pid={pid}"),
            Self::Unknown => write!(f, "unknown"),
            Self::Ourselves => write!(f, "ourselves"),
        }
    }
}

/// The most characters of an identity that are logged. Three schemes fit in, with a usual subject.
const LONGEST_IDENTITY: usize = 512;

/// A client: its peer and its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Where the connection comes from.
    pub peer: Peer,
    /// Its certificate, token or key; never a secret.
    pub identity: Option<Arc<str>>,
}

impl Caller {
    /// A client without an identity.
    pub(crate) fn unknown(peer: Peer) -> Self {
        Self { peer, identity: None }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.identity {
            None => write!(f, "{} -", self.peer),
            // One field of the line, whatever stands in a certificate, and however much.
            Some(identity) => {
                let identity = escape::bounded(identity, LONGEST_IDENTITY);
                let is_plain = !identity.contains([' ', '"']);
                if is_plain {
                    write!(f, "{} {identity}", self.peer)
                } else {
                    write!(f, "{} {identity:?}", self.peer)
                }
            }
        }
    }
}
