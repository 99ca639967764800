//! One run of the real binary, strict unless told otherwise.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use similar::TextDiff;
use tempfile::TempDir;

use crate::stub::{Stub, folder};

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_sek8s-status");

/// A folder of stub programs. It goes away with the test.
pub struct Programs(TempDir);

impl Programs {
    /// A healthy machine: seven units, an empty journal, two GPUs.
    pub fn healthy() -> Self {
        let programs = Self(folder());
        programs.install("systemctl", &Stub::units());
        programs.install("journalctl", &Stub::silent());
        programs.install("nvidia-smi", &Stub::gpus());
        fs::create_dir_all(programs.journal()).unwrap();
        fs::write(programs.journal().join("system.journal"), "").unwrap();
        programs
    }

    /// Puts a stub in the place of a program.
    pub fn install(&self, name: &str, stub: &Stub) {
        stub.install(self.path(), name);
    }

    /// Takes a program away.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    /// The folder of the journal's files.
    pub fn journal(&self) -> PathBuf {
        self.path().join("journal")
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file beside a stub.
    pub fn file(&self, program: &str, name: &str) -> PathBuf {
        self.path().join(format!("{program}.d")).join(name)
    }

    /// Every command line that was started: the program's name and its arguments.
    pub fn asked(&self) -> Vec<Vec<String>> {
        self.processes().into_iter().map(|(_, command)| command).collect()
    }

    /// The numbers of the processes that were started.
    pub fn pids(&self) -> Vec<u32> {
        self.processes().into_iter().map(|(pid, _)| pid).collect()
    }

    fn processes(&self) -> Vec<(u32, Vec<String>)> {
        let mut processes = Vec::new();
        for program in ["systemctl", "journalctl", "nvidia-smi"] {
            let asked = fs::read_to_string(self.file(program, "asked")).unwrap_or_default();
            for line in asked.lines() {
                let mut words = line.split('\t');
                let pid = words.next().unwrap().parse().unwrap();
                let command = [program].into_iter().chain(words).map(str::to_owned).collect();
                processes.push((pid, command));
            }
        }
        processes
    }
}

/// One run.
#[must_use = "a test runs when its exit status is asked for"]
pub struct Test {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    programs: Programs,
    stdout: Option<Vec<u8>>,
    any_stdout: bool,
    stderr: Expected,
    asked: Option<usize>,
}

enum Expected {
    Exactly(String),
    Holding(String),
}

impl Test {
    /// Arguments with blanks between them.
    pub fn new(arguments: &str) -> Self {
        Self {
            arguments: arguments.split_ascii_whitespace().map(str::to_owned).collect(),
            environment: Vec::new(),
            programs: Programs::healthy(),
            stdout: None,
            any_stdout: false,
            stderr: Expected::Exactly(String::new()),
            asked: None,
        }
    }

    /// One more argument, blanks and all.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn systemctl(self, stub: &Stub) -> Self {
        self.programs.install("systemctl", stub);
        self
    }

    pub fn journalctl(self, stub: &Stub) -> Self {
        self.programs.install("journalctl", stub);
        self
    }

    pub fn nvidia_smi(self, stub: &Stub) -> Self {
        self.programs.install("nvidia-smi", stub);
        self
    }

    pub fn without(self, program: &str) -> Self {
        self.programs.remove(program);
        self
    }

    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    pub fn stdout(mut self, expected: impl AsRef<[u8]>) -> Self {
        self.stdout = Some(expected.as_ref().to_owned());
        self
    }

    /// The test looks at stdout itself: it reads a document or a table of which it is about a part, whose whole text the
    /// snapshots of other tests hold. A text that is known is given to [`Self::stdout`].
    pub fn any_stdout(mut self) -> Self {
        self.any_stdout = true;
        self
    }

    pub fn stderr(mut self, expected: &str) -> Self {
        self.stderr = Expected::Exactly(expected.to_owned());
        self
    }

    pub fn stderr_holds(mut self, expected: &str) -> Self {
        self.stderr = Expected::Holding(expected.to_owned());
        self
    }

    /// No program was started.
    pub fn asked_nothing(self) -> Self {
        self.asked_times(0)
    }

    pub fn asked_times(mut self, times: usize) -> Self {
        self.asked = Some(times);
        self
    }

    fn command(&self) -> Command {
        self.command_as(|binary| Command::new(binary))
    }

