//! What the README and docs/operating.md say about installing, done line by line.

use super::{
    Packages,
    served::{has_real_answers, is_off},
};
use crate::{PackageTest, bed::Bed};

pub const TESTS: &[PackageTest] = &[
    ("package: what the README says of Debian", debian),
    ("package: what docs/operating.md says of RPM", rpm),
    ("package: what docs/operating.md says of Ansible", by_ansible),
    ("package: what the README says of the archive", archive),
];

/// The block of their sections on installing that has this word, run with the artefacts around it; what it prints.
#[track_caller]
fn run(bed: &Bed, packages: &Packages, word: &str) -> String {
    let pages = concat!(include_str!("../../../README.md"), include_str!("../../../docs/operating.md"));
    let sections = pages.split("\n## Install\n").skip(1).map(|rest| rest.split("\n## ").next().unwrap());
    let sections: String = sections.collect();
    let blocks = sections.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains(word)).unwrap();
    bed.sh(&format!(
        "set -e; mkdir /run/release; cd /run/release; cp {}/sek8s-status* .; ln -s {}/packaging .
        {block}",
        packages.dist(),
        packages.checkout()
    ))
}

fn debian(bed: &Bed, packages: &Packages) {
    let printed = run(bed, packages, "apt install");
    assert!(printed.contains("{\"status\":\"ok\""), "{printed}");
    has_real_answers(bed);
    bed.sh("apt-get --yes remove sek8s-status");
    is_off(bed);
    bed.sh("[ -e /etc/sek8s-status/sek8s-status.env ]; apt-get --yes purge sek8s-status");
    bed.sh("[ ! -e /etc/sek8s-status ] && ! id chutes");
}

fn rpm(bed: &Bed, packages: &Packages) {
    // Debian's rpm wants to be forced, and knows of no package that could be required.
    bed.sh("printf '#!/bin/sh\\nexec /usr/bin/rpm --force-debian --nodeps \"$@\"\\n' |
        install -m 755 /dev/stdin /usr/local/bin/rpm");
    let printed = run(bed, packages, "rpm --install");
    assert!(printed.contains("{\"status\":\"ok\""), "{printed}");
    has_real_answers(bed);
}

fn by_ansible(bed: &Bed, packages: &Packages) {
    // Not over ssh, and with the machine's own Python.
    bed.sh(&format!(
        "cat >/usr/local/bin/ansible-playbook <<'EOF'\n#!/bin/sh\n\
            ANSIBLE_TRANSPORT=local exec {} -e ansible_python_interpreter=/usr/bin/python3 \"$@\"\nEOF
        chmod 755 /usr/local/bin/ansible-playbook",
        packages.ansible("ansible-playbook")
    ));
    run(bed, packages, "ansible-playbook");
    has_real_answers(bed);
}

fn archive(bed: &Bed, packages: &Packages) {
    let printed = run(bed, packages, "tar xzf");
    assert!(printed.starts_with("OK at "), "{printed}");
}
