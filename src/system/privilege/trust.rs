//! Which programs can be given a capability.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The real path of a program that only root can have installed: it and every parent directory belong to
/// root and are writable only by root. Otherwise `None`.
///
/// Otherwise a caller could run its own program with our capability: tried with a file capability and a
/// program of the caller's, which then reads /etc/shadow.
pub(crate) fn trusted(program: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(program).ok()?;
    let belongs_to_root = |path: &Path| -> io::Result<bool> {
        let meta = fs::symlink_metadata(path)?;
        Ok(meta.uid() == 0 && meta.mode() & 0o022 == 0)
    };
    real.ancestors().all(|path| belongs_to_root(path).unwrap_or(false)).then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_that_root_alone_can_write_are_trusted() {
        // Every machine has it, and as root's.
        assert_eq!(trusted(Path::new("/bin/sh")), fs::canonicalize("/bin/sh").ok());
        // Root's file or not, others can write to /tmp.
        let file = tempfile::NamedTempFile::new_in("/tmp").unwrap();
        assert_eq!(trusted(file.path()), None);
        assert_eq!(trusted(Path::new("/nonexistent/journalctl")), None);
    }
}