    fn command_as(&self, wrap: impl Fn(&str) -> Command) -> Command {
        let mut command = wrap(BINARY);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PROGRAM_PATH", self.programs.path())
            .env("JOURNAL_PATH", self.programs.journal())
            // Each question of a test is asked anew, unless the test is about just that.
            .env("MAX_AGE", "0")
            .envs(self.environment.iter().cloned())
            // Something to read, if a program of ours were to get it.
            .stdin(Stdio::from(fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and hands it over as it runs.
    #[track_caller]
    pub fn start(self) -> (Child, Programs) {
        (self.command().spawn().unwrap(), self.programs)
    }

    /// The same, started by something else, which `wrap` makes of the binary's path.
    #[track_caller]
    pub fn start_as(self, wrap: impl Fn(&str) -> Command) -> (Child, Programs) {
        (self.command_as(wrap).spawn().unwrap(), self.programs)
    }

    /// Runs it and checks everything but its exit status, which still has to be one of ours.
    #[track_caller]
    pub fn status_of_any(self) -> Ran {
        self.run(&[0, 1, 2])
    }

    /// Runs it and checks everything.
    #[track_caller]
    pub fn status(self, expected: i32) -> Ran {
        self.run(&[expected])
    }

    #[track_caller]
    fn run(self, expected: &[i32]) -> Ran {
        let begin = Instant::now();
        let output = self.command().output().unwrap();
        let took = begin.elapsed();
        let ran = Ran { output, programs: self.programs, took };
        let found = ran.output.status.code();
        let mut wrong = Vec::new();
        if !found.is_some_and(|code| expected.contains(&code)) {
            wrong.push(format!("exit status: expected {expected:?}, found {found:?}"));
        }
        let stderr = String::from_utf8_lossy(&ran.output.stderr);
        match &self.stderr {
            Expected::Exactly(expected) => wrong.extend(difference("stderr", expected, &stderr)),
            Expected::Holding(part) if stderr.contains(part) => {}
            Expected::Holding(part) => wrong.push(format!("stderr lacks {part:?}:\n{stderr}")),
        }
        if !self.any_stdout {
            let expected = self.stdout.unwrap_or_default();
            wrong.extend(difference("stdout", &String::from_utf8_lossy(&expected), &ran.stdout()));
        }
        if let Some(times) = self.asked.filter(|times| *times != ran.programs.asked().len()) {
            wrong.push(format!("expected {times} programs to be started, found {:?}", ran.programs.asked()));
        }
        if !wrong.is_empty() {
            // What was not compared, or is as expected, may tell why.
            let command = self.arguments.join(" ");
            let stdout = ran.stdout();
            panic!(
                "sek8s-status {command}\n{}\nall of stderr:\n{stderr}\nall of stdout:\n{stdout}",
                wrong.join("\n")
            );
        }
        ran
    }
}

/// How a text differs from the expected one, line by line; `None` if it does not.
fn difference(what: &str, expected: &str, found: &str) -> Option<String> {
    (expected != found).then(|| {
        let lines = TextDiff::from_lines(expected, found);
        format!("{what}:\n{}", lines.unified_diff().header("expected", "found"))
    })
}

/// A run that has ended as expected.
pub struct Ran {
    pub output: Output,
    pub programs: Programs,
    pub took: Duration,
}

impl Ran {
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// stdout as a document: one line of compact JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        document(&self.output.stdout)
    }

    /// Waits, within a bound, until none of the started processes is left, zombies included.
    #[track_caller]
    pub fn nobody_is_left(&self) {
        nobody_is_left(&self.programs.pids());
    }
}

/// Checks the form of a document and reads it.
#[track_caller]
pub fn document(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).expect("a document is UTF-8");
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    assert!(text.ends_with('\n'), "a newline at the end: {text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Waits, within a bound, until none of these processes is left.
#[track_caller]
pub fn nobody_is_left(pids: &[u32]) {
    assert!(!pids.is_empty(), "nothing was started");
    eventually("the started processes are gone", || {
        pids.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
    });
}

/// Waits for something that must come true soon, and fails when it does not.
#[track_caller]
pub fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_true() {
        assert!(Instant::now() < until, "in vain waited until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal.
pub fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_test_that_fails_shows_status_stdout_and_stderr() {
    let failed = std::panic::catch_unwind(|| {
        Test::new("logs sshd").stdout("one\n").stderr("two\n").asked_times(3).status(0)
    });
    let said = *failed.err().expect("the test fails").downcast::<String>().unwrap();
    for part in [
        "sek8s-status logs sshd\n",
        "exit status: expected [0], found Some(2)\n",
        "-two\n+sek8s-status: unknown service `sshd`; see `sek8s-status services`\n",
        "-one\n",
        "expected 3 programs to be started, found []\n",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}
