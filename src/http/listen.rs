//! Listening sockets: passed by systemd, a Unix socket, or a TCP port.

use std::{
    fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
        unix::{
            fs::{FileTypeExt, MetadataExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

use listenfd::ListenFd;
use rustix::{
    fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid},
    process::umask,
};

use super::{peer::Peer, wire::Wire};
use crate::settings::{Environment, Listen, SettingError};

/// Connections that can wait to be accepted; net.core.somaxconn limits it further.
const BACKLOG: i32 = 4096;

/// A socket that is listened on. Accepting never blocks.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    /// A Unix socket.
    Unix(UnixListener),
}

impl Listener {
    /// The next connection, with its peer.
    /// Errors: `WouldBlock` if there is none; otherwise the error of accept(2).
    pub(crate) fn accept(&self) -> io::Result<(Wire, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                Ok((Wire::tcp(stream)?, Peer::Tcp(address)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                let peer = Peer::of_unix(&stream);
                Ok((Wire::unix(stream)?, peer))
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// A listener with its name and its socket file.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(super) listener: Listener,
    name: String,
    /// It is TCP on an address other than loopback.
    pub is_public: bool,
    pub(super) file: Option<SocketFile>,
}

impl Bound {
    fn tcp(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        // std requests 128: clients beyond that would retry a second later.
        rustix::net::listen(&listener, BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener: Listener::Tcp(listener),
            name: address.to_string(),
            is_public: !address.ip().is_loopback(),
            file: None,
        })
    }

    fn unix(listener: UnixListener, file: Option<SocketFile>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let name = match address.as_pathname() {
            Some(path) => path.display().to_string(),
            None => "(unnamed)".to_owned(),
        };
        Ok(Self { listener: Listener::Unix(listener), name, is_public: false, file })
    }

    /// Its address, with the actual port. A Unix socket never uses TLS.
    pub(crate) fn name(&self, has_tls: bool) -> String {
        let scheme = match self.listener {
            Listener::Tcp(_) if has_tls => "https://",
            Listener::Tcp(_) => "http://",
            Listener::Unix(_) => "unix:",
        };
        format!("{scheme}{}", self.name)
    }
}

/// The sockets that systemd passed to this process (sd_listen_fds(3)).
/// Fails when one of them is not a listening TCP or Unix stream socket, with what it is and what to do.
pub(crate) fn passed(environment: Environment<'_>) -> Result<Vec<Bound>, SettingError> {
    let given = environment("LISTEN_FDNAMES").and_then(|names| names.into_string().ok()).unwrap_or_default();
    let mut names = given.split(':');
    let mut sockets = ListenFd::from_env();
    let count = sockets.len();
    let mut bound = Vec::new();
    for number in 0..count {
        let name = names.next().filter(|name| !name.is_empty());
        let odd = |descriptor: RawFd, why: &str| {
            let name = name.map(|name| format!(" (`{}` in `LISTEN_FDNAMES`)", name.escape_debug()));
            let why = format!("descriptor {descriptor}{} {why}", name.unwrap_or_default());
            SettingError::unusable("LISTEN_FDS", &count.to_string(), &why)
        };
        let listener = take(&mut sockets, number).map_err(|(descriptor, why)| odd(descriptor, &why))?;
        let descriptor = listener.as_fd().as_raw_fd();
        let one = match listener {
            Listener::Unix(listener) => Bound::unix(listener, None),
            Listener::Tcp(listener) => Bound::tcp(listener),
        };
        let unusable = |error: io::Error| odd(descriptor, &format!("cannot be used: {error}"));
        let mut one = one.map_err(unusable)?;
        one.name = format!("{} (socket {})", one.name, name.unwrap_or("unnamed"));
        bound.push(one);
    }
    Ok(bound)
}

/// A listening socket; or the number of another descriptor, what it is, and what to do.
fn take(sockets: &mut ListenFd, number: usize) -> Result<Listener, (RawFd, String)> {
    let unix = sockets.take_unix_listener(number).ok().flatten().map(Listener::Unix);
    let tcp = || sockets.take_tcp_listener(number).ok().flatten().map(Listener::Tcp);
    let Some(listener) = unix.or_else(tcp) else { return Err(unfit(sockets, number)) };
    if rustix::net::sockopt::socket_acceptconn(&listener).unwrap_or(false) {
        return Ok(listener);
    }
    let why = "is a connection, not a listening socket: set `Accept=no` in the socket unit";
    Err((listener.as_fd().as_raw_fd(), why.to_owned()))
}

/// What was passed instead of a stream socket.
fn unfit(sockets: &mut ListenFd, number: usize) -> (RawFd, String) {
    let instead_of =
        |what, line| format!("is {what}: use `ListenStream=` instead of `{line}` in the socket unit");
    let datagram = instead_of("a datagram socket", "ListenDatagram=");
    if let Ok(Some(socket)) = sockets.take_udp_socket(number) {
        return (socket.as_raw_fd(), datagram);
    }
    if let Ok(Some(socket)) = sockets.take_unix_datagram(number) {
        return (socket.as_raw_fd(), datagram);
    }
    let packets = sockets.take_custom::<UnixListener>(number, libc::AF_UNIX, libc::SOCK_SEQPACKET, "");
    if let Ok(Some(socket)) = packets {
        return (socket.as_raw_fd(), instead_of("a sequential-packet socket", "ListenSequentialPacket="));
    }
    let descriptor = sockets.take_raw_fd(number).ok().flatten().unwrap_or(-1);
    let why = match fs::metadata(format!("/proc/self/fd/{descriptor}")).map(|meta| meta.file_type()) {
        Ok(kind) if kind.is_socket() => {
            "is neither a TCP nor a Unix socket: only these are supported".to_owned()
        }
        Ok(kind) if kind.is_fifo() => instead_of("a FIFO", "ListenFIFO="),
        Ok(_) => "is not a socket: pass only `ListenStream=` sockets".to_owned(),
        Err(error) => format!("cannot be used or was not passed: {error}"),
    };
    (descriptor, why)
}

/// Binds the address or the path. A socket file gets this mode and, if given, this owner (user and group),
/// as if that user had started us.
/// Fails when it is in use or not available, with the setting and the cause.
pub(crate) fn bind(listen: &Listen, mode: u32, owner: Option<(u32, u32)>) -> Result<Bound, SettingError> {
    let bound = match listen {
        Listen::Tcp(address) => TcpListener::bind(address).and_then(Bound::tcp),
        Listen::Unix(path) => bind_unix(path, mode, owner),
    };
    bound.map_err(|error| SettingError::unusable("listen", &listen.to_string(), &reason(&error)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have this address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied; see `sek8s-status privileges`".to_owned(),
        io::ErrorKind::AlreadyExists => "a file that is not a socket already exists there".to_owned(),
        _ => format!("could not listen: {error}"),
    }
}

fn bind_unix(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> io::Result<Bound> {
    clear(path)?;
    // The file gets its mode when it is created. No other thread creates files yet.
    let before = umask(Mode::from_raw_mode(0o777 & !mode));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    // From here on we act on the file itself, not on whatever replaces it: we may be root.
    let opened = rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let meta = rustix::fs::fstat(&opened)?;
    if let Some((user, group)) = owner
        && FileType::from_raw_mode(meta.st_mode).is_socket()
    {
        rustix::fs::chownat(
            &opened,
            "",
            Some(Uid::from_raw(user)),
            Some(Gid::from_raw(group)),
            AtFlags::EMPTY_PATH,
        )?;
    }
    let file = SocketFile { path: path.to_owned(), inode: (meta.st_dev, meta.st_ino) };
    Bound::unix(listener, Some(file))
}

/// Removes a socket without a listener, and nothing else.
fn clear(path: &Path) -> io::Result<()> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !meta.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// Our socket's file; removed at the end, unless another file has replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.inode) {
            // If root created it, this user may not be allowed to remove it.
            if let Err(error) = fs::remove_file(&self.path) {
                log::warn!(
                    "could not remove {}: {error}; the next start will replace it",
                    self.path.display()
                );
            }
        }
    }
}
