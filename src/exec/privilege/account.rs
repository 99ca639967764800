//! The user that root becomes.

use nix::unistd::{Gid, Uid};

use super::{
    Refusal,
    database::{self, User},
    failed,
};

/// Who root becomes when nobody is named.
pub const DEFAULT_ACCOUNT: &str = "chutes";

/// Who root becomes where there is no [`DEFAULT_ACCOUNT`].
pub const LAST_ACCOUNT: &str = "nobody";

/// May read the system's journal (systemd-journald.service(8)).
pub const JOURNAL_GROUP: &str = "systemd-journal";

/// May open the GPU device nodes, where these are narrowed.
pub const VIDEO_GROUP: &str = "video";

/// A user with its group, and the two groups it gets from us.
#[derive(Debug)]
pub struct Account {
    user: User,
    groups: Vec<Gid>,
    has_journal_group: bool,
    is_member_of_journal: bool,
}

impl Account {
    /// The user that was named, else [`DEFAULT_ACCOUNT`], else [`LAST_ACCOUNT`].
    pub(super) fn to_run_as(name: Option<&str>) -> Result<Self, Refusal> {
        let user = match name {
            Some(name) => find(name)?
                .ok_or_else(|| failed(&run_as(name), "there is no such user on this machine"))?,
            None => match find(DEFAULT_ACCOUNT)? {
                Some(user) => user,
                None => find(LAST_ACCOUNT)?.ok_or_else(|| {
                    Refusal(format!(
                        "started as root, and there is neither a user `{DEFAULT_ACCOUNT}` nor `{LAST_ACCOUNT}` \
                         to become; name one with --run-as"
                    ))
                })?,
            },
        };
        if user.id == 0 || user.group == 0 {
            return Err(failed(&run_as(&user.name), "that is root, or in root's group"));
        }
        let groups = database::groups().map_err(|error| failed("the groups cannot be read", error))?;
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

    /// Whoever is not root cannot become another; naming oneself is all right.
    pub(super) fn check_is(name: &str, user: Uid) -> Result<(), Refusal> {
        match find(name)? {
            None => Err(failed(&run_as(name), "there is no such user on this machine")),
            Some(found) if found.id == user.as_raw() => Ok(()),
            Some(_) => Err(failed(&run_as(name), "only root can become another user")),
        }
    }

    /// What will not work for this user. `is_named`: somebody chose him, so he is meant for more than
    /// this one run.
    #[must_use]
    pub fn warning(&self, is_named: bool) -> Option<String> {
        let name = &self.user.name;
        if !self.has_journal_group {
            Some(format!(
                "there is no group `{JOURNAL_GROUP}` on this machine: `{name}` may not be able to read the journal"
            ))
        } else if is_named && !self.is_member_of_journal {
            Some(format!(
                "`{name}` is not in the group `{JOURNAL_GROUP}`: root lends it for this run, and without root there \
                 would be no logs; usermod -aG {JOURNAL_GROUP} {name}"
            ))
        } else {
            None
        }
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.user.name
    }

    /// The user's number.
    #[must_use]
    pub fn user(&self) -> Uid {
        Uid::from_raw(self.user.id)
    }

    /// The number of its own group.
    #[must_use]
    pub fn group(&self) -> Gid {
        Gid::from_raw(self.user.group)
    }

    /// Exactly these, whatever else the user is a member of.
    pub(super) fn groups(&self) -> &[Gid] {
        &self.groups
    }
}

fn run_as(name: &str) -> String {
    format!("`run-as` is `{}`", name.escape_debug())
}

fn find(name: &str) -> Result<Option<User>, Refusal> {
    let users = database::users().map_err(|error| failed("the users cannot be read", error))?;
    Ok(users.into_iter().find(|user| user.name == name))
}
