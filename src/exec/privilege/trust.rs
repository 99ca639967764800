//! Which programs a capability may be handed to.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The real path of a program that nobody but root can have put there: it and every folder above it
/// belong to root, and neither group nor others may write to them. `None` if anybody else could.
///
/// Otherwise whoever can start us could have his own program run with our capability: tried with a
/// file capability and a program of the caller's, which then reads /etc/shadow.
#[must_use]
pub fn trusted(program: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(program).ok()?;
    let belongs_to_root = |path: &Path| -> io::Result<bool> {
        let meta = fs::symlink_metadata(path)?;
        Ok(meta.uid() == 0 && meta.mode() & 0o022 == 0)
    };
    real.ancestors().all(|path| belongs_to_root(path).unwrap_or(false)).then_some(real)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test ends by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_else_can_write_is_trusted() {
        // Every machine has it, and as root's.
        assert_eq!(trusted(Path::new("/bin/sh")), fs::canonicalize("/bin/sh").ok());
        // Root's file or not, others can write to /tmp.
        let file = tempfile::NamedTempFile::new_in("/tmp").unwrap();
        assert_eq!(trusted(file.path()), None);
        assert_eq!(trusted(Path::new("/nonexistent/journalctl")), None);
    }
}
