//! The link from the gate to tiny_http: a Unix socket that no other process can reach, and a pool of
//! connections to it.

use std::{
    env, fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{
            fs::DirBuilderExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use rustix::fs::{Mode, OFlags, open};

use super::answer::Head;
use crate::{
    http::wire::Wire,
    system::{Deadline, lock},
};

/// How many connections are kept for the next exchange. Each is a thread of tiny_http's.
const KEPT: usize = 16;

/// How long tiny_http may take to begin serving a new connection.
const OPENING: Duration = Duration::from_secs(1);

/// Asked on each new connection before it is used.
const ARE_YOU_THERE: &[u8] = b"HEAD /health HTTP/1.1\r\nHost: gate\r\n\r\n";

/// The connections to tiny_http.
#[derive(Debug)]
pub(crate) struct Backend {
    /// The name by which the socket is reached once its file is gone: a descriptor that only this
    /// process has. By its path it could not be connected to any more, and an abstract name would be
    /// open to the whole network namespace (unix(7), proc(5)).
    handle: OwnedFd,
    idle: Mutex<Vec<Wire>>,
    opening: Mutex<()>,
}

impl Backend {
    /// Binds a socket, keeps a handle to it, and removes its file. If the caller is not trusted to choose
    /// files (`is_secure`, AT_SECURE), its environment is ignored.
    /// Fails when there is no directory to bind it in.
    pub(crate) fn bind(is_secure: bool) -> io::Result<(UnixListener, Self)> {
        let base = match env::var_os("RUNTIME_DIRECTORY").filter(|_| !is_secure) {
            // Of several, the first (systemd.exec(5)). It is ours alone.
            Some(folders) => {
                env::split_paths(&folders).next().map(Base::Ours).ok_or(io::ErrorKind::NotFound)?
            }
            None if is_secure => Base::Shared(PathBuf::from("/tmp")),
            None => Base::Shared(env::temp_dir()),
        };
        let named = |error: io::Error| {
            let folder = base.path().display();
            io::Error::new(
                error.kind(),
                format!(
                    "cannot create the private socket in `{folder}`: {error}; set RUNTIME_DIRECTORY or TMPDIR to a writable directory"
                ),
            )
        };
        let folder = base.folder().map_err(named)?;
        let bound = bind_in(&folder.join(format!(".gate-{}", std::process::id()))).map_err(named);
        if let Base::Shared(_) = base {
            let _ = fs::remove_dir(&folder);
        }
        let (listener, handle) = bound?;
        Ok((listener, Self { handle, idle: Mutex::default(), opening: Mutex::default() }))
    }

    /// A connection for one exchange.
    /// Fails when there is no descriptor left, or tiny_http does not answer.
    pub(crate) fn take(&self) -> io::Result<Wire> {
        if let Some(wire) = self.idle() {
            return Ok(wire);
        }
        // One at a time, each until it is served: tiny_http hands simultaneous connections to the same idle
        // thread, where all but the first wait until that one is closed.
        let _alone = lock(&self.opening);
        if let Some(wire) = self.idle() {
            return Ok(wire);
        }
        let wire = Wire::unix(UnixStream::connect(format!("/proc/self/fd/{}", self.handle.as_raw_fd()))?)?;
        wire.write_all(ARE_YOU_THERE, OPENING)?;
        let head = Head::read(&wire, Some(Deadline::after(OPENING)))?;
        if head.is_ok() { Ok(wire) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Takes a connection back whose exchange is over.
    pub(crate) fn give_back(&self, wire: Wire) {
        let mut idle = lock(&self.idle);
        if idle.len() < KEPT {
            idle.push(wire);
        }
    }

    fn idle(&self) -> Option<Wire> {
        lock(&self.idle).pop()
    }
}

/// Where the socket's file is made.
enum Base {
    /// In a directory that only this user can enter.
    Ours(PathBuf),
    /// In a new one below a directory shared by all users.
    Shared(PathBuf),
}

impl Base {
    fn path(&self) -> &Path {
        match self {
            Self::Ours(path) | Self::Shared(path) => path,
        }
    }

    fn folder(&self) -> io::Result<PathBuf> {
        match self {
            Self::Ours(path) => Ok(path.clone()),
            Self::Shared(path) => fresh_folder(path),
        }
    }
}

fn bind_in(path: &Path) -> io::Result<(UnixListener, OwnedFd)> {
    let listener = UnixListener::bind(path)?;
    let handle = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    fs::remove_file(path)?;
    Ok((listener, handle?))
}

/// Creates a directory that only this user can enter.
fn fresh_folder(base: &Path) -> io::Result<PathBuf> {
    for number in 0..1000 {
        let folder = base.join(format!("sek8s-status-{}-{number}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
