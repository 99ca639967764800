//! The booted machine, and what can be done to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_sek8s-status");

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/testbed.sh");

/// One booted machine.
pub struct Bed {
    folder: PathBuf,
}

impl Bed {
    /// Boots it; says why not, where it cannot be.
    pub fn boot() -> Result<Self, String> {
        let is_required = std::env::var_os("SEK8S_TESTBED").is_some();
        if fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) != 0) {
            return Err("not root".to_owned());
        }
        let missing: Vec<_> = ["systemctl", "systemd-nspawn", "dbus-daemon", "nsenter", "pgrep"]
            .into_iter()
            .filter(|name| {
                !["/usr/bin", "/bin", "/usr/sbin"].iter().any(|folder| Path::new(folder).join(name).exists())
            })
            .collect();
        if !missing.is_empty() && !is_required {
            return Err(format!("not installed: {}", missing.join(", ")));
        }
        let bed = Self { folder: std::env::temp_dir().join(format!("sek8s-testbed-{}", std::process::id())) };
        let binary = Path::new(BINARY).parent().unwrap().to_str().unwrap();
        let up = bed.script(&["up", "--bind", binary]);
        if up.status.success() {
            return Ok(bed);
        }
        bed.down();
        Err(format!("it does not boot: {}", text(&up.stderr).trim()))
    }

    /// Takes it down, and everything of it.
    pub fn down(&self) {
        let down = self.script(&["down"]);
        assert!(down.status.success(), "{}", text(&down.stderr));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SCRIPT);
        command.args(arguments).env("TESTBED_DIR", &self.folder).stdin(Stdio::null());
        command
    }

    fn script(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// A verb of the script that has to succeed.
    #[track_caller]
    pub fn does(&self, verb: &str) {
        let words: Vec<_> = verb.split(' ').collect();
        let done = self.script(&words);
        assert!(done.status.success(), "{verb}: {}", text(&done.stderr));
    }

    /// A shell command inside, as root, that has to succeed; what it prints.
    #[track_caller]
    pub fn sh(&self, command: &str) -> String {
        let done = self.script(&["exec", "--", "sh", "-c", command]);
        assert!(done.status.success(), "{command}: {}", text(&done.stderr));
        text(&done.stdout)
    }

    /// Runs our binary inside.
    pub fn run_as(&self, user: &str, arguments: &str) -> Ran {
        let mut words = vec!["exec", "--user", user, "--", BINARY];
        words.extend(arguments.split(' '));
        Ran(self.script(&words))
    }

    /// Runs our binary inside, as a user with the groups it needs.
    pub fn run(&self, arguments: &str) -> Ran {
        self.run_as("status", arguments)
    }

    /// Starts our binary inside, with pipes to stdout and stderr.
    pub fn start(&self, arguments: &str) -> Child {
        let mut words = vec!["exec", "--user", "status", "--", BINARY];
        words.extend(arguments.split(' '));
        self.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Puts everything back as it was at boot.
    pub fn heal(&self) {
        self.sh("rm -f /run/fake-nvidia-smi/delay; echo 0 >/run/fake-nvidia-smi/exit
             pkill -x sek8s-status || :
             rm -rf /etc/systemd/system/*.service.d
             for file in /lib/systemd/system/*.service.away; do
                 [ ! -e \"$file\" ] || mv \"$file\" \"${file%.away}\"
             done
             rm -f /lib/systemd/system/rancher.service
             systemctl unmask nvidia-fabricmanager 2>/dev/null || :
             systemctl daemon-reload
             systemctl reset-failed
             systemctl start admission-controller system-manager attestation-service k3s \
                 nvidia-persistenced nvidia-fabricmanager infiniband-config");
    }

    /// Waits, within a bound, until a command inside succeeds.
    #[track_caller]
    pub fn wait_until(&self, command: &str) {
        let until = Instant::now() + Duration::from_secs(20);
        while !self.script(&["exec", "--", "sh", "-c", command]).status.success() {
            assert!(Instant::now() < until, "in vain waited for: {command}");
        }
    }
}

/// A run of our binary that has ended.
pub struct Ran(Output);

impl Ran {
    /// Checks the exit status.
    #[track_caller]
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(expected), "{}{}", self.stdout(), self.stderr());
        self
    }

    pub fn stdout(&self) -> String {
        text(&self.0.stdout)
    }

    pub fn stderr(&self) -> String {
        text(&self.0.stderr)
    }

    /// stdout as a document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("{}", self.stdout()))
    }
}

/// Bytes that have to be UTF-8.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
