//! Where the three programs are.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::program::Program;

/// Finds each program once. A missing one is searched again for the next question, since a driver may be
/// installed while we run.
#[derive(Debug)]
pub(crate) struct Finder {
    folders: Vec<PathBuf>,
    found: [OnceLock<PathBuf>; 3],
}

impl Finder {
    /// Takes absolute directories, and searches them in their order at once.
    pub(crate) fn new(folders: Vec<PathBuf>) -> Self {
        let finder = Self { folders, found: [const { OnceLock::new() }; 3] };
        for program in [Program::Systemctl, Program::Journalctl, Program::NvidiaSmi] {
            let _ = finder.path(program);
        }
        finder
    }

    /// The absolute path of the program, or `None` while it is missing.
    pub(crate) fn path(&self, program: Program) -> Option<&Path> {
        let [systemctl, journalctl, nvidia_smi] = &self.found;
        let slot = match program {
            Program::Systemctl => systemctl,
            Program::Journalctl => journalctl,
            Program::NvidiaSmi => nvidia_smi,
        };
        if slot.get().is_none() {
            let path = self
                .folders
                .iter()
                .map(|folder| folder.join(program.name()))
                .find(|path| is_executable(path))?;
            return Some(slot.get_or_init(|| path));
        }
        slot.get().map(PathBuf::as_path)
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
