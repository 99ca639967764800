//! What the README and docs/ show is what one gets. `UPDATE_EXAMPLES=1 cargo test --test suite readme` writes the
//! outputs and the picture anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use sek8s_status::inside::{Declared, ServeSettings, Settings};

use crate::{
    stub::folder,
    test::{BINARY, Test},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_EXAMPLES").is_some()
}

/// The README and the pages in docs/.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let pages = docs.map(|entry| entry.unwrap().path()).filter(|path| is_markdown(path));
    let name = |path: PathBuf| format!("docs/{}", path.file_name().unwrap().to_str().unwrap());
    let mut pages: Vec<_> = pages.map(name).collect();
    pages.sort_unstable();
    pages.push("README.md".to_owned());
    pages
}

/// What to show of the real output: as much as was shown of it, where that ends with an ellipsis.
fn shown_part(shown: &str, real: &str) -> String {
    match shown.strip_suffix("…\n") {
        Some(beginning) => {
            let kept: String = real.chars().take(beginning.chars().count()).collect();
            format!("{}…\n", kept.trim_end_matches('\n'))
        }
        None => real.to_owned(),
    }
}

/// Runs each `$ command` of the console blocks that `run` knows, and compares what is shown under it. Returns how many.
fn examples(mut run: impl FnMut(&str) -> Option<String>) -> usize {
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let mut renewed = String::new();
        for (number, part) in text.split("```").enumerate() {
            if number > 0 {
                renewed.push_str("```");
            }
            let Some(block) = part.strip_prefix("console\n").filter(|_| number % 2 == 1) else {
                renewed.push_str(part);
                continue;
            };
            renewed.push_str("console\n");
            for example in format!("\n{block}").split("\n$ ").skip(1) {
                let (command, shown) = example.split_once('\n').unwrap_or((example, ""));
                let shown = format!("{}\n", shown.trim_end_matches('\n'));
                let expected = match run(command) {
                    None => shown.clone(),
                    Some(real) => {
                        count += 1;
                        shown_part(&shown, &real)
                    }
                };
                if !is_updating() {
                    assert_eq!(shown, expected, "{page}: {command}");
                }
                renewed.push_str(&format!("$ {command}\n{expected}"));
            }
        }
        if is_updating() && renewed != text {
            fs::write(root().join(&page), renewed).unwrap();
        }
    }
    count
}

