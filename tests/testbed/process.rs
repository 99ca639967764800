//! What a process may do, as the kernel says it: `/proc/PID/status`, proc(5).

use std::collections::BTreeMap;

use crate::bed::Bed;

/// The capability to read every file, as bits.
pub const DAC_READ_SEARCH: u64 = 1 << 2;

/// One thread.
pub struct Status(BTreeMap<String, String>);

impl Status {
    /// Every thread of the processes that this shell command names, one number a line.
    #[track_caller]
    pub fn of(bed: &Bed, processes: &str) -> Vec<Self> {
        // A thread that exits meanwhile is gone, and no longer of interest.
        Self::read(&bed.sh(&format!(
            "for pid in $({processes}); do
                for task in /proc/$pid/task/*; do cat $task/status 2>/dev/null || [ ! -e $task ]; done
            done"
        )))
    }

    /// Some of them, one after the other.
    #[track_caller]
    pub fn read(text: &str) -> Vec<Self> {
        let mut threads: Vec<Self> = Vec::new();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            if name == "Name" {
                threads.push(Self(BTreeMap::new()));
            }
            threads.last_mut().unwrap().0.insert(name.to_owned(), value.trim().to_owned());
        }
        assert!(!threads.is_empty(), "no thread");
        threads
    }

    pub fn field(&self, name: &str) -> &str {
        &self.0[name]
    }

    fn numbers(&self, name: &str) -> Vec<u32> {
        let mut numbers: Vec<_> =
            self.field(name).split_ascii_whitespace().map(|number| number.parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Permitted, effective, inheritable and ambient capabilities.
    pub fn capabilities(&self) -> [u64; 4] {
        ["CapPrm", "CapEff", "CapInh", "CapAmb"].map(|set| self.set(set))
    }

    fn set(&self, name: &str) -> u64 {
        u64::from_str_radix(self.field(name), 16).unwrap()
    }

    /// It has nothing at all that an ordinary user has not, and cannot get it.
    #[track_caller]
    pub fn has_nothing(&self) {
        assert_eq!((self.capabilities(), self.set("CapBnd")), ([0; 4], 0), "{:?}", self.0);
        assert_eq!(self.field("NoNewPrivs"), "1", "{:?}", self.0);
    }

    /// It is this user, in its own group and exactly in these others.
    #[track_caller]
    pub fn is(&self, bed: &Bed, user: &str, groups: &[&str]) {
        let number = |command: &str| -> u32 { bed.sh(command).trim().parse().unwrap() };
        assert_eq!(self.numbers("Uid"), [number(&format!("id -u {user}")); 4], "{:?}", self.0);
        assert_eq!(self.numbers("Gid"), [number(&format!("id -g {user}")); 4], "{:?}", self.0);
        let mut groups: Vec<_> =
            groups.iter().map(|group| number(&format!("getent group {group} | cut -d: -f3"))).collect();
        groups.sort_unstable();
        assert_eq!(self.numbers("Groups"), groups, "{:?}", self.0);
    }
}
