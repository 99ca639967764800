//! Programs that stand in for systemctl, journalctl and nvidia-smi: real executables, driven by files
//! beside them, since their environment is cleared.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use tempfile::TempDir;

/// Two GPUs that are well.
const BANNER: &str = "\
| NVIDIA-SMI 570.86.15   Driver Version: 570.86.15   CUDA Version: 12.8 |
|   0  NVIDIA H100 80GB HBM3          On  |   00000000:1A:00.0 Off |                    0 |
| N/A   41C    P0            118W /  700W |   61234MiB /  81559MiB |     37%      Default |
|   1  NVIDIA H100 80GB HBM3          On  |   00000000:43:00.0 Off |                   On |
| N/A   38C    P0            112W /  700W |                  N/A   |     N/A      Default |
";

/// Stands in for every program.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/stub.sh");

/// A folder of its own for a test, which also the user that root becomes may use.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 0o777);
    folder
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    open(path, 0o666);
}

/// What a stub program does.
#[derive(Clone)]
pub struct Stub {
    act: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Stub {
    /// Runs this as a shell script; `$d` is the folder with the stub's files.
    pub fn acts(script: &str) -> Self {
        Self { act: script.to_owned(), files: Vec::new() }
    }

    /// Prints these bytes.
    pub fn prints(stdout: impl AsRef<[u8]>) -> Self {
        Self::acts(r#"cat "$d/stdout""#).file("stdout", stdout)
    }

    /// Prints nothing.
    pub fn silent() -> Self {
        Self::acts(":")
    }

    /// As systemctl: every unit that is asked for is healthy, unless it has properties of its own.
    pub fn units() -> Self {
        Self::acts(
            r#"while [ "$1" != -- ]; do shift; done
            shift
            first=1
            for unit; do
                [ -n "$first" ] || echo
                first=
                if [ -e "$d/$unit" ]; then cat "$d/$unit"; else sed "s/UNIT/$unit/" "$d/healthy"; fi
            done"#,
        )
        .file("healthy", unit_properties("UNIT", &[]))
    }

    /// The same, with one unit as these properties say; the others are those of a healthy one.
    pub fn unit(self, unit: &str, properties: &[(&str, &str)]) -> Self {
        self.file(unit, unit_properties(unit, properties))
    }

    /// As nvidia-smi: a banner and two rows, of which it prints the one asked for.
    pub fn gpus() -> Self {
        Self::acts(
            r#"case "$*" in
                *--query-gpu=*) answer=$d/csv ;;
                *--query-remapped-rows=*) answer=$d/remapped ;;
                *-q*) answer=$d/q ;;
                *) answer=$d/banner ;;
            esac
            case "$*" in
                *"-i 0" | *"-i 1") if [ "$answer" = "$d/csv" ]; then pad "$answer" | grep "^${*##*-i },"; else cat "$answer"; fi ;;
                *"-i "*) echo "No devices were found"; exit 6 ;;
                *) if [ "$answer" = "$d/csv" ]; then pad "$answer"; else cat "$answer"; fi ;;
            esac"#,
        )
        .file("banner", BANNER)
        .file("remapped", "GPU-aaaa, 0, 0\nGPU-bbbb, 0, 0\n")
        .file("q", "Driver Version : 570.86.15\nGPU 00000000:1A:00.0\n")
        .file(
            "csv",
            "0, GPU-aaaa, NVIDIA H100 80GB HBM3, 570.86.15, 41, 118.22, 700.00, 37, 61234, 81559, 0, Disabled\n\
             1, GPU-bbbb, NVIDIA H100 80GB HBM3, 570.86.15, [N/A], [Not Supported], 700.00, [N/A], 0, 81559, 0, Enabled\n",
        )
    }

    /// A file that the script may use.
    pub fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), content.as_ref().to_owned()));
        self
    }

    /// The files of another one as well.
    pub fn files_of(mut self, other: &Self) -> Self {
        self.files.extend(other.files.iter().cloned());
        self
    }

    /// What it does.
    pub fn script(&self) -> &str {
        &self.act
    }

    /// What it also does, after the rest.
    pub fn then(mut self, script: &str) -> Self {
        self.act.push('\n');
        self.act.push_str(script);
        self
    }

    /// Installs it in a folder under this name.
    pub fn install(&self, folder: &Path, name: &str) {
        let files = folder.join(format!("{name}.d"));
        fs::create_dir_all(&files).unwrap();
        open(&files, 0o777);
        for (file, content) in &self.files {
            write(&files.join(file), content);
        }
        write(&files.join("act"), &self.act);
        write(&files.join("asked"), "");
        // By another process: while it is open for writing here, a test that forks at that moment would
        // hold it open, too, and it could not be executed (ETXTBSY).
        let installed = Command::new("install").args(["-m", "755", SCRIPT]).arg(folder.join(name)).status();
        assert!(installed.unwrap().success());
    }
}

/// Writes a file that can be executed.
pub fn write_executable(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// `systemctl show` of one unit.
pub fn unit_properties(unit: &str, changed: &[(&str, &str)]) -> String {
    let healthy = [
        ("MainPID", "1234"),
        ("Result", "success"),
        ("NRestarts", "0"),
        ("ExecMainCode", "0"),
        ("ExecMainStatus", "0"),
        ("Id", unit),
        ("Names", unit),
        ("LoadState", "loaded"),
        ("ActiveState", "active"),
        ("SubState", "running"),
        ("UnitFileState", "enabled"),
        ("StateChangeTimestamp", "Tue 2026-11-24 11:51:44.283209 UTC"),
        ("ActiveEnterTimestamp", "Tue 2026-11-24 11:51:44.283209 UTC"),
        ("InvocationID", "0123456789abcdef0123456789abcdef"),
    ];
    let added = changed.iter().filter(|(name, _)| healthy.iter().all(|(known, _)| known != name));
    healthy
        .iter()
        .chain(added)
        .map(|(name, value)| {
            let value =
                changed.iter().find(|(changed, _)| changed == name).map_or(*value, |(_, value)| value);
            format!("{name}={value}\n")
        })
        .collect()
}

/// A line of `journalctl --output=json`, so many seconds after a fixed moment.
pub fn entry(seconds: u64, priority: u8, message: &str) -> String {
    entry_of(42, seconds, priority, message)
}

/// The same, logged by this process; 1 is systemd.
pub fn entry_of(pid: u32, seconds: u64, priority: u8, message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    let identifier = if pid == 1 { "systemd" } else { "k3s" };
    format!(
        r#"{{"__REALTIME_TIMESTAMP":"{}","_HOSTNAME":"vm","SYSLOG_IDENTIFIER":"{identifier}","_PID":"{pid}","PRIORITY":"{priority}","MESSAGE":{message}}}"#,
        1_795_310_091_508_359 + seconds * 1_000_000
    ) + "\n"
}
