//! The real binary on a real systemd.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends by panicking"
)]
#![expect(clippy::disallowed_methods, reason = "tests run programs")]
#![expect(unreachable_pub, reason = "nothing is outside of a test binary")]
#![expect(clippy::print_stdout, reason = "what a test saw is shown when it fails")]

mod bed;
mod causes;
mod gpus;
mod http;
mod keys;
mod logs;
mod nvidia;
mod packages;
mod privileges;
mod process;
mod recording;
mod running;
mod sandbox;
mod server;
mod systemd;
mod unit;
mod units;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};

use bed::{Bed, Network};
use packages::Packages;

/// A test and its name. These share one machine, which is made well after each.
type Test = (&'static str, fn(&Bed));

/// A test of packages and its name. Each has a machine of its own.
type PackageTest = (&'static str, fn(&Bed, &Packages));

fn main() {
    let arguments = Arguments::from_args();
    let tests: Vec<Test> = [
        units::TESTS,
        causes::TESTS,
        logs::TESTS,
        recording::TESTS,
        gpus::TESTS,
        nvidia::TESTS,
        server::TESTS,
        privileges::TESTS,
        systemd::TESTS,
        sandbox::TESTS,
        keys::TESTS,
    ]
    .concat();
    let is_wanted = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    let listed = || {
        let packages = packages::tests().into_iter().map(|(name, _)| left_out(name, "nothing is run"));
        tests.iter().map(|(name, _)| left_out(name, "nothing is run")).chain(packages).collect::<Vec<_>>()
    };
    if arguments.list || !listed().iter().any(is_wanted) {
        libtest_mimic::run(&arguments, listed()).exit();
    }
    let have_passed = boot_and_run(arguments, &tests);
    std::process::exit(if have_passed { 0 } else { 101 });
}

/// Runs those that share a machine one after the other, and those that have one each two at a time. Whether all
/// have passed.
fn boot_and_run(mut arguments: Arguments, tests: &[Test]) -> bool {
    let is_required = std::env::var_os("SEK8S_TESTBED").is_some_and(|value| value == "required");
    // What cannot be run fails where it has to, and says why; else it is left out, and says why.
    let trial_without = |name: &'static str, reason: &str| {
        if is_required {
            left_out(name, reason)
        } else {
            left_out(name, &format!("left out: {reason}")).with_kind("left out").with_ignored_flag(true)
        }
    };
    let (bed, reason) = match Bed::boot(is_required, Network::Shared, &[]) {
        Ok(bed) => (Some(Arc::new(bed)), String::new()),
        Err(reason) => (None, reason),
    };
    let packages = if bed.is_some() { Packages::find() } else { Err(reason.clone()) };
    if let Err(reason) = &packages {
        println!("left out: {reason}");
    }
    let trial = |&(name, test): &Test| match bed.clone() {
        Some(bed) => Trial::test(name, move || run(&bed, test)),
        None => trial_without(name, &reason),
    };
    arguments.test_threads = Some(1);
    let shared = libtest_mimic::run(&arguments, tests.iter().map(trial).collect());
    if let Some(bed) = bed {
        Arc::into_inner(bed).expect("no test is left").down();
    }
    let trial = |(name, test): PackageTest| match packages.clone() {
        Ok(packages) => Trial::test(name, move || run_alone(&packages, test)),
        Err(reason) => trial_without(name, &reason),
    };
    arguments.test_threads = Some(2);
    let alone = libtest_mimic::run(&arguments, packages::tests().into_iter().map(trial).collect());
    !shared.has_failed() && !alone.has_failed()
}

/// A test that cannot be run: whoever runs it all the same reads why.
fn left_out(name: &str, reason: &str) -> Trial {
    let reason = reason.to_owned();
    Trial::test(name, move || Err(reason.into()))
}

/// Runs one test on a machine that is well, and makes it well again.
fn run(bed: &Bed, test: fn(&Bed)) -> Result<(), Failed> {
    let result = said(|| test(bed));
    bed.heal();
    result
}

/// Runs one test on a new machine.
fn run_alone(packages: &Packages, test: fn(&Bed, &Packages)) -> Result<(), Failed> {
    let bed = Bed::boot(true, Network::Own, &packages.folders())?;
    // The image of a container, as the tests may run in, forbids packages to start and stop services. And an index
    // of all man pages, made anew for each package, would take longer than the rest.
    bed.sh("rm -f /usr/sbin/policy-rc.d /var/lib/man-db/auto-update");
    let result = said(|| test(&bed, packages));
    bed.down();
    result
}

/// What a test that panics has said.
fn said(test: impl FnOnce()) -> Result<(), Failed> {
    catch_unwind(AssertUnwindSafe(test)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default().into()
    })
}
