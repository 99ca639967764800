//! The archive, and what belongs to all artefacts: their sums and the bill of materials.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use super::Packages;
use crate::{PackageTest, bed::Bed, running::text};

pub const TESTS: &[PackageTest] = &[
    ("package archive: its binary needs no library, and runs from where it was unpacked", archive),
    ("package: every artefact has its sum", sums),
    ("package: the bill of materials names every package that is linked in", bill),
];

fn archive(bed: &Bed, packages: &Packages) {
    let file = packages.latest(".tar.gz");
    bed.sh(&format!("tar xzf {file} -C /opt --no-same-owner"));
    let folder = bed.sh("echo /opt/sek8s-status-*").trim().to_owned();
    let linked = bed.sh(&format!("ldd {folder}/sek8s-status 2>&1 || :"));
    assert!(linked.contains("statically linked") || linked.contains("not a dynamic"), "{linked}");
    // Nor does it open one later, as glibc does to look up a user: started as root it becomes one.
    bed.sh("useradd --system chutes");
    let opened = bed.sh(&format!(
        "strace -f -e trace=openat -o /run/opened {folder}/sek8s-status services >/dev/null; cat /run/opened"
    ));
    assert!(opened.contains("/etc/passwd"), "{opened}");
    assert!(!opened.contains(".so"), "{opened}");
    bed.sh(&format!("{folder}/sek8s-status overview"));
    // All artefacts have the same one.
    bed.sh(&format!(
        "mkdir -p /run/deb /run/image; dpkg-deb --extract {} /run/deb
        tar xf {} -C /run/image; cat /run/image/*.tar | tar xf - -C /run/image sek8s-status
        cmp /run/deb/usr/bin/sek8s-status {folder}/sek8s-status && cmp /run/image/sek8s-status {folder}/sek8s-status",
        packages.latest(".deb"),
        packages.latest("-image.tar")
    ));
    let inside = bed.sh(&format!(
        "cd {folder}; ls -d LICENSE-* README.md docs/*.md man/* completions/* \
        third-party-licences.txt packaging/*/*"
    ));
    assert!(inside.lines().count() > 25, "{inside}");
}

fn sums(bed: &Bed, packages: &Packages) {
    let checked = bed.sh(&format!("cd {}; sha256sum --check --strict SHA256SUMS", packages.dist()));
    let files = bed.sh(&format!("ls {} | grep -v SHA256SUMS", packages.dist()));
    assert_eq!(checked.lines().count(), files.lines().count(), "{checked}{files}");
}

fn bill(_: &Bed, packages: &Packages) {
    let bill: Value =
        serde_json::from_str(&fs::read_to_string(packages.latest(".cdx.json")).unwrap()).unwrap();
    let named: BTreeSet<_> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| {
            assert!(component["licenses"].is_array(), "{component}");
            let word = |name: &str| component[name].as_str().unwrap();
            format!("{} {}", word("name"), word("version"))
        })
        .collect();
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(packages.checkout())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", text(&tree.stderr));
    let tree = text(&tree.stdout);
    // `name v1.2.3`; the first line is ours.
    let linked: BTreeSet<_> = tree
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, version)| format!("{name} {}", version.split(' ').next().unwrap()))
        .collect();
    assert!(linked.len() > 50, "{linked:?}");
    let missing: Vec<_> = linked.difference(&named).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(named.iter().any(|name| name.starts_with("glibc ")), "{named:?}");
}
