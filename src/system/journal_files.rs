//! Whether there is a system journal, and whether it is readable.
//!
//! With `--output=json` journalctl is quiet: without a journal, or with none but a user's own that this user
//! can read, it prints nothing and exits with 0 (tried on systemd 252; journalctl sets `--quiet` for its
//! machine formats). So an empty answer needs a closer look.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Where journald keeps its files (systemd-journald.service(8)), each machine's in a folder of its own.
pub(crate) const JOURNAL_PATH: &str = "/var/log/journal:/run/log/journal";

/// Which machine this is (machine-id(5)): journalctl reads the folder of this name, and passes over those of
/// others, also where it cannot tell its own, as in a container (tried on systemd 252).
pub(super) const MACHINE_ID: &str = "/etc/machine-id";

/// What can be read of the system's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JournalFiles {
    /// At least one file of it.
    Readable,
    /// There are files, and none may be read.
    Closed,
    /// There are files that may be read, and journalctl has skipped each of them.
    Skipped,
    /// There are no files.
    Missing,
}

impl JournalFiles {
    /// Looks where journalctl would: into these folders, and into this machine's in each of them. `skipped` are the
    /// paths of files that journalctl could not read.
    pub(crate) fn look(folders: &[PathBuf], skipped: &[String]) -> Self {
        let machine = fs::read_to_string(MACHINE_ID).ok().and_then(|text| machine_id(&text));
        let own = |folder: &PathBuf| machine.as_ref().map(|machine| folder.join(machine));
        let mut found = Self::Missing;
        for folder in folders.iter().flat_map(|folder| [Some(folder.clone()), own(folder)]).flatten() {
            match fs::read_dir(folder) {
                Ok(files) => {
                    for file in
                        files.flatten().filter(|file| is_of_system(&file.file_name().to_string_lossy()))
                    {
                        if File::open(file.path()).is_err() {
                            if found == Self::Missing {
                                found = Self::Closed;
                            }
                        } else if skipped.iter().any(|skipped| file.path() == Path::new(skipped)) {
                            found = Self::Skipped;
                        } else {
                            return Self::Readable;
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied && found == Self::Missing => {
                    found = Self::Closed;
                }
                Err(_) => {}
            }
        }
        found
    }
}

/// The 32 hexadecimal digits; before a machine has booted for the first time there are none.
fn machine_id(text: &str) -> Option<String> {
    let id = text.trim_end();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// `system.journal` and its archives, and not a user's own `user-1000.journal`.
fn is_of_system(name: &str) -> bool {
    name.starts_with("system") && name.contains(".journal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_an_id_once_it_has_booted() {
        let id = "3d1219c7c4c5404aaa1f6d2a48adfda4";
        assert_eq!(machine_id(&format!("{id}\n")).as_deref(), Some(id));
        for none in ["", "uninitialized\n", "../../../../../../etc/ssl/certs/\n", &format!("{id}{id}\n")] {
            assert_eq!(machine_id(none), None, "{none}");
        }
    }
}
