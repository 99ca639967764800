//! What this process uses, as every exporter tells it (proc_pid_stat(5), proc_pid_status(5)).

use std::fs;

use rustix::{
    param::clock_ticks_per_second,
    process::{Resource, getrlimit},
};

/// What this process uses; what cannot be read is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct OwnProcess {
    /// Time on the processors, in user and kernel mode.
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub virtual_bytes: Option<u64>,
    pub threads: Option<u64>,
    pub open_files: Option<u64>,
    pub most_files: Option<u64>,
}

impl OwnProcess {
    /// Reads it now.
    pub(crate) fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let kib = |name: &str| number_of(&status, name).map(|kib| kib * 1024);
        Self {
            cpu_seconds: ticks(&stat).map(|ticks| ticks / seconds_of_ticks()),
            resident_bytes: kib("VmRSS:"),
            virtual_bytes: kib("VmSize:"),
            threads: number_of(&status, "Threads:"),
            open_files: fs::read_dir("/proc/self/fd").ok().and_then(|fds| u64::try_from(fds.count()).ok()),
            most_files: getrlimit(Resource::Nofile).current,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is 100")]
fn seconds_of_ticks() -> f64 {
    clock_ticks_per_second() as f64
}

/// The number behind a name, at the beginning of a line.
fn number_of(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// utime and stime: the 12th and 13th fields behind the name, which may have spaces and is in parentheses.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11).map(str::parse::<f64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 500 0 0 0 30 12 0 0 20 0 9 0 100 1000000 300";
        assert_eq!(ticks(stat), Some(42.0));
        assert_eq!(ticks("7 (x"), None);
        assert_eq!(number_of("Name:\tx\nVmRSS:\t    5120 kB\n", "VmRSS:"), Some(5120));
        assert_eq!(number_of("VmRSS:\n", "VmRSS:"), None);
        let own = OwnProcess::look();
        assert!(own.resident_bytes > Some(0) && own.threads > Some(0) && own.open_files > Some(0), "{own:?}");
    }
}
