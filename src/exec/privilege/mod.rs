//! What this process may do: found out at its start, given up before its first thread.
//!
//! The order is the point (capabilities(7), setresuid(2)): the bounding set while `CAP_SETPCAP` is still
//! there, the supplementary groups before the group, the group before the user, and then everything is
//! read back from the kernel. Raw system calls change the calling thread alone, so there must be no other.

mod account;
mod capability;
mod database;
mod secure;
mod stand;
mod trust;

use std::{fmt, io};

use nix::unistd::{self, Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use self::capability::raised;
pub use self::{
    account::{Account, DEFAULT_ACCOUNT, JOURNAL_GROUP, LAST_ACCOUNT, VIDEO_GROUP},
    capability::{Capability, lend},
    stand::Stand,
    trust::trusted,
};

/// Why privileges could not be given up. Nothing is served or started then.
#[derive(Debug)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// What the process was started with.
#[derive(Debug)]
pub struct Start {
    is_root: bool,
    is_secure: bool,
    user: Uid,
    /// The capabilities of the contract's table that it has; no others are left once this exists.
    granted: Vec<Capability>,
    /// It had some capability, in any set that exec gives.
    had_any: bool,
}

impl Start {
    /// Looks, and takes every capability out of effect that root does not need for giving them up.
    /// To be called first of all.
    ///
    /// # Errors
    /// When the kernel does not let go of them.
    pub fn begin() -> Result<Self, Refusal> {
        let ids = unistd::getresuid().map_err(|error| failed("its user cannot be read", error))?;
        // A saved user of root could be taken up again.
        let is_root = [ids.real, ids.effective, ids.saved].iter().any(|user| user.is_root());
        let sets = capabilities(None).map_err(|error| failed("its capabilities cannot be read", error))?;
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

    /// Whether the caller gave it more than he has himself: its file has capabilities, or is setuid
    /// (AT_SECURE, getauxval(3)).
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether it is root, in any of the ways that count.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// Whether this capability was granted; root counts as having it.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.granted.contains(&capability)
    }

    /// Runs something that may need a capability: with it in effect if it was granted.
    ///
    /// # Errors
    /// When it was granted and cannot be raised.
    pub fn with<T: Send>(&self, capability: Capability, act: impl FnOnce() -> T + Send) -> io::Result<T> {
        if self.is_root || !self.has(capability) {
            return Ok(act());
        }
        raised(capability, act)
    }

    /// Whom root has to become; `None` for whoever is not root, who stays who he is.
    ///
    /// # Errors
    /// When there is no such user, it is root, or only root could become it.
    pub fn account(&self, run_as: Option<&str>) -> Result<Option<Account>, Refusal> {
        if self.is_root {
            return Account::to_run_as(run_as).map(Some);
        }
        if let Some(name) = run_as {
            Account::check_is(name, self.user)?;
        }
        Ok(None)
    }

    /// Gives up everything but `keep`, for good, and reads back that it is so. Root becomes the account
    /// and keeps nothing.
    ///
    /// # Errors
    /// When anything did not take.
    pub fn give_up(self, account: Option<&Account>, keep: &[Capability]) -> Result<Reduced, Refusal> {
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
        set_no_new_privs(true).map_err(|error| failed("no_new_privs cannot be set", error))?;
        if self.had_any || account.is_some() {
            stand::verify(&kept, account)?;
        }
        Ok(Reduced { start: self, kept })
    }
}

/// Proof that a process has given up what it does not need; only [`Start::give_up`] makes one.
#[derive(Debug)]
pub struct Reduced {
    start: Start,
    kept: Vec<Capability>,
}

impl Reduced {
    /// Whether journalctl may be lent the capability to read every journal.
    #[must_use]
    pub fn lends_journal(&self) -> bool {
        self.kept.contains(&Capability::DacReadSearch)
    }

    /// What the process was started with.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }
}

/// Only these stay permitted, and none in effect or for children.
fn permit_only(kept: &[Capability]) -> Result<(), Refusal> {
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
        .map_err(|error| failed("its capabilities cannot be dropped", error))
}

/// From root to a user with exactly two groups and no capability.
fn become_user(account: &Account) -> Result<(), Refusal> {
    let refuse = |what: &str, error: &dyn fmt::Display| {
        failed(
            what,
            format!("{error}; start it as `{}` instead (User= in a unit, setpriv --reuid)", account.name()),
        )
    };
    let threads = stand::threads()?;
    if threads != 1 {
        return Err(failed(
            "privileges can only be dropped by a single thread",
            format!("there are {threads}"),
        ));
    }
    for capability in stand::bounding()? {
        remove_capability_from_bounding_set(capability)
            .map_err(|error| refuse("the capability bounding set cannot be cleared", &error))?;
    }
    unistd::setgroups(account.groups()).map_err(|error| refuse("the groups cannot be set", &error))?;
    let (user, group): (Uid, Gid) = (account.user(), account.group());
    unistd::setresgid(group, group, group).map_err(|error| refuse("the group cannot be set", &error))?;
    unistd::setresuid(user, user, user).map_err(|error| refuse("the user cannot be set", &error))?;
    // Where SECBIT_NO_SETUID_FIXUP is set they survive the change of user.
    permit_only(&[])
}

fn failed(what: &str, why: impl fmt::Display) -> Refusal {
    Refusal(format!("{what}: {why}"))
}