fn output(arguments: &str) -> String {
    let output = Command::new(BINARY).args(arguments.split(' ')).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Demo {
    fn serve() -> (Self, String) {
        let serve = ["serve", "--demo", "--listen", "127.0.0.1:0"];
        let mut demo = Self(Command::new(BINARY).args(serve).stderr(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(demo.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        (demo, address)
    }
}

/// Status and body.
fn ask(address: &str, request: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: readme\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

#[test]
fn every_example_with_its_output_is_true() {
    let (_demo, address) = Demo::serve();
    let count = examples(|command| {
        if let Some(arguments) = command.strip_prefix("sek8s-status ") {
            return Some(output(arguments));
        }
        let path = command.strip_prefix("curl -s '127.0.0.1:8080")?.trim_end_matches('\'');
        Some(ask(&address, &format!("GET {path}"), "").1)
    });
    assert!(count >= 9, "{count}");
}

/// The lines of the README's section, in its shell blocks.
fn shell_lines(section: &str) -> Vec<String> {
    let text = read("README.md");
    let section = text.split(&format!("\n## {section}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn every_everyday_command_works() {
    let lines = shell_lines("Everyday tasks");
    assert!(lines.len() >= 9, "{lines:?}");
    // One of them writes a file.
    let folder = folder();
    for line in lines {
        let arguments = line.strip_prefix("sek8s-status ").unwrap_or_else(|| panic!("{line}"));
        let mut command = Command::new(BINARY);
        command.args(arguments.split(' ')).arg("--demo").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.current_dir(folder.path()).spawn().unwrap();
        if arguments.contains("--watch") || arguments.ends_with(" -f") {
            let mut first = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
            assert!(first.starts_with("DEMO"), "{line}: {first}");
            drop(Demo(child));
        } else {
            let code = child.wait_with_output().unwrap().status.code();
            assert!(matches!(code, Some(0 | 1)), "{line}: {code:?}");
        }
    }
}

#[test]
fn the_readme_is_short() {
    let text = read("README.md");
    assert!(text.lines().count() < 130, "{}", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= 125, "{line}");
    }
    for command in ["cargo run --release -- overview --demo", "cargo test"] {
        assert!(text.contains(&format!("\n    {command}\n")), "{command}");
    }
}

/// Every Markdown file of the project.
pub fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !matches!(name, "target" | ".git" | "shared") {
            files.extend(markdown(&path));
        } else if is_markdown(&path) {
            files.push(path);
        }
    }
    files
}

/// The names that GitHub gives to the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|title| title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect())
        .map(|title: String| title.replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for page in markdown(root()) {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") || link.starts_with("http://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let missing = format!("{}: {link}", page.display());
            assert!(target.exists(), "{missing}");
            if !anchor.is_empty() {
                assert!(anchors(&fs::read_to_string(&target).unwrap()).contains(anchor), "{missing}");
            }
            count += 1;
        }
    }
    assert!(count >= 30, "{count}");
}

#[test]
fn the_picture_is_what_a_terminal_shows() {
    let drawn = match Command::new(root().join("docs/picture")).args([BINARY, "overview", "--demo"]).output()
    {
        Ok(drawn) => drawn,
        Err(error) => panic!("docs/picture cannot be run: {error}"),
    };
    if drawn.status.code() == Some(127) {
        eprintln!("left out: there is no python3 to draw docs/overview.svg with");
        return;
    }
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(drawn.len() < 20 * 1024, "{}", drawn.len());
    if is_updating() {
        fs::write(root().join("docs/overview.svg"), drawn).unwrap();
        return;
    }
    // Not assert_eq!, which would print both.
    assert!(
        drawn == read("docs/overview.svg"),
        "docs/overview.svg is old: UPDATE_EXAMPLES=1 cargo test --test suite readme"
    );
}

/// The rows of each table with this head, cell by cell.
#[track_caller]
pub fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    let text = read(page);
    let head = format!("\n{head}\n");
    let tables = text.split(&head).skip(1);
    let lines = tables.flat_map(|table| table.lines().skip(1).take_while(|line| line.starts_with('|')));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<_> = lines.map(cells).collect();
    assert!(!rows.is_empty(), "{page} has no table{head}");
    rows
}

/// What stands in backticks.
pub fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_setting_is_documented_with_its_default() {
    let mut test = Test::new("serve --check --json");
    for unset in ["PROGRAM_PATH", "JOURNAL_PATH", "MAX_AGE"] {
        test = test.environment(unset, "");
    }
    let checked = test.any_stdout().status(0).json();
    let mut defaults: Vec<_> = checked["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| (setting["name"].as_str().unwrap(), setting["value"].as_str().unwrap()))
        .collect();
    // The one that is chosen in place of the other.
    defaults.push(("uds", "none"));
    let declared: BTreeMap<_, _> =
        Settings::specs().chain(ServeSettings::specs()).map(|spec| (spec.flag, spec.variable)).collect();
    let rows = rows("docs/settings.md", "| flag | environment | default | allowed |");
    for row in &rows {
        let flag = code(&row[0])[0].trim_start_matches("--");
        assert_eq!(code(&row[1]).join(", "), declared[flag], "{flag}");
        let (_, default) =
            defaults.iter().find(|(name, _)| *name == flag).unwrap_or_else(|| panic!("{flag}"));
        assert_eq!(row[2].replace('`', ""), default.trim_start_matches("http://"), "{flag}");
    }
    assert_eq!((rows.len(), rows.len()), (defaults.len(), declared.len()));
}

#[test]
fn every_path_and_parameter_is_documented() {
    let (_demo, address) = Demo::serve();
    let mut parameters = BTreeSet::new();
    for row in rows("docs/http.md", "| path | parameters | answer |") {
        let path = code(&row[0])[0].replace("{id}", "k3s");
        // The one that has to be switched on.
        let expected = if path == "/metrics" { "404" } else { "200" };
        assert_eq!(ask(&address, &format!("GET {path}"), "").0, expected, "{path}");
        for parameter in code(&row[1]) {
            let (status, body) = ask(&address, &format!("GET {path}?{parameter}=perhaps"), "");
            assert!(matches!(status.as_str(), "400" | "422"), "{path} {parameter}: {body}");
            parameters.insert(parameter.to_owned());
        }
    }
    let documented = rows("docs/http.md", "| parameter | value | default |");
    let documented: BTreeSet<_> = documented.iter().map(|row| code(&row[0])[0].to_owned()).collect();
    assert_eq!(parameters, documented);
}

/// The codes in these files, each the first string behind one of the marks.
pub fn codes(files: &[&str], marks: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let text = read(file);
        let text = text.split("#[cfg(test)]").next().unwrap();
        for mark in marks {
            for rest in text.split(mark).skip(1).map(str::trim_start) {
                let word = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
                let is_code = |word: &str| {
                    word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
                };
                found.extend(word.map(|(word, _)| word.to_owned()).filter(|word| is_code(word)));
            }
        }
    }
    found
}

#[track_caller]
fn documented(page: &str, head: &str, column: usize) -> BTreeSet<String> {
    rows(page, head).iter().map(|row| code(&row[column])[0].to_owned()).collect()
}

#[test]
fn every_error_code_is_documented() {
    let known = codes(&["src/error.rs", "src/http/refusal.rs"], &["=> "]);
    let head = "| status | error | when | extra fields |";
    assert_eq!(documented("docs/http.md", head, 1), known);
    // Those that a program is the cause of are explained.
    let explained = documented("docs/health.md", "| code | cause | what to do |", 0);
    for row in rows("docs/http.md", head) {
        assert_eq!(explained.contains(code(&row[1])[0]), row[0].starts_with('5'), "{row:?}");
    }
    let (_demo, address) = Demo::serve();
    let long = "x".repeat(5000);
    for (request, headers) in [
        ("GET /gpu/nvidia-smi?gpu=x", ""),
        ("GET /services/sshd/status", ""),
        ("GET /nowhere", ""),
        ("POST /health", ""),
        ("GET /services/k3s/logs?lines=x", ""),
        ("GET /health", "Content-Length: 1\r\n"),
        ("GET /health", "Content-Length: 10000\r\n"),
        (&format!("GET /{long}"), ""),
        ("GET /health", &format!("X: {long}{long}{long}{long}\r\n")),
    ] {
        let (status, body) = ask(&address, request, headers);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let code_of = body["detail"]["error"].as_str().unwrap();
        let row = rows("docs/http.md", head).into_iter().find(|row| code(&row[1])[0] == code_of).unwrap();
        assert_eq!(row[0], status, "{code_of}");
        for field in
            body["detail"].as_object().unwrap().keys().filter(|key| *key != "error" && *key != "message")
        {
            assert!(code(&row[3]).contains(&field.as_str()), "{code_of} has {field}");
        }
    }
}

#[test]
fn every_reason_and_warning_is_documented() {
    let known = codes(&["src/report/trouble.rs", "src/report/reason.rs"], &["=> "]);
    let page = "docs/health.md";
    let mut all = documented(page, "| code | the unit | what to do |", 0);
    all.extend(documented(page, "| code | meaning | what to do |", 0));
    assert_eq!(all, known);
    let known = codes(&["src/report/gpu_reason.rs"], &["=> "]);
    assert_eq!(documented(page, "| code | what is wrong | what to do |", 0), known);
}

#[test]
fn every_exit_code_of_the_help_is_documented() {
    let help = output("--help");
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let help: Vec<_> = codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let documented = rows("docs/health.md", "| exit code | meaning |");
    let documented: Vec<_> = documented.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(help, documented[..help.len()]);
    for (arguments, code) in [("services --demo", 0), ("overview --demo", 1), ("status sshd", 2)] {
        let status = Command::new(BINARY).args(arguments.split(' ')).output().unwrap().status;
        assert_eq!(status.code(), Some(code), "{arguments}");
    }
}
