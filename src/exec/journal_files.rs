//! Whether there is a system journal, and whether it may be read.
//!
//! With `--output=json` journalctl is quiet: where there is no journal, or none that this user may read
//! but a user's own, it prints nothing at all and exits with 0 (tried on systemd 252; journalctl sets
//! `--quiet` for its machine formats). So an empty answer has to be looked into.

use std::{
    fs::{self, File},
    path::PathBuf,
};

/// Where journald keeps its files (systemd-journald.service(8)), each machine's in a folder of its own.
pub const JOURNAL_PATH: &str = "/var/log/journal:/run/log/journal";

/// What can be read of the system's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalFiles {
    /// At least one file of it.
    Readable,
    /// There are files, and none may be read.
    Closed,
    /// There are no files.
    Missing,
}

impl JournalFiles {
    /// Looks below these folders, two levels deep.
    pub(super) fn look(folders: &[PathBuf]) -> Self {
        let mut found = Self::Missing;
        for folder in folders {
            let machines = match fs::read_dir(folder) {
                Ok(machines) => machines,
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    found = Self::Closed;
                    continue;
                }
                Err(_) => continue,
            };
            for machine in machines.flatten() {
                match fs::read_dir(machine.path()) {
                    Ok(files) => {
                        for file in
                            files.flatten().filter(|file| is_of_system(&file.file_name().to_string_lossy()))
                        {
                            if File::open(file.path()).is_ok() {
                                return Self::Readable;
                            }
                            found = Self::Closed;
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                        found = Self::Closed;
                    }
                    Err(_) => {}
                }
            }
        }
        found
    }
}

/// `system.journal` and its archives, and not a user's own `user-1000.journal`.
fn is_of_system(name: &str) -> bool {
    name.starts_with("system") && name.contains(".journal")
}
