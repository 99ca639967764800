//! The Debian package.

use super::{
    Packages,
    asking::Asking,
    files,
    served::{self, has_real_answers, is_off, property},
};
use crate::{
    PackageTest,
    bed::Bed,
    unit::{self, SERVICE},
};

pub const TESTS: &[PackageTest] = &[
    ("package deb: installing starts nothing, and its socket answers with real data as its user", install),
    (
        "package deb: an upgrade refuses no connection, keeps what was edited, and goes over to the new version",
        upgrade,
    ),
    (
        "package deb: what is removed has stopped, what is purged leaves nothing, and it installs again",
        remove,
    ),
    (
        "package deb: a user that was there before stays, and so does one that still runs something",
        other_user,
    ),
    ("package deb: what is done to another root is not done to this machine", another_root),
    ("package deb: purging leaves alone what is mounted among the settings", mounted),
    ("package deb: without /proc its folder is no more open than with it", without_proc),
    ("package deb: where packages may start nothing, it is installed all the same", policy),
    ("package deb: every file is as it was packaged, and lintian finds no fault", as_packaged),
];

const ENVIRONMENT: &str = "/etc/sek8s-status/sek8s-status.env";

fn install(bed: &Bed, packages: &Packages) {
    dpkg(bed, "--install", &packages.latest(".deb"));
    is_off(bed);
    assert_eq!(bed.sh("id -nG chutes").trim(), "chutes video systemd-journal");
    assert_eq!(bed.sh("stat -c '%U:%G %a' /etc/sek8s-status").trim(), "root:chutes 750");
    bed.sh("systemctl enable --now sek8s-status.socket");
    // Not before somebody asks.
    assert_eq!(property(bed, "sek8s-status.service", "ActiveState"), "inactive");
    has_real_answers(bed);
}

