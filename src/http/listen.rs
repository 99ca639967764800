//! Where connections come from: sockets passed by systemd, a Unix socket, or a TCP port.

use std::{
    fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd, BorrowedFd},
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

/// Connections that may wait to be accepted; the kernel takes less if net.core.somaxconn says so.
const BACKLOG: i32 = 4096;

/// A socket that is listened on. Accepting never blocks.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix(UnixListener),
}

impl Listener {
    /// The next connection, and who it is.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; else what accept(2) has to say.
    pub fn accept(&self) -> io::Result<(Wire, Peer)> {
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

/// A listener with what is to be said and done of it.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: Listener,
    name: String,
    /// It is TCP, and not only for this machine.
    pub is_public: bool,
    pub(super) file: Option<SocketFile>,
}

impl Bound {
    fn tcp(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        // std asks for 128: a burst beyond that would have to try again a second later.
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

    /// Its address, with the port that was given to it. A Unix socket is never TLS.
    #[must_use]
    pub fn name(&self, has_tls: bool) -> String {
        let scheme = match self.listener {
            Listener::Tcp(_) if has_tls => "https://",
            Listener::Tcp(_) => "http://",
            Listener::Unix(_) => "unix:",
        };
        format!("{scheme}{}", self.name)
    }
}

/// The sockets that systemd passed (sd_listen_fds(3)); none, if there are none for this process.
///
/// # Errors
/// When one of them is neither a TCP nor a Unix stream socket that listens.
pub fn passed(environment: Environment<'_>) -> Result<Vec<Bound>, SettingError> {
    let given = environment("LISTEN_FDNAMES").and_then(|names| names.into_string().ok()).unwrap_or_default();
    let names: Vec<&str> = given.split(':').collect();
    let mut sockets = ListenFd::from_env();
    let mut bound = Vec::new();
    for number in 0..sockets.len() {
        let name = names.get(number).filter(|name| !name.is_empty()).copied().unwrap_or("unnamed");
        let odd = |why: &str| SettingError::unusable("LISTEN_FDS", name, &format!("this socket {why}"));
        let one = match sockets.take_unix_listener(number) {
            Ok(Some(listener)) => Bound::unix(listener, None),
            _ => match sockets.take_tcp_listener(number) {
                Ok(Some(listener)) => Bound::tcp(listener),
                _ => return Err(odd("is neither TCP nor a Unix stream")),
            },
        };
        let mut one = one.map_err(|error| odd(&format!("cannot be used: {error}")))?;
        // What we start must not have it too.
        rustix::io::fcntl_setfd(&one.listener, rustix::io::FdFlags::CLOEXEC)
            .map_err(|error| odd(&format!("cannot be used: {error}")))?;
        one.name = format!("{} (socket {name})", one.name);
        bound.push(one);
    }
    Ok(bound)
}

/// Binds the address or the path. A socket's file gets this mode, and where there is an owner, it is his
/// (user and group), as it would be had he started us.
///
/// # Errors
/// When it is in use, or may not be had, with what was asked for and why not.
pub fn bind(listen: &Listen, mode: u32, owner: Option<(u32, u32)>) -> Result<Bound, SettingError> {
    let bound = match listen {
        Listen::Tcp(address) => TcpListener::bind(address).and_then(Bound::tcp),
        Listen::Unix(path) => bind_unix(path, mode, owner),
    };
    bound.map_err(|error| SettingError::unusable("listen", &listen.to_string(), &reason(&error)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "something else listens there".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not listen there".to_owned(),
        io::ErrorKind::AlreadyExists => "there is a file that is no socket".to_owned(),
        _ => format!("it cannot be listened on: {error}"),
    }
}

fn bind_unix(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> io::Result<Bound> {
    clear(path)?;
    // It has its mode from the beginning. No other thread makes files yet.
    let before = umask(Mode::from_raw_mode(0o777 & !mode));
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    // From here on the file itself is meant, whatever is put in its place: we may be root.
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

/// Takes away a socket on which nobody answers, and nothing else.
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

/// Our socket's file; removed when we are done with it, unless another has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.inode) {
            // Whoever was root when it was made may not be allowed to any more.
            if let Err(error) = fs::remove_file(&self.path) {
                log::warn!("{} stays, and the next start will replace it: {error}", self.path.display());
            }
        }
    }
}
