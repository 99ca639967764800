//! The machine's users and groups, from its files: passwd(5), group(5).
//!
//! Not with getpwnam(3): it loads every module of nsswitch.conf(5) into a process that is still root, and
//! these may use the network. It also needs a third more memory, and a statically linked binary would read
//! only the files anyway. So only local users count, as `chutes` is one.

use std::{fs, io};

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// A line of passwd(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub name: String,
    pub id: u32,
    pub group: u32,
}

/// A line of group(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub id: u32,
    pub members: Vec<String>,
}

/// All of one kind, as they are now.
/// Fails when the file cannot be read.
pub(super) fn users() -> io::Result<Vec<User>> {
    Ok(read(USERS)?.lines().filter_map(user).collect())
}

/// All of one kind, as they are now.
/// Fails when the file cannot be read.
pub(super) fn groups() -> io::Result<Vec<Group>> {
    Ok(read(GROUPS)?.lines().filter_map(group).collect())
}

fn read(path: &str) -> io::Result<String> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{path}: {error}"));
    Ok(String::from_utf8_lossy(&fs::read(path).map_err(named)?).into_owned())
}

/// `name:password:uid:gid:comment:home:shell`
fn user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| is_name(name))?.to_owned();
    let id = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(User { name, id, group })
}

/// `name:password:gid:member,member`
fn group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| is_name(name))?.to_owned();
    let id = fields.nth(1)?.parse().ok()?;
    let members = fields.next().unwrap_or_default().split(',').filter(|name| !name.is_empty());
    Some(Group { name, id, members: members.map(str::to_owned).collect() })
}

/// Neither a comment nor a line for NIS (nsswitch.conf(5), compat).
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '+', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_lines_are_parsed_and_others_ignored() {
        let chutes = User { name: "chutes".to_owned(), id: 998, group: 997 };
        assert_eq!(user("chutes:x:998:997:The miner:/var/lib/chutes:/usr/sbin/nologin"), Some(chutes));
        for none in [
            "",
            "+::::::",
            "# chutes:x:1:1",
            ":x:0:0::/:/bin/sh",
            "a:x:-1:1::/:",
            "a:x:1",
            "a:x:4294967296:1",
        ] {
            assert_eq!(user(none), None, "{none}");
        }
        let members = vec!["chutes".to_owned(), "admin".to_owned()];
        let journal = Group { name: "systemd-journal".to_owned(), id: 101, members };
        assert_eq!(group("systemd-journal:x:101:chutes,admin"), Some(journal));
        assert_eq!(group("video:x:44:").map(|group| group.members), Some(Vec::new()));
        assert_eq!(group("+:::"), None);
    }
}
