//! The RPM package, by Debian's own rpm: its scriptlets run as on any other distribution.

use super::{
    Packages,
    asking::Asking,
    files,
    served::{has_real_answers, is_off, property},
};
use crate::{PackageTest, bed::Bed};

pub const TESTS: &[PackageTest] = &[
    ("package rpm: installing starts nothing, and its socket answers with real data as its user", install),
    (
        "package rpm: an upgrade refuses no connection, keeps what was edited, and goes over to the new version",
        upgrade,
    ),
    ("package rpm: what is removed has stopped, and leaves nothing but what was edited", remove),
    ("package rpm: it has the files of the Debian package, and rpmlint finds no fault", contents),
];

fn install(bed: &Bed, packages: &Packages) {
    rpm(bed, "--install", &packages.latest(".rpm"));
    is_off(bed);
    assert_eq!(bed.sh("stat -c '%U:%G %a' /etc/sek8s-status").trim(), "root:chutes 750");
    assert_eq!(bed.sh("rpm --verify --nodeps sek8s-status"), "");
    // An edited one stays also where the new package brings another one.
    let configuration =
        "rpm --query sek8s-status --queryformat '[%{FILENAMES} %{FILEFLAGS:fflags}\\n]' | grep ^/etc/";
    assert_eq!(bed.sh(configuration), "/etc/sek8s-status/sek8s-status.env cn\n");
    bed.sh("systemctl enable --now sek8s-status.socket");
    assert_eq!(property(bed, "sek8s-status.service", "ActiveState"), "inactive");
    has_real_answers(bed);
}

fn upgrade(bed: &Bed, packages: &Packages) {
    rpm(bed, "--install", &packages.older(".rpm"));
    bed.sh("systemctl enable --now sek8s-status.socket
        echo LOG_LEVEL=debug >>/etc/sek8s-status/sek8s-status.env");
    let asking = Asking::start(bed);
    let process = property(bed, "sek8s-status.service", "MainPID");
    rpm(bed, "--upgrade", &packages.latest(".rpm"));
    let answers = asking.were_all_answered();
    println!("{answers} requests were answered during an upgrade");
    assert_ne!(property(bed, "sek8s-status.service", "MainPID"), process);
    assert_eq!(property(bed, "sek8s-status.socket", "UnitFileState"), "enabled");
    assert_eq!(bed.sh("tail -n 1 /etc/sek8s-status/sek8s-status.env"), "LOG_LEVEL=debug\n");
    assert_eq!(bed.sh("rpm --query sek8s-status --queryformat '%{RELEASE}'"), "1");
}

fn remove(bed: &Bed, packages: &Packages) {
    // Where there is rpm, other packages own these.
    bed.sh("mkdir -p /usr/share/licenses /usr/share/zsh/site-functions");
    let before = files::all(bed);
    let package = packages.latest(".rpm");
    rpm(bed, "--install", &package);
    bed.sh("systemctl enable --now sek8s-status.socket sek8s-status.service");
    rpm(bed, "--erase", "sek8s-status");
    is_off(bed);
    files::are_no_more(bed, &before);

    rpm(bed, "--install", &package);
    is_off(bed);
    bed.sh("echo LOG_LEVEL=debug >>/etc/sek8s-status/sek8s-status.env; systemctl start sek8s-status.socket");
    has_real_answers(bed);
    rpm(bed, "--erase", "sek8s-status");
    is_off(bed);
    bed.sh("! pgrep -x sek8s-status");
    assert_eq!(bed.sh("ls /etc/sek8s-status"), "sek8s-status.env.rpmsave\n");
    // Their group still has its name.
    bed.sh("id chutes; rm -r /etc/sek8s-status");

    rpm(bed, "--install", &package);
    bed.sh("touch /etc/sek8s-status/tokens");
    rpm(bed, "--erase", "sek8s-status");
    assert_eq!(bed.sh("ls /etc/sek8s-status"), "tokens\n");
    bed.sh("id chutes");
}

fn contents(bed: &Bed, packages: &Packages) {
    let (deb, package) = (packages.latest(".deb"), packages.latest(".rpm"));
    bed.sh(&format!(
        "mkdir -p /run/unpacked/deb /run/unpacked/rpm; cd /run/unpacked
        dpkg-deb --extract {deb} deb; rpm2cpio {package} | (cd rpm; cpio --quiet -id)"
    ));
    // Where each distribution has them; all else is the same, to the byte.
    let different = bed.sh("cd /run/unpacked
        mv rpm/usr/share/zsh/site-functions rpm/usr/share/zsh/vendor-completions
        rm -r rpm/usr/share/licenses deb/usr/share/lintian deb/usr/share/doc/sek8s-status/copyright \
            deb/usr/share/doc/sek8s-status/changelog.Debian.gz
        diff --recursive deb rpm || :");
    assert_eq!(different, "");
    let found =
        bed.sh(&format!("rpmlint --config {}/packaging/rpm/rpmlint.toml {package}", packages.checkout()));
    assert!(found.contains("1 packages and 0 specfiles checked; 0 errors, 0 warnings"), "{found}");
    // No distribution but the newest provides users and groups by name, so the package has to provide its own.
    let foreign = bed.sh(&format!(
        "rpm --query --package {package} --requires | sort -u | while read -r name _; do
            case $name in rpmlib*|config*|/bin/sh|systemd) continue ;; esac
            rpm --query --package {package} --provides | cut -d' ' -f1 | grep -qxF \"$name\" || echo \"$name\"
        done"
    ));
    assert_eq!(foreign, "");
    // What is no shell script would leave the package half installed.
    bed.sh(&format!("rpm --query --package {package} --scripts | grep -vE 'scriptlet \\(using' | sh -n"));
}

/// What rpm does with it. Debian's rpm wants to be forced, and knows of no package that could be required.
#[track_caller]
fn rpm(bed: &Bed, action: &str, package: &str) {
    let said = bed.sh(&format!("rpm --force-debian {action} --nodeps {package} 2>&1"));
    assert!(!said.contains("scriptlet failed"), "{said}");
}
