//! Whether this process can access what the three programs need, checked without starting them.

use std::{fs, io, os::unix::net::UnixStream, path::PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::JournalFiles;

/// The bus through which users other than root query systemd (systemctl(1), dbus-daemon(1)).
pub(crate) const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

/// What is accessible.
#[derive(Debug)]
pub(crate) struct Prerequisites {
    /// The system bus, or why it is not accessible.
    pub bus: io::Result<()>,
    /// The journal, by journalctl.
    pub journal: JournalFiles,
    /// Whether journalctl gets the capability to read every file.
    pub lends_journal: bool,
    /// The device nodes of the GPUs.
    pub gpus: GpuNodes,
}

/// The device nodes of the GPUs, by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GpuNodes {
    /// Those that this process can read and write.
    pub open: Vec<PathBuf>,
    /// The others.
    pub closed: Vec<PathBuf>,
}

impl Prerequisites {
    pub(crate) fn look(journal: JournalFiles, lends_journal: bool) -> Self {
        Self {
            bus: UnixStream::connect(SYSTEM_BUS).map(drop),
            journal,
            lends_journal,
            gpus: GpuNodes::look(),
        }
    }

    pub(crate) fn all() -> Self {
        Self {
            bus: Ok(()),
            journal: JournalFiles::Readable,
            lends_journal: false,
            gpus: GpuNodes { open: vec![PathBuf::from("/dev/nvidiactl")], closed: Vec::new() },
        }
    }
}

impl GpuNodes {
    /// Looks at `/dev/nvidiactl`, `/dev/nvidia0` and so on, which nvidia-smi opens for reading and
    /// writing. They are not opened here: that would wake a GPU without persistence.
    fn look() -> Self {
        let mut nodes = Self::default();
        let names = fs::read_dir("/dev").into_iter().flatten().flatten();
        let mut names: Vec<_> = names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_gpu(name))
            .collect();
        names.sort();
        for name in names {
            let path = PathBuf::from("/dev").join(name);
            // The kernel asks the device cgroup here as well.
            let is_open = accessat(CWD, &path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS).is_ok();
            if is_open { nodes.open.push(path) } else { nodes.closed.push(path) }
        }
        nodes
    }
}

fn is_gpu(name: &str) -> bool {
    name.strip_prefix("nvidia").is_some_and(|rest| {
        rest == "ctl" || (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
