//! What a package puts beside the program: man pages and completions, from where they are installed.

use super::Packages;
use crate::{PackageTest, bed::Bed};

pub const TESTS: &[PackageTest] = &[
    ("package: the installed man pages open with man", man_pages),
    ("package: bash, zsh and fish complete from the installed places", completions),
];

#[track_caller]
fn install(bed: &Bed, packages: &Packages) {
    bed.sh(&format!("dpkg --install {} </dev/null 2>&1", packages.latest(".deb")));
}

fn man_pages(bed: &Bed, packages: &Packages) {
    install(bed, packages);
    let pages = bed.sh("dpkg -L sek8s-status | sed -n 's,^/usr/share/man/man1/\\(.*\\).1.gz$,\\1,p'");
    assert!(pages.lines().count() >= 9, "{pages}");
    for page in pages.lines() {
        let text = bed.sh(&format!("MANWIDTH=80 man --warnings {page} 2>&1"));
        assert!(text.contains("NAME") && text.contains("SYNOPSIS"), "{page}: {text}");
        assert!(!text.contains("warning:"), "{page}: {text}");
    }
}

fn completions(bed: &Bed, packages: &Packages) {
    install(bed, packages);
    let bash = bed.sh("cat >/run/complete.bash <<'EOF'
source /usr/share/bash-completion/bash_completion
_completion_loader sek8s-status
COMP_WORDS=(sek8s-status logs nvidia-f) COMP_CWORD=2
eval \"$(complete -p sek8s-status | sed 's/.*-F \\([^ ]*\\).*/\\1/') sek8s-status nvidia-f logs\"
printf '%s\\n' \"${COMPREPLY[@]}\"
EOF
        bash --norc /run/complete.bash");
    assert_eq!(bash, "nvidia-fabricmanager\n");

    let fish = bed.sh("HOME=/tmp fish -c \"complete --do-complete 'sek8s-status status nvidia-f'\"");
    assert_eq!(fish.trim(), "nvidia-fabricmanager");

    // zsh completes only at a prompt, so it gets a terminal of its own.
    let zsh = bed.sh("cat >/run/complete.zsh <<'EOF'
zmodload zsh/zpty || exit 1
zpty shell 'TERM=dumb zsh -f'
zpty -w shell \"PS1=; autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; print READY\"
zpty -r shell line '*READY*READY*'
zpty -w -n shell 'sek8s-status logs nvidia-f'$'\\t'
zpty -r -m shell line '*nvidia-fabricmanager*' && print completed
zpty -d shell
EOF
        timeout 60 zsh -f /run/complete.zsh");
    assert!(zsh.contains("completed"), "{zsh}");
}
