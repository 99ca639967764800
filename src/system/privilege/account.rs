//! The user to switch to when started as root.

use nix::unistd::{Gid, Uid};

use super::{
    PrivilegeError,
    database::{self, User},
    failed,
};

/// The default user.
pub(super) const DEFAULT_ACCOUNT: &str = "chutes";

/// The user if [`DEFAULT_ACCOUNT`] does not exist.
pub(super) const LAST_ACCOUNT: &str = "nobody";

/// Can read the system journal (systemd-journald.service(8)).
pub(crate) const JOURNAL_GROUP: &str = "systemd-journal";

/// Can open the GPU device nodes, where access is restricted.
pub(crate) const VIDEO_GROUP: &str = "video";

/// A user with its group, and the two supplementary groups that we add.
#[derive(Debug)]
pub(crate) struct Account {
    user: User,
    groups: Vec<Gid>,
    has_journal_group: bool,
    is_member_of_journal: bool,
}

impl Account {
    /// The user that was named, else [`DEFAULT_ACCOUNT`], else [`LAST_ACCOUNT`].
    pub(super) fn to_run_as(name: Option<&str>) -> Result<Self, PrivilegeError> {
        let user = match name {
            Some(name) => find(name)?
                .ok_or_else(|| failed(&run_as(name), "no such user in /etc/passwd"))?,
            None => match find(DEFAULT_ACCOUNT)? {
                Some(user) => user,
                None => find(LAST_ACCOUNT)?.ok_or_else(|| {
                    PrivilegeError(format!(
                        "cannot drop root privileges: neither user `{DEFAULT_ACCOUNT}` nor `{LAST_ACCOUNT}` exists; \
                         set --run-as"
                    ))
                })?,
            },
        };
        if user.id == 0 || user.group == 0 {
            return Err(failed(&run_as(&user.name), "it must not be root or in group root"));
        }
        let groups = database::groups().map_err(|error| failed("could not read the groups", error))?;
        let group = |name: &str| groups.iter().find(|group| group.name == name);
        let (journal, video) = (group(JOURNAL_GROUP), group(VIDEO_GROUP));
        let is_member_of_journal =
            journal.is_some_and(|group| group.id == user.group || group.members.contains(&user.name));
        Ok(Self {
            groups: [journal, video].into_iter().flatten().map(|group| Gid::from_raw(group.id)).collect(),
            has_journal_group: journal.is_some(),
            is_member_of_journal,
            user,
        })
    }

    /// Without root only the current user is allowed.
    pub(super) fn check_is(name: &str, user: Uid) -> Result<(), PrivilegeError> {
        match find(name)? {
            None => Err(failed(&run_as(name), "no such user in /etc/passwd")),
            Some(found) if found.id == user.as_raw() => Ok(()),
            Some(_) => Err(failed(&run_as(name), "only root can run as another user")),
        }
    }

    /// What will not work for this user. `is_named`: the operator chose the user, so runs without root are
    /// likely.
    pub(crate) fn warning(&self, is_named: bool) -> Option<String> {
        let name = &self.user.name;
        if !self.has_journal_group {
            Some(format!(
                "group `{JOURNAL_GROUP}` does not exist: `{name}` may not be able to read the journal"
            ))
        } else if is_named && !self.is_member_of_journal {
            Some(format!(
                "`{name}` is not in group `{JOURNAL_GROUP}`, which is added for this run only; run \
                 `usermod -aG {JOURNAL_GROUP} {name}` to read logs without root"
            ))
        } else {
            None
        }
    }

    /// The user's name.
    pub(crate) fn name(&self) -> &str {
        &self.user.name
    }

    /// The user's number.
    pub(crate) fn user(&self) -> Uid {
        Uid::from_raw(self.user.id)
    }

    /// The number of its own group.
    pub(crate) fn group(&self) -> Gid {
        Gid::from_raw(self.user.group)
    }

    /// Exactly these, whatever other groups the user is in.
    pub(super) fn groups(&self) -> &[Gid] {
        &self.groups
    }
}

fn run_as(name: &str) -> String {
    format!("`run-as` is `{}`", name.escape_debug())
}

fn find(name: &str) -> Result<Option<User>, PrivilegeError> {
    let users = database::users().map_err(|error| failed("could not read the users", error))?;
    Ok(users.into_iter().find(|user| user.name == name))
}
