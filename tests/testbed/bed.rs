//! The booted machine, and what can be done to it.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use rustix::process::geteuid;

use crate::running::{PATIENCE, Ran, Running, text};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/testbed.sh");

/// Which network a machine sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// That of the tests, which can ask its servers.
    Shared,
    /// Its own, where every port is free.
    Own,
}

/// How many machines this process has booted: each has a folder of its own.
static BOOTED: AtomicUsize = AtomicUsize::new(0);

/// One booted machine.
pub struct Bed {
    folder: PathBuf,
    binary: String,
    guard: Child,
}

impl Bed {
    /// Boots it, with these folders in it, too; says why not, where it cannot be. Packages that it lacks may be
    /// installed if it is required.
    pub fn boot(is_required: bool, network: Network, folders: &[&Path]) -> Result<Self, String> {
        if !geteuid().is_root() {
            return Err("not root".to_owned());
        }
        // The folder that a link may lead to is the one that has to be bound.
        let binary = fs::canonicalize(env!("CARGO_BIN_EXE_sek8s-status")).unwrap();
        let mut bound = vec![binary.parent().unwrap()];
        bound.extend(folders);
        let number = BOOTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sek8s-testbed-{}-{number}", std::process::id()));
        // Takes it down once this process lets go of the pipe, also where it is killed.
        let guard = Command::new("sh")
            .args(["-c", "read -r _; exec \"$0\" down", SCRIPT])
            .env("TESTBED_DIR", &folder)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let bed = Self { folder, binary: binary.to_str().unwrap().to_owned(), guard };
        match bed.come_up(&bound, network, is_required) {
            Ok(()) => Ok(bed),
            Err(reason) => {
                bed.down();
                Err(reason)
            }
        }
    }

    fn come_up(&self, bound: &[&Path], network: Network, is_required: bool) -> Result<(), String> {
        let mut up = self.command(&["up"]);
        for folder in bound {
            up.arg("--bind").arg(folder);
        }
        if network == Network::Own {
            up.arg("--private-network");
        }
        let up = up.env("TESTBED_NO_INSTALL", if is_required { "" } else { "1" }).output().unwrap();
        if !up.status.success() {
            return Err(text(&up.stderr).trim().trim_start_matches("testbed: ").to_owned());
        }
        // A folder above it may be closed to others, as /root is.
        let tried = self.run("--version");
        if tried.0.status.success() {
            Ok(())
        } else {
            Err(format!("`{}` cannot be run by others: {}", self.binary, tried.stderr().trim()))
        }
    }

    /// Takes it down, and everything of it.
    pub fn down(mut self) {
        drop(self.guard.stdin.take());
        let down = self.guard.wait().unwrap();
        assert!(down.success(), "the testbed is not taken down: {down}");
    }

    /// The path of the binary under test, inside as outside.
    pub fn binary(&self) -> &str {
        &self.binary
    }

    /// A path inside, as it is reached from here.
    pub fn reach(&self, path: &str) -> PathBuf {
        let leader = fs::read_to_string(self.folder.join("leader")).unwrap();
        Path::new("/proc").join(leader.trim()).join("root").join(path.trim_start_matches('/'))
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
        Ran(self.script(&[&["exec", "--user", user, "--", &self.binary][..], &split(arguments)].concat()))
    }

    /// Runs our binary inside, as a user with the groups it needs.
    pub fn run(&self, arguments: &str) -> Ran {
        self.run_as("status", arguments)
    }

    /// Runs our binary inside as root does, behind these words, such as `setpriv` with its flags.
    pub fn run_behind(&self, words: &str, arguments: &str) -> Ran {
        self.run_instead(&format!("{words} {}", self.binary), arguments)
    }

    /// Runs these words with the arguments inside, as root does.
    pub fn run_instead(&self, words: &str, arguments: &str) -> Ran {
        Ran(self.script(&[&["exec", "--"][..], &split(words), &split(arguments)].concat()))
    }

    /// Runs our binary inside where these folders are empty, for it and its children alone.
    pub fn run_without(&self, folders: &str, user: &str, arguments: &str) -> Ran {
        let hide = format!(
            "set -e; for folder in {folders}; do mkdir -p $folder; mount -t tmpfs -o mode=755 none $folder; done
            exec setpriv --reuid {user} --regid \"$(id -g {user})\" --init-groups {} {arguments}",
            self.binary
        );
        Ran(self.script(&["exec", "--", "unshare", "--mount", "sh", "-c", &hide]))
    }

    /// Runs our binary inside, as the end of a shell script with mounts of its own: it gets the command as `"$@"`.
    pub fn run_in(&self, script: &str, arguments: &str) -> Ran {
        let before = ["exec", "--", "unshare", "--mount", "sh", "-c", script, "sh", &self.binary];
        Ran(self.script(&[&before[..], &split(arguments)].concat()))
    }

    /// Starts our binary inside, as a user with the groups it needs.
    pub fn start(&self, arguments: &str) -> Running {
        self.start_as("status", arguments)
    }

    /// Starts our binary inside.
    pub fn start_as(&self, user: &str, arguments: &str) -> Running {
        self.start_words(&[&["exec", "--user", user, "--", &self.binary][..], &split(arguments)].concat())
    }

    /// Starts our binary inside as root does, behind these words.
    pub fn start_behind(&self, words: &str, arguments: &str) -> Running {
        let before = split(words);
        self.start_words(&[&["exec", "--"][..], &before, &[&self.binary], &split(arguments)].concat())
    }

    /// Starts these words inside, as root.
    pub fn start_instead(&self, words: &[&str]) -> Running {
        self.start_words(&[&["exec", "--"], words].concat())
    }

    fn start_words(&self, words: &[&str]) -> Running {
        let mut command = self.command(words);
        Running::new(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Puts everything back as it was at boot.
    pub fn heal(&self) {
        self.sh("rm -f /run/fake-nvidia-smi/delay; echo 0 >/run/fake-nvidia-smi/exit
             pkill -x sek8s-status || :
             rm -rf /etc/systemd/system/*.service.d /run/counted /run/recorded /opt/recording
             userdel chutes 2>/dev/null || :
             for file in /lib/systemd/system/*.service.away; do
                 [ ! -e \"$file\" ] || mv \"$file\" \"${file%.away}\"
             done
             rm -f /lib/systemd/system/rancher.service
             systemctl unmask nvidia-fabricmanager 2>/dev/null || :
             systemctl daemon-reload
             systemctl reset-failed");
        self.does(
            "start admission-controller system-manager attestation-service k3s \
             nvidia-persistenced nvidia-fabricmanager infiniband-config",
        );
    }

    /// Waits, within a bound, until a command inside succeeds.
    #[track_caller]
    pub fn wait_until(&self, command: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.script(&["exec", "--", "sh", "-c", command]).status.success() {
            assert!(Instant::now() < until, "in vain waited for: {command}");
        }
    }
}

fn split(words: &str) -> Vec<&str> {
    words.split_ascii_whitespace().collect()
}
