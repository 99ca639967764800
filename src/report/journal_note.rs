//! Warnings that journalctl prints on stderr, and what they mean for its entries.

use std::fmt;

/// A warning about the returned entries. In our own words: those of journalctl name paths of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// journalctl did not finish in time.
    TimedOut,
    /// journalctl exited with an error, or was killed.
    Failed,
    /// The active file was skipped.
    ActiveFileSkipped,
    /// Other files were skipped.
    FilesSkipped,
    /// journalctl printed something else on stderr.
    Warned,
    /// All of the unit's entries were logged by systemd.
    OnlySystemd,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "journalctl did not finish in time: older entries may be missing",
            Self::Failed => "journalctl failed after these entries: older entries may be missing",
            Self::ActiveFileSkipped => {
                "journalctl could not read the active journal file: newer entries may be missing"
            }
            Self::FilesSkipped => "journalctl skipped journal files that it could not read: entries may be missing",
            Self::Warned => "journalctl reported a problem: entries may be missing",
            Self::OnlySystemd => {
                "all entries are from systemd itself: the entries of a unit with LogNamespace= are in another journal"
            }
        })
    }
}

/// What journalctl said on stderr, as far as it matters. The texts are those of `journal_file_open` and
/// `journal_access_check_and_warn` (systemd 239 to 257).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Warnings<'a> {
    /// There are files that this user is not allowed to read.
    pub no_permission: bool,
    /// There are no files.
    pub no_files: bool,
    /// The files that were skipped, by path.
    pub skipped: Vec<&'a str>,
    /// Something else was said.
    pub other: bool,
}

impl<'a> Warnings<'a> {
    pub(super) fn read(stderr: &'a str) -> Self {
        let mut warnings = Self::default();
        for line in stderr.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.contains("insufficient permissions") || line.contains("not seeing messages") {
                warnings.no_permission = true;
            } else if line.contains("No journal files were found") {
                warnings.no_files = true;
            } else if line.contains("ignoring file") {
                warnings.skipped.push(path(line));
            } else if !is_hint(line) {
                warnings.other = true;
            }
        }
        warnings
    }

    /// Whether the file that takes the newest entries was skipped.
    pub(super) fn skips_active_file(&self) -> bool {
        self.skipped.iter().any(|path| is_active(path))
    }

    /// What a reader of the entries has to know.
    pub(super) fn note(&self) -> Option<Note> {
        if self.skips_active_file() {
            Some(Note::ActiveFileSkipped)
        } else if !self.skipped.is_empty() {
            Some(Note::FilesSkipped)
        } else {
            (self.other || self.no_permission).then_some(Note::Warned)
        }
    }
}

/// The lines that follow a warning and say what to try.
fn is_hint(line: &str) -> bool {
    ["Use SYSTEMD_LOG_LEVEL=", "Users in groups", "Users in the", "Pass -q"]
        .iter()
        .any(|beginning| line.starts_with(beginning))
}

/// The file that a warning is about: the word that looks like one, else the whole line.
fn path(line: &str) -> &str {
    let words = line.split_ascii_whitespace().map(|word| word.trim_end_matches([',', ':', '.']));
    words
        .clone()
        .find(|word| word.contains(".journal"))
        .or_else(|| words.clone().find(|word| word.starts_with('/')))
        .unwrap_or(line)
}

/// Archives have `@` or `~` in their names, and a user's own file begins with `user-` (systemd-journald.service(8)).
/// Anything else may hold the newest entries: `system.journal`, or a directory that could not be opened.
fn is_active(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !(name.contains(['@', '~']) || name.starts_with("user-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stderr: &str) -> (bool, Option<Note>) {
        let warnings = Warnings::read(stderr);
        (warnings.skips_active_file(), warnings.note())
    }

    #[test]
    fn a_skipped_file_is_the_active_one_or_an_archive() {
        fn case(file: &str, expected: (bool, Option<Note>)) {
            for text in [
                "Journal file FILE uses an unsupported feature, ignoring file.\n\
                 Use SYSTEMD_LOG_LEVEL=debug journalctl --file=FILE to see the details.\n",
                "Journal file FILE is truncated, ignoring file.",
                "Journal file FILE corrupted, ignoring file.",
                "An error was encountered while opening journal file or directory FILE, ignoring file: Input/output error",
            ] {
                assert_eq!(read(&text.replace("FILE", file)), expected, "{file} {text}");
            }
        }
        let active = (true, Some(Note::ActiveFileSkipped));
        let archive = (false, Some(Note::FilesSkipped));
        case("/var/log/journal/3d12/system.journal", active);
        case("…/system.journal", active);
        case("/run/log/journal/3d12", active);
        case("/var/log/journal/3d12/system@0005f.journal", archive);
        case("/var/log/journal/3d12/system@0005f-0006.journal~", archive);
        case("/var/log/journal/3d12/user-1000.journal", archive);
    }

    #[test]
    fn other_words_are_a_warning_and_hints_are_not() {
        assert_eq!(read(""), (false, None));
        assert_eq!(read("\n"), (false, None));
        assert_eq!(
            read("Failed to get realtime timestamp: Cannot assign requested address"),
            (false, Some(Note::Warned))
        );
        let hint = "Hint: You are currently not seeing messages from other users and the system.\n      Users in \
                    groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.";
        assert_eq!(Warnings::read(hint), Warnings { no_permission: true, ..Warnings::default() });
        assert!(Warnings::read("No journal files were found.").no_files);
    }
}