fn upgrade(bed: &Bed, packages: &Packages) {
    // One whose environment file was another then, or any edit would stay.
    bed.sh(&format!(
        "dpkg-deb --raw-extract {} /run/older
        echo '# a comment of before' >>/run/older{ENVIRONMENT}
        (cd /run/older; md5sum $(find usr etc -type f) >DEBIAN/md5sums)
        dpkg-deb --build --root-owner-group /run/older /run/older.deb",
        packages.older(".deb")
    ));
    dpkg(bed, "--install", "/run/older.deb");
    bed.sh("systemctl enable --now sek8s-status.socket
        echo MASKED_OK=nvidia-fabricmanager >>/etc/sek8s-status/sek8s-status.env
        systemctl mask --now nvidia-fabricmanager");
    let asking = Asking::start(bed);
    let process = property(bed, "sek8s-status.service", "MainPID");
    // As apt does it where nobody is there to be asked which of the two it shall be.
    dpkg(bed, "--force-confold --install", &packages.latest(".deb"));
    let answers = asking.were_all_answered();
    println!("{answers} requests were answered during an upgrade");
    assert_ne!(property(bed, "sek8s-status.service", "MainPID"), process);
    assert_eq!(property(bed, "sek8s-status.socket", "UnitFileState"), "enabled");
    assert_eq!(bed.sh(&format!("tail -n 1 {ENVIRONMENT}")), "MASKED_OK=nvidia-fabricmanager\n");
    bed.sh(&format!("[ -e {ENVIRONMENT}.dpkg-dist ]"));
    let overview = served::document(bed, "/overview");
    assert_eq!(overview["warnings"][0]["code"], "masked_ok", "{overview}");

    // One that listens by itself goes over as well.
    bed.sh("systemctl mask --now sek8s-status.socket; systemctl stop sek8s-status.service
        install -D -m 644 /usr/share/doc/sek8s-status/examples/listen.conf \
            /etc/systemd/system/sek8s-status.service.d/listen.conf
        systemctl daemon-reload; systemctl start sek8s-status.service");
    let process = property(bed, "sek8s-status.service", "MainPID");
    dpkg(bed, "--install", &packages.latest(".deb"));
    assert_ne!(property(bed, "sek8s-status.service", "MainPID"), process);
    assert_eq!(served::curl(bed, "", "/health").0, 200);
    bed.sh("rm -r /etc/systemd/system/sek8s-status.service.d; systemctl unmask sek8s-status.socket");

    // One that does not run is not started.
    bed.sh("systemctl stop sek8s-status.socket sek8s-status.service");
    dpkg(bed, "--install", &packages.latest(".deb"));
    assert_eq!(property(bed, "sek8s-status.service", "ActiveState"), "inactive");
    assert_eq!(property(bed, "sek8s-status.socket", "ActiveState"), "inactive");
}

fn remove(bed: &Bed, packages: &Packages) {
    let before = files::all(bed);
    let package = packages.latest(".deb");
    dpkg(bed, "--install", &package);
    // All that the documentation tells to make.
    bed.sh("systemctl enable --now sek8s-status.socket sek8s-status.service
        cd /usr/share/doc/sek8s-status/examples
        install -D -m 644 listen.conf /etc/systemd/system/sek8s-status.service.d/listen.conf
        echo '[Socket]' | install -D -m 644 /dev/stdin /etc/systemd/system/sek8s-status.socket.d/override.conf
        install -g chutes -m 640 /dev/stdin /etc/sek8s-status/tokens </dev/null
        systemctl daemon-reload; systemctl restart sek8s-status.service");
    assert_eq!(served::curl(bed, "", "/health").0, 200);
    // Whoever asks in that moment must not have it started again, without its program.
    let asking = Asking::start(bed);
    dpkg(bed, "--remove", "sek8s-status");
    drop(asking);
    is_off(bed);
    bed.sh("! pgrep -x sek8s-status");
    let log = bed.sh("journalctl --unit sek8s-status.service --output cat");
    assert!(!log.contains("203/EXEC"), "{log}");
    bed.sh("[ -e /etc/sek8s-status/sek8s-status.env ] && [ -e /etc/sek8s-status/tokens ]");

    // Removed and installed again, everything is as it was.
    dpkg(bed, "--install", &package);
    assert_eq!(property(bed, "sek8s-status.socket", "UnitFileState"), "enabled");
    bed.sh("rm -r /etc/systemd/system/sek8s-status.service.d; systemctl daemon-reload
        systemctl start sek8s-status.socket");
    has_real_answers(bed);

    bed.sh("systemctl stop sek8s-status.socket sek8s-status.service; systemctl mask sek8s-status.socket");
    dpkg(bed, "--purge", "sek8s-status");
    files::are_no_more(bed, &before);
    let log = bed.sh("journalctl -u sek8s-status.service -o cat");
    assert!(log.contains("listening"), "the log stays: {log}");

    dpkg(bed, "--install", &package);
    is_off(bed);
    bed.sh("systemctl enable --now sek8s-status.socket");
    has_real_answers(bed);
    // While it runs, too.
    dpkg(bed, "--purge", "sek8s-status");
    files::are_no_more(bed, &before);
}

fn another_root(bed: &Bed, packages: &Packages) {
    dpkg(bed, "--install", &packages.latest(".deb"));
    bed.sh("systemctl enable --now sek8s-status.socket sek8s-status.service; touch /etc/sek8s-status/tokens");
    let process = property(bed, "sek8s-status.service", "MainPID");
    bed.sh("mkdir -p /run/other/etc /run/other/var/lib/dpkg/info /run/other/var/lib/dpkg/updates
        touch /run/other/var/lib/dpkg/status; cp /etc/passwd /etc/group /run/other/etc/
        sed -i /^chutes:/d /run/other/etc/passwd /run/other/etc/group");
    let package = packages.latest(".deb");
    let other = "dpkg --root=/run/other --force-script-chrootless --force-depends";
    for action in
        [format!("--install {package}"), format!("--install {package}"), "--remove sek8s-status".to_owned()]
    {
        bed.sh(&format!("{other} {action} </dev/null 2>&1"));
        assert_eq!(property(bed, "sek8s-status.service", "MainPID"), process, "{action}");
    }
    bed.sh("grep -q ^chutes: /run/other/etc/passwd && [ -e /run/other/etc/sek8s-status/sek8s-status.env ]");
    bed.sh(&format!("{other} --purge sek8s-status </dev/null 2>&1"));
    bed.sh("[ ! -e /run/other/etc/sek8s-status ] && ! grep ^chutes: /run/other/etc/passwd");
    bed.sh("[ -e /etc/sek8s-status/tokens ] && id chutes");
    has_real_answers(bed);
}

fn mounted(bed: &Bed, packages: &Packages) {
    dpkg(bed, "--install", &packages.latest(".deb"));
    bed.sh("mkdir -p /srv/secrets /etc/sek8s-status/keys; touch /srv/secrets/key
        mount -t tmpfs none /etc/sek8s-status/keys; touch /etc/sek8s-status/keys/key");
    dpkg(bed, "--purge", "sek8s-status");
    bed.sh("[ -e /etc/sek8s-status/keys/key ] && ! id chutes && ! dpkg --status sek8s-status");
}

fn without_proc(bed: &Bed, packages: &Packages) {
    bed.sh("mkdir -p /run/chroot; mount --bind / /run/chroot");
    bed.sh(&format!(
        "mount --bind {0} /run/chroot/mnt; chroot /run/chroot dpkg --install /mnt/$(basename {1}) </dev/null 2>&1",
        packages.dist(),
        packages.latest(".deb")
    ));
    let folder = bed.sh("stat -c '%U:%G %a' /etc/sek8s-status");
    assert!(["root:root 700\n", "root:chutes 750\n"].contains(&folder.as_str()), "{folder}");
    assert_eq!(bed.sh("dpkg-query --show --showformat '${Status}' sek8s-status"), "install ok installed");
}

fn other_user(bed: &Bed, packages: &Packages) {
    let package = packages.latest(".deb");
    bed.sh("useradd --system --comment 'The miner' chutes");
    let before = files::all(bed);
    dpkg(bed, "--install", &package);
    bed.sh("systemctl enable --now sek8s-status.socket");
    has_real_answers(bed);
    // It joins the two groups, and stays in them: who put it there before cannot be told.
    bed.sh("systemctl stop sek8s-status.socket sek8s-status.service");
    dpkg(bed, "--purge", "sek8s-status");
    bed.sh("gpasswd --delete chutes video; gpasswd --delete chutes systemd-journal");
    files::are_no_more(bed, &before);

    bed.sh("userdel chutes");
    dpkg(bed, "--install", &package);
    let other = bed.start_instead(&["setpriv", "--reuid", "chutes", "--clear-groups", "sleep", "infinity"]);
    bed.wait_until("pgrep -u chutes -x sleep");
    dpkg(bed, "--purge", "sek8s-status");
    bed.sh("id chutes && [ ! -e /etc/sek8s-status ]");
    drop(other);
}

fn policy(bed: &Bed, packages: &Packages) {
    // As in the build of an image.
    bed.sh("printf '#!/bin/sh\\nexit 101\\n' | install -m 755 /dev/stdin /usr/sbin/policy-rc.d");
    dpkg(bed, "--install", &packages.older(".deb"));
    bed.sh("systemctl start sek8s-status.socket sek8s-status.service");
    let process = property(bed, "sek8s-status.service", "MainPID");
    dpkg(bed, "--install", &packages.latest(".deb"));
    assert_eq!(property(bed, "sek8s-status.service", "MainPID"), process);
}

fn as_packaged(bed: &Bed, packages: &Packages) {
    let package = packages.latest(".deb");
    dpkg(bed, "--install", &package);
    assert_eq!(bed.sh("dpkg --verify sek8s-status"), "");
    for (text, path) in unit::FILES {
        let installed = bed.sh(&format!("cat {path}"));
        assert!(installed == **text, "{path} is stale: run packaging/release");
    }
    assert!(SERVICE.contains(unit::BINARY));
    // Nothing that anybody but root could change, nothing with special rights.
    let odd = bed.sh("dpkg -L sek8s-status | xargs -d '\\n' stat -c '%U:%G %a %n' |
        grep -vE '^root:root (644|755) /|^root:chutes 750 /etc/sek8s-status$' || :");
    assert_eq!(odd, "");
    let found = bed.sh(&format!("lintian --fail-on none --tag-display-limit 0 {package} 2>&1"));
    assert_eq!(found.replace("running with root privileges is not recommended!\n", ""), "", "{package}");
}

/// What dpkg does with it, without asking.
#[track_caller]
fn dpkg(bed: &Bed, action: &str, package: &str) {
    bed.sh(&format!("DEBIAN_FRONTEND=noninteractive dpkg {action} {package} </dev/null 2>&1"));
}
