//! Where connections come from.

use std::{
    fs, io,
    net::TcpListener,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::{fs::Mode, process::umask};
use tiny_http::Listener;

use crate::settings::{Listen, SettingError};

/// A socket that is listened on.
pub struct Bound {
    listener: Listener,
    name: String,
    file: Option<SocketFile>,
}

impl Bound {
    /// Its address, with the port that was given to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn split(self) -> (Listener, Option<SocketFile>) {
        (self.listener, self.file)
    }
}

/// Binds the address or the path.
///
/// # Errors
/// When it is in use, or may not be had, with what was asked for and why not.
pub fn bind(listen: &Listen, mode: u32) -> Result<Bound, SettingError> {
    let bound = match listen {
        Listen::Tcp(address) => TcpListener::bind(address).and_then(|listener| {
            let name = format!("http://{}", listener.local_addr()?);
            Ok(Bound { listener: listener.into(), name, file: None })
        }),
        Listen::Unix(path) => bind_unix(path, mode),
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

fn bind_unix(path: &Path, mode: u32) -> io::Result<Bound> {
    clear(path)?;
    // Nobody can connect before the mode is the one that was asked for. No other thread makes
    // files yet.
    let before = umask(Mode::RWXU | Mode::RWXG | Mode::RWXO);
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    let meta = fs::symlink_metadata(path)?;
    let file = SocketFile { path: path.to_owned(), inode: (meta.dev(), meta.ino()) };
    Ok(Bound { listener: listener.into(), name: format!("unix:{}", path.display()), file: Some(file) })
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
pub(super) struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
