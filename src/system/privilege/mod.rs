//! The privileges of this process: inspected at startup, dropped before its first thread starts.
//!
//! The order matters (capabilities(7), setresuid(2)): the bounding set while `CAP_SETPCAP` is still there,
//! the supplementary groups before the group, the group before the user, and then everything is verified
//! with the kernel. Raw system calls change only the calling thread, so there must be no other.

mod account;
mod capability;
mod database;
mod identity;
mod secure;
mod trust;

use std::{fmt, io};

use nix::unistd::{self, Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use self::capability::raised;
pub(crate) use self::{
    account::{Account, JOURNAL_GROUP, VIDEO_GROUP},
    capability::{Capability, lend},
    identity::Identity,
    trust::trusted,
};

/// Why privileges could not be dropped. Nothing is served or started then.
#[derive(Debug)]
pub(crate) struct PrivilegeError(String);

impl fmt::Display for PrivilegeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PrivilegeError {}

/// The privileges that the process was started with.
#[derive(Debug)]
pub(crate) struct Start {
    is_root: bool,
    is_secure: bool,
    user: Uid,
    /// Its useful capabilities; all others are dropped once this exists.
    granted: Vec<Capability>,
    /// It had a capability in any set that exec provides.
    had_any: bool,
}

impl Start {
    /// Inspects them, and clears every effective capability that root does not need for dropping privileges.
    /// Must be called first.
    /// Fails when the kernel refuses.
    pub(crate) fn begin() -> Result<Self, PrivilegeError> {
        let ids = unistd::getresuid()
            .map_err(|error| failed("could not read the user ids of this process", error))?;
        // With a saved user id of root the process could become root again.
        let is_root = [ids.real, ids.effective, ids.saved].iter().any(|user| user.is_root());
        let sets = capabilities(None)
            .map_err(|error| failed("could not read the capabilities of this process", error))?;
        let had_any = !(sets.permitted | sets.effective | sets.inheritable).is_empty();
        let start = Self {
            is_root,
            is_secure: secure::is_secure(),
            user: ids.effective,
            granted: Capability::ALL.into_iter().filter(|one| sets.permitted.contains(one.set())).collect(),
            had_any,
        };
        if had_any && !is_root {
            permit_only(&start.granted)?;
        }
        Ok(start)
    }

    /// Whether it has more privileges than its caller: the binary is setuid or has file capabilities
    /// (AT_SECURE, getauxval(3)).
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether any of its user ids is root.
    pub(crate) fn is_root(&self) -> bool {
        self.is_root
    }

    /// Whether this capability was granted; root counts as having it.
    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.granted.contains(&capability)
    }

    /// Runs `act`, which may need a capability: with it in effect if it was granted.
    /// Fails when it was granted and cannot be raised.
    pub(crate) fn with<T: Send>(
        &self,
        capability: Capability,
        act: impl FnOnce() -> T + Send,
    ) -> io::Result<T> {
        if self.is_root || !self.has(capability) {
            return Ok(act());
        }
        raised(capability, act)
    }

    /// The user to switch to; `None` without root, where the user stays the same.
    /// Fails when the user does not exist or is root, or when only root could switch to it.
    pub(crate) fn account(&self, run_as: Option<&str>) -> Result<Option<Account>, PrivilegeError> {
        if self.is_root {
            return Account::to_run_as(run_as).map(Some);
        }
        if let Some(name) = run_as {
            Account::check_is(name, self.user)?;
        }
        Ok(None)
    }

    /// Drops everything but `keep`, permanently, and verifies it. Root switches to the account and keeps
    /// nothing.
    /// Fails when anything could not be dropped.
    pub(crate) fn give_up(
        self,
        account: Option<&Account>,
        keep: &[Capability],
    ) -> Result<Reduced, PrivilegeError> {
        let kept: Vec<_> = match account {
            Some(account) => {
                become_user(account)?;
                Vec::new()
            }
            None => self.granted.iter().copied().filter(|one| keep.contains(one)).collect(),
        };
        if self.had_any && account.is_none() {
            permit_only(&kept)?;
        }
        set_no_new_privs(true).map_err(|error| failed("could not set no_new_privs", error))?;
        if self.had_any || account.is_some() {
            identity::verify(&kept, account)?;
        }
        Ok(Reduced { start: self, kept })
    }
}

/// Proof that a process has given up what it does not need; only [`Start::give_up`] makes one.
#[derive(Debug)]
pub(crate) struct Reduced {
    start: Start,
    kept: Vec<Capability>,
}

impl Reduced {
    /// Whether journalctl can be given the capability to read every journal.
    pub(crate) fn lends_journal(&self) -> bool {
        self.kept.contains(&Capability::DacReadSearch)
    }

    /// The privileges that the process was started with.
    pub(crate) fn start(&self) -> &Start {
        &self.start
    }
}

/// Keeps only these permitted, and none effective or inheritable.
fn permit_only(kept: &[Capability]) -> Result<(), PrivilegeError> {
    let kept = kept.iter().fold(CapabilitySet::empty(), |sets, one| sets | one.set());
    clear_ambient_capability_set()
        .and_then(|()| {
            set_capabilities(
                None,
                CapabilitySets {
                    effective: CapabilitySet::empty(),
                    permitted: kept,
                    inheritable: CapabilitySet::empty(),
                },
            )
        })
        .map_err(|error| failed("could not drop capabilities", error))
}

/// Switches from root to a user with exactly two supplementary groups and no capability.
fn become_user(account: &Account) -> Result<(), PrivilegeError> {
    let refuse = |what: &str, error: &dyn fmt::Display| {
        failed(
            what,
            format!(
                "{error}; start it as `{}` instead (User= in the unit, or setpriv --reuid)",
                account.name()
            ),
        )
    };
    let threads = identity::threads()?;
    if threads != 1 {
        return Err(failed(
            "privileges can only be dropped in a process with one thread",
            format!("this process has {threads}"),
        ));
    }
    for capability in identity::bounding()? {
        remove_capability_from_bounding_set(capability)
            .map_err(|error| refuse("could not clear the capability bounding set", &error))?;
    }
    unistd::setgroups(account.groups())
        .map_err(|error| refuse("could not set the supplementary groups", &error))?;
    let (user, group): (Uid, Gid) = (account.user(), account.group());
    unistd::setresgid(group, group, group).map_err(|error| refuse("could not set the group id", &error))?;
    unistd::setresuid(user, user, user).map_err(|error| refuse("could not set the user id", &error))?;
    // With SECBIT_NO_SETUID_FIXUP capabilities survive the change of user.
    permit_only(&[])
}

fn failed(what: &str, why: impl fmt::Display) -> PrivilegeError {
    PrivilegeError(format!("{what}: {why}"))
}
