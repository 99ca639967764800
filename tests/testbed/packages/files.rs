//! Which files there are, to see what something leaves behind.

use std::collections::BTreeSet;

use crate::bed::Bed;

/// Every path of the machine but those of the kernel, of programs that run, of package managers and of the log, each with its owner and mode; and the users and groups.
#[track_caller]
pub fn all(bed: &Bed) -> BTreeSet<String> {
    let listed = bed.sh("find / -xdev \\( -path /proc -o -path /run -o -path /var/log -o -path /var/lib/dpkg \
            -o -path /var/lib/rpm -o -path /var/lib/apt -o -path /var/lib/PackageKit -o -path /var/cache -o -path /tmp -o -path /var/tmp -o -path /root \\) -prune \
            -o -printf '%p %U:%G %m\\n'
        getent passwd; getent group");
    listed.lines().map(str::to_owned).collect()
}

/// Nothing is there now that was not there then.
#[track_caller]
pub fn are_no_more(bed: &Bed, before: &BTreeSet<String>) {
    let now = all(bed);
    let left: Vec<_> = now.difference(before).collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
    let gone: Vec<_> = before.difference(&now).collect();
    assert!(gone.is_empty(), "gone with it: {gone:#?}");
}
