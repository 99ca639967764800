//! Which files there are, to see what something leaves behind.

use std::collections::BTreeSet;

use crate::bed::Bed;

/// Every path where packages put files, each with its owner and mode, without the folders of package managers and the clock
/// of libuuid, which any program may move; and the users and groups.
#[track_caller]
pub fn all(bed: &Bed) -> BTreeSet<String> {
    let listed = bed.sh("find /bin/ /boot /etc /lib/ /opt /sbin/ /srv /usr /var -xdev \\( -path /var/log -o -path /var/lib/dpkg \
            -o -path /var/lib/rpm -o -path /var/lib/apt -o -path /var/lib/PackageKit -o -path /var/lib/libuuid -o -path /var/cache -o -path /var/tmp \
            -o -path /usr/local \\) -prune -o -printf '%p %U:%G %m\\n'
        ls -d /*
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
