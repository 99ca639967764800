//! What is known about a recording: its line in the folder's `MANIFEST.tsv`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::stub::Stub;

/// One recorded output.
pub struct Recording {
    /// Its file's name within its folder.
    pub file: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    columns: HashMap<String, String>,
    folder: PathBuf,
}

impl Recording {
    #[track_caller]
    pub fn column(&self, name: &str) -> &str {
        self.columns.get(name).unwrap_or_else(|| panic!("a column {name}"))
    }

    pub fn kind(&self) -> &str {
        self.column("kind")
    }

    /// The exit code, where it was recorded.
    pub fn exit_code(&self) -> Option<i32> {
        self.column("exit_code").parse().ok()
    }

    pub fn is_stderr(&self) -> bool {
        self.column("notes").contains("this is stderr")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The text of another recording beside this one, if there is one of that name.
    pub fn beside(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    /// A program that does what the recorded one did.
    pub fn stub(&self, exit_code: i32) -> Stub {
        let stub = if self.is_stderr() {
            Stub::acts(r#"cat "$d/stderr" >&2"#).file("stderr", &self.bytes)
        } else {
            Stub::prints(&self.bytes)
        };
        stub.then(&format!("exit {exit_code}"))
    }
}

/// Every recording of a folder, each of which has to be in its manifest.
pub fn recordings(folder: &Path) -> Vec<Recording> {
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut lines = manifest.lines().map(|line| line.split('\t'));
    let names: Vec<_> = lines.next().unwrap().map(str::to_owned).collect();
    let recordings: Vec<_> = lines
        .map(|line| {
            let columns: HashMap<_, _> = names.iter().cloned().zip(line.map(str::to_owned)).collect();
            let file = columns["file"].clone();
            let bytes = fs::read(folder.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            Recording { file, bytes, columns, folder: folder.to_owned() }
        })
        .collect();
    assert_eq!(recordings.len() + 1, count_files(folder), "{} has a line for each file", folder.display());
    recordings
}

fn count_files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count_files(&path) } else { 1 }).sum()
}
