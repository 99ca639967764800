//! Warnings that journalctl prints on stderr, and what they mean for its entries.

use std::{fmt, ops::ControlFlow};

use crate::exec::{Line, LineCutter, Sink};

/// A warning about the returned entries. In our own words: those of journalctl name paths of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// journalctl did not finish in time.
    TimedOut,
    /// journalctl exited with an error, or was killed.
    Failed,
    ActiveFileSkipped,
    /// Other files were skipped.
    FilesSkipped,
    /// journalctl printed something else on stderr.
    Warned,
    /// All of the unit's entries were logged by systemd.
    OnlySystemd,
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "journalctl did not finish in time: older entries may be missing",
            Self::Failed => "journalctl failed after these entries: older entries may be missing",
            Self::ActiveFileSkipped => {
                "journalctl could not read the active journal file: newer entries may be missing"
            }
            Self::FilesSkipped => {
                "journalctl skipped journal files that it could not read: entries may be missing"
            }
            Self::Warned => "journalctl reported a problem: entries may be missing",
            Self::OnlySystemd => {
                "all entries are from systemd itself: the entries of a unit with LogNamespace= are in another journal"
            }
        })
    }
}

/// A note, and for the operator the line of journalctl behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// journalctl's own words.
    pub said: Option<String>,
}

/// How long a line of journalctl may be, and how much of one is kept.
const LINE: usize = 4096;

/// How many skipped files are remembered.
const FILES: usize = 1024;

/// What journalctl said on stderr, as far as it matters, however much that was. The texts are those of
/// `journal_file_open` and `journal_access_check_and_warn` (systemd 239 to 257).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Warnings {
    /// There are files that this user is not allowed to read.
    pub no_permission: bool,
    /// There are no files.
    pub no_files: bool,
    /// The line about the file that takes the newest entries.
    pub active: Option<String>,
    /// The first line about another file.
    pub archive: Option<String>,
    /// The files that were skipped, by path.
    pub skipped: Vec<String>,
    /// The last line about something else.
    pub other: Option<String>,
}

impl Warnings {
    /// Takes one line.
    pub(super) fn take(&mut self, line: &str) {
        let line = line.trim();
        if line.contains("insufficient permissions") || line.contains("not seeing messages") {
            self.no_permission = true;
        } else if line.contains("No journal files were found") {
            self.no_files = true;
        } else if line.contains("ignoring file") {
            let path = path(line);
            if self.skipped.len() < FILES {
                self.skipped.push(path.to_owned());
            }
            let slot = if is_active(path) { &mut self.active } else { &mut self.archive };
            slot.get_or_insert_with(|| line.to_owned());
        } else if !line.is_empty() && !is_hint(line) {
            self.other = Some(line.to_owned());
        }
    }

    /// A sink for stderr.
    pub(super) fn sink(&mut self) -> impl Sink + '_ {
        Ending(Some(LineCutter::new(LINE, |line| {
            match line {
                Line::Whole(bytes) => self.take(&String::from_utf8_lossy(bytes)),
                Line::TooLong(bytes) => self.other = Some(format!("[line of {bytes} bytes]")),
            }
            ControlFlow::Continue(())
        })))
    }

    /// The line that most likely tells why journalctl failed.
    pub(super) fn cause(&self) -> Option<&str> {
        [&self.other, &self.active, &self.archive].into_iter().flatten().next().map(String::as_str)
    }

    /// What a reader of the entries has to know. `of_failure`: what else was said is the cause of a failure.
    pub(super) fn notes(&self, of_failure: bool) -> impl Iterator<Item = Note> {
        let note =
            |kind, said: &Option<String>| said.as_ref().map(|said| Note { kind, said: Some(said.clone()) });
        let warned = note(NoteKind::Warned, &self.other).filter(|_| !of_failure);
        let no_permission = Note { kind: NoteKind::Warned, said: None };
        [
            note(NoteKind::ActiveFileSkipped, &self.active),
            note(NoteKind::FilesSkipped, &self.archive),
            warned.or_else(|| self.no_permission.then_some(no_permission)),
        ]
        .into_iter()
        .flatten()
    }
}

/// Hands on what came after the last line end, once there is no more.
struct Ending<F: FnMut(Line<'_>) -> ControlFlow<()>>(Option<LineCutter<F>>);

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> Sink for Ending<F> {
    fn feed(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.0.as_mut().map_or(ControlFlow::Continue(()), |cutter| cutter.feed(bytes))
    }
}

impl<F: FnMut(Line<'_>) -> ControlFlow<()>> Drop for Ending<F> {
    fn drop(&mut self) {
        if let Some(cutter) = self.0.take() {
            cutter.end();
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

    fn read(stderr: &str) -> Warnings {
        let mut warnings = Warnings::default();
        let _ = warnings.sink().feed(stderr.as_bytes());
        warnings
    }

    fn kinds(stderr: &str) -> Vec<NoteKind> {
        read(stderr).notes(false).map(|note| note.kind).collect()
    }

    #[test]
    fn a_skipped_file_is_the_active_one_or_an_archive() {
        fn case(file: &str, expected: NoteKind) {
            for text in [
                "Journal file FILE uses an unsupported feature, ignoring file.\n\
                 Use SYSTEMD_LOG_LEVEL=debug journalctl --file=FILE to see the details.\n",
                "Journal file FILE is truncated, ignoring file.",
                "Journal file FILE corrupted, ignoring file.",
                "An error was encountered while opening journal file or directory FILE, ignoring file: Input/output error",
            ] {
                assert_eq!(kinds(&text.replace("FILE", file)), [expected], "{file} {text}");
            }
        }
        case("/var/log/journal/3d12/system.journal", NoteKind::ActiveFileSkipped);
        case("…/system.journal", NoteKind::ActiveFileSkipped);
        case("/run/log/journal/3d12", NoteKind::ActiveFileSkipped);
        case("/var/log/journal/3d12/system@0005f.journal", NoteKind::FilesSkipped);
        case("/var/log/journal/3d12/system@0005f-0006.journal~", NoteKind::FilesSkipped);
        case("/var/log/journal/3d12/user-1000.journal", NoteKind::FilesSkipped);
    }

    #[test]
    fn each_note_has_its_own_line_and_a_failure_the_one_that_is_about_something_else() {
        let archive = "Journal file /a/system@1.journal corrupted, ignoring file.";
        let active = "Journal file /a/system.journal corrupted, ignoring file.";
        let bad = "Failed to iterate through journal: Bad message";
        let warnings = read(&format!("{archive}\n{active}\n{bad}\n"));
        let notes: Vec<_> =
            warnings.notes(true).map(|note| (note.kind, note.said.unwrap_or_default())).collect();
        assert_eq!(
            notes,
            [(NoteKind::ActiveFileSkipped, active.to_owned()), (NoteKind::FilesSkipped, archive.to_owned())]
        );
        assert_eq!(warnings.cause(), Some(bad));
        assert_eq!(read(archive).cause(), Some(archive));
    }

    #[test]
    fn other_words_are_a_warning_and_hints_are_not() {
        assert_eq!(kinds(""), []);
        assert_eq!(kinds("\n"), []);
        assert_eq!(
            kinds("Failed to get realtime timestamp: Cannot assign requested address"),
            [NoteKind::Warned]
        );
        let hint = "Hint: You are currently not seeing messages from other users and the system.\n      Users in \
                    groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.";
        assert_eq!(read(hint), Warnings { no_permission: true, ..Warnings::default() });
        assert!(read("No journal files were found.").no_files);
    }
}
