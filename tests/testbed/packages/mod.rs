//! What `packaging/release` has built, installed as the README says, on a machine of its own for each test.

mod ansible;
mod archive;
mod asking;
mod container;
mod deb;
mod files;
mod readme;
mod rpm;
mod served;
mod shells;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::PackageTest;

/// All of them.
pub fn tests() -> Vec<PackageTest> {
    // The longest first, so that none of them is left to run alone.
    [ansible::TESTS, deb::TESTS, rpm::TESTS, readme::TESTS, container::TESTS, shells::TESTS, archive::TESTS]
        .concat()
}

/// Where the artefacts are.
#[derive(Clone)]
pub struct Packages {
    dist: PathBuf,
    older: PathBuf,
    ansible: PathBuf,
    checkout: PathBuf,
}

impl Packages {
    /// Looks for them beside what cargo builds; says how to get them, where there are none.
    pub fn find() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_BIN_EXE_sek8s-status")).parent().unwrap().parent().unwrap();
        let folder = |name: &str, command: &str| {
            let missing = format!("there is no {}/{name}: {command}", target.display());
            fs::canonicalize(target.join(name)).map_err(|_| missing)
        };
        Ok(Self {
            dist: folder("dist", "packaging/release")?,
            older: folder(
                "dist-older",
                "packaging/release --to target/dist-older --revision 0.9 deb rpm, after packaging/release",
            )?,
            ansible: folder(
                "ansible",
                "python3 -m venv target/ansible && target/ansible/bin/pip install ansible-core ansible-lint",
            )?,
            checkout: fs::canonicalize(env!("CARGO_MANIFEST_DIR")).unwrap(),
        })
    }

    /// What has to be seen inside a machine.
    pub fn folders(&self) -> [&Path; 4] {
        [&self.dist, &self.older, &self.ansible, &self.checkout]
    }

    /// Where all of them are.
    pub fn dist(&self) -> &str {
        self.dist.to_str().unwrap()
    }

    /// The sources that they were built from.
    pub fn checkout(&self) -> &str {
        self.checkout.to_str().unwrap()
    }

    /// A program of Ansible's.
    pub fn ansible(&self, program: &str) -> String {
        self.ansible.join("bin").join(program).to_str().unwrap().to_owned()
    }

    /// The artefact whose name ends so.
    #[track_caller]
    pub fn latest(&self, end: &str) -> String {
        only(&self.dist, end)
    }

    /// The package before it.
    #[track_caller]
    pub fn older(&self, end: &str) -> String {
        only(&self.older, end)
    }
}

#[track_caller]
fn only(folder: &Path, end: &str) -> String {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = names.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
    let path = found.pop().unwrap_or_else(|| panic!("no {end} in {}", folder.display()));
    assert!(found.is_empty(), "several {end} in {}: remove the folder", folder.display());
    path.to_str().unwrap().to_owned()
}
