//! Phrases that no operator would search for, and what to write in their place.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::readme::markdown;

/// What is checked: every Markdown file, and these folders.
const FOLDERS: [&str; 2] = ["packaging", "man"];

/// Written by others.
const FOREIGN: &str = "LGPL-2.1";

/// A phrase, as words in lower case (`*` is any word, `+` one of [`COUNTED`]), and what to write.
const BANNED: [(&str, &str); 17] = [
    ("is none", "there is no X; invalid X"),
    ("that is no", "not a valid X"),
    ("whoever", "every client, any user"),
    ("somebody", "a client, a user, an attacker"),
    ("anybody", "any client, any user"),
    ("nobody", "no client, no user"),
    ("everybody", "every client, other users"),
    ("given out", "cached, released, published"),
    ("one a *", "one per X"),
    ("one + a *", "one X per Y"),
    ("one + an *", "one X per Y"),
    ("says so", "name what reports it, and where"),
    ("has to be", "must be"),
    ("have to be", "must be"),
    ("may not be read", "cannot be read"),
    ("who asks", "the client"),
    ("may ask", "is allowed, is authorised"),
];

/// What is counted per something else.
const COUNTED: [&str; 12] = [
    "line", "row", "file", "entry", "token", "object", "document", "run", "program", "test", "sentence",
    "question",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The words of a text with the number of each one's line, so that a phrase is found across lines. What is quoted is a
/// name, such as the user `nobody`, and separates phrases like a full stop.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (number, line) in
        text.replace("\"nobody\"", "`nobody`").replace("else nobody", "else `nobody`").lines().enumerate()
    {
        for (place, part) in line.split('`').enumerate() {
            if place % 2 == 1 {
                words.push((number + 1, String::new()));
                continue;
            }
            for word in part.split_whitespace().filter(|word| !matches!(*word, "#" | "//" | "///" | "//!")) {
                let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
                words.push((number + 1, bare.to_lowercase()));
                if word.ends_with(['.', ',', ':', ';', ')', '|']) {
                    words.push((number + 1, String::new()));
                }
            }
        }
    }
    words
}

/// Where banned phrases stand: the line, and the phrase.
fn banned(text: &str) -> Vec<(usize, &'static str)> {
    let words = words(text);
    let mut found = Vec::new();
    for (phrase, _) in BANNED {
        let phrase_words: Vec<_> = phrase.split(' ').collect();
        for window in words.windows(phrase_words.len()) {
            let is_it = |(word, (_, found)): (&&str, &(usize, String))| match *word {
                "*" => !found.is_empty(),
                "+" => COUNTED.contains(&found.as_str()),
                word => word == found,
            };
            if phrase_words.iter().zip(window).all(is_it) {
                found.push((window[0].0, phrase));
            }
        }
    }
    found
}

#[test]
fn phrases_are_found_across_lines_and_names_are_not() {
    let phrases = |text| banned(text).into_iter().map(|(_, phrase)| phrase).collect::<Vec<_>>();
    assert_eq!(phrases("# an address that\n# is none."), ["is none"]);
    assert_eq!(phrases("Whoever asks"), ["whoever"]);
    assert_eq!(phrases("one token a line"), ["one + a *"]);
    assert_eq!(phrases("It has\nto be one."), ["has to be"]);
    assert_eq!(phrases("runs as `nobody`, one per GPU, one of a kind, none is. One, a line"), [""; 0]);
}

#[test]
fn what_people_read_is_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = FOLDERS.iter().flat_map(|folder| files(&root.join(folder)));
    let mut found = String::new();
    let mut count = 0;
    for file in markdown(root).into_iter().chain(folders) {
        if file.ends_with(FOREIGN) {
            continue;
        }
        count += 1;
        let name = file.strip_prefix(root).unwrap().display().to_string();
        for (line, phrase) in banned(&fs::read_to_string(&file).unwrap()) {
            let (_, better) = BANNED.iter().find(|(banned, _)| *banned == phrase).unwrap();
            found.push_str(&format!("{name}:{line}: `{phrase}`; better: {better}\n"));
        }
    }
    assert!(count > 30, "{count}");
    assert!(found.is_empty(), "\n{found}");
}
