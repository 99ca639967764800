//! The privileges of this process as the kernel reports them, per thread: `/proc/self/task/*/status` (proc(5)).

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::thread::CapabilitySet;

use super::{Account, Capability, PrivilegeError, database, failed};

/// The five sets, as the kernel names them.
const SETS: [&str; 5] = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

/// How long a joined thread may still be visible: the kernel removes it from /proc a moment later.
const DYING: Duration = Duration::from_millis(100);

/// One thread, as the kernel sees it.
struct Status(BTreeMap<String, String>);

impl Status {
    fn read(path: &Path) -> Result<Self, PrivilegeError> {
        Self::try_read(path)
            .map_err(|error| failed("could not verify the privileges of this process in /proc", error))
    }

    fn try_read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        Ok(Self(fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()))
    }

    fn field(&self, name: &str) -> Result<&str, PrivilegeError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| failed("missing field in /proc/self/status", name))
    }

    fn numbers(&self, name: &str) -> Result<Vec<u32>, PrivilegeError> {
        self.field(name)?
            .split_ascii_whitespace()
            .map(|number| number.parse().map_err(|_| failed("invalid number in /proc/self/status", name)))
            .collect()
    }

    fn capabilities(&self, set: &str) -> Result<CapabilitySet, PrivilegeError> {
        u64::from_str_radix(self.field(set)?, 16)
            .map(CapabilitySet::from_bits_retain)
            .map_err(|_| failed("invalid capability set in /proc/self/status", set))
    }
}

/// Every thread of this process, except those that exit meanwhile.
fn all() -> Result<Vec<Status>, PrivilegeError> {
    let unreadable = |error: io::Error| failed("could not read the threads of this process in /proc", error);
    let tasks = fs::read_dir("/proc/self/task").map_err(unreadable)?;
    let is_gone = |error: &io::Error| {
        error.kind() == io::ErrorKind::NotFound
            || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
    };
    tasks
        .flatten()
        .map(|task| Status::try_read(&task.path().join("status")))
        .filter(|status| !status.as_ref().is_err_and(is_gone))
        .map(|status| status.map_err(unreadable))
        .collect()
}

pub(super) fn threads() -> Result<usize, PrivilegeError> {
    Ok(all()?.len())
}

pub(super) fn bounding() -> Result<Vec<CapabilitySet>, PrivilegeError> {
    let set = Status::read(Path::new("/proc/thread-self/status"))?.capabilities("CapBnd")?;
    let one = |bit| CapabilitySet::from_bits_retain(1_u64 << bit);
    Ok((0..u64::BITS).map(one).filter(|one| set.contains(*one)).collect())
}

/// Verifies that no thread has more capabilities than these permitted, any in another set, or a way to gain
/// privileges; and, with an account, that every thread has exactly that user and its groups. The bounding set
/// counts only if we were root; otherwise it belongs to the unit.
pub(super) fn verify(kept: &[Capability], account: Option<&Account>) -> Result<(), PrivilegeError> {
    let until = Instant::now() + DYING;
    loop {
        match verify_once(kept, account) {
            // A joined thread that raised a capability may still be exiting.
            Err(_) if Instant::now() < until => thread::sleep(DYING / 20),
            verified => return verified,
        }
    }
}

fn verify_once(kept: &[Capability], account: Option<&Account>) -> Result<(), PrivilegeError> {
    let kept = kept.iter().fold(CapabilitySet::empty(), |sets, one| sets | one.set());
    let threads = all()?;
    if threads.is_empty() {
        return Err(failed(
            "could not verify the privileges of this process in /proc",
            "no thread was found",
        ));
    }
    for thread in threads {
        for set in SETS {
            let there = thread.capabilities(set)?;
            let allowed = match set {
                "CapPrm" => kept,
                "CapBnd" if account.is_none() => there,
                _ => CapabilitySet::empty(),
            };
            if there != allowed {
                return Err(not_taken(&format!("{set} is {:016x}", there.bits())));
            }
        }
        if thread.field("NoNewPrivs")? != "1" {
            return Err(not_taken("NoNewPrivs is not 1"));
        }
        if let Some(account) = account {
            verify_account(&thread, account)?;
        }
    }
    Ok(())
}

fn verify_account(thread: &Status, account: &Account) -> Result<(), PrivilegeError> {
    let (user, group) = (account.user().as_raw(), account.group().as_raw());
    if thread.numbers("Uid")? != [user; 4] || thread.numbers("Gid")? != [group; 4] {
        return Err(not_taken("unexpected user or group id"));
    }
    let mut expected: Vec<_> = account.groups().iter().map(|group| group.as_raw()).collect();
    expected.sort_unstable();
    expected.dedup();
    let mut groups = thread.numbers("Groups")?;
    groups.sort_unstable();
    if groups == expected { Ok(()) } else { Err(not_taken("unexpected supplementary groups")) }
}

fn not_taken(what: &str) -> PrivilegeError {
    failed("privileges were not fully dropped", what)
}

/// The current user, groups and privileges of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user's name, or its id if it has no name.
    pub user: String,
    /// The user id.
    pub uid: u32,
    /// Names of the groups, the first one first.
    pub groups: Vec<String>,
    /// No child of it can gain privileges (no_new_privs, prctl(2)).
    pub no_new_privileges: bool,
}

impl Identity {
    /// Asks the kernel.
    /// Fails when /proc cannot be read.
    pub(crate) fn now() -> Result<Self, PrivilegeError> {
        let status = Status::read(Path::new("/proc/self/status"))?;
        let number = |name: &str| {
            status
                .numbers(name)?
                .get(1)
                .copied()
                .ok_or_else(|| failed("invalid number in /proc/self/status", name))
        };
        let uid = number("Uid")?;
        let own = number("Gid")?;
        let others = status.numbers("Groups")?;
        let groups: Vec<_> =
            [own].into_iter().chain(others.into_iter().filter(|group| *group != own)).collect();
        // A user without a name is shown by its id.
        let known_users = database::users().unwrap_or_default();
        let known_groups = database::groups().unwrap_or_default();
        let user = known_users.into_iter().find(|user| user.id == uid);
        let group_name = |gid: &u32| {
            let group = known_groups.iter().find(|group| group.id == *gid);
            group.map_or_else(|| gid.to_string(), |group| group.name.clone())
        };
        Ok(Self {
            user: user.map_or_else(|| uid.to_string(), |user| user.name),
            uid,
            groups: groups.iter().map(group_name).collect(),
            no_new_privileges: status.field("NoNewPrivs")? == "1",
        })
    }
}
