//! The user that root becomes.

use nix::unistd::{Gid, Group, Uid, User};

use super::{Refusal, failed};

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
        if user.uid.is_root() || user.gid.as_raw() == 0 {
            return Err(failed(&run_as(&user.name), "that is root, or in root's group"));
        }
        let group =
            |name: &str| Group::from_name(name).map_err(|error| failed("the groups cannot be read", error));
        let (journal, video) = (group(JOURNAL_GROUP)?, group(VIDEO_GROUP)?);
        let is_member_of_journal =
            journal.as_ref().is_some_and(|group| group.gid == user.gid || group.mem.contains(&user.name));
        Ok(Self {
            groups: [&journal, &video].into_iter().flatten().map(|group| group.gid).collect(),
            has_journal_group: journal.is_some(),
            is_member_of_journal,
            user,
        })
    }

    /// Whoever is not root cannot become another; naming oneself is all right.
    pub(super) fn check_is(name: &str, user: Uid) -> Result<(), Refusal> {
        match find(name)? {
            None => Err(failed(&run_as(name), "there is no such user on this machine")),
            Some(found) if found.uid == user => Ok(()),
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
        self.user.uid
    }

    /// The number of its own group.
    #[must_use]
    pub fn group(&self) -> Gid {
        self.user.gid
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
    User::from_name(name).map_err(|error| failed("the users cannot be read", error))
}
