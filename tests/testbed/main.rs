//! The real binary on a real systemd.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod bed;
mod gpus;
mod http;
mod keys;
mod logs;
mod privileges;
mod process;
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

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use bed::Bed;

/// A test and its name.
type Test = (&'static str, fn(&Bed));

fn main() {
    let mut arguments = Arguments::from_args();
    // They share one machine.
    arguments.test_threads = Some(1);
    let tests: Vec<Test> = [
        units::TESTS,
        logs::TESTS,
        gpus::TESTS,
        server::TESTS,
        privileges::TESTS,
        systemd::TESTS,
        sandbox::TESTS,
        keys::TESTS,
    ]
    .concat();
    let is_wanted = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    let conclusion = if arguments.list || !trials(&tests, "nothing is run").iter().any(is_wanted) {
        libtest_mimic::run(&arguments, trials(&tests, "nothing is run"))
    } else {
        boot_and_run(&arguments, &tests)
    };
    conclusion.exit();
}

fn boot_and_run(arguments: &Arguments, tests: &[Test]) -> Conclusion {
    let is_required = std::env::var_os("SEK8S_TESTBED").is_some_and(|value| value == "required");
    let bed = match Bed::boot(is_required) {
        Ok(bed) => Arc::new(bed),
        Err(reason) if is_required => return libtest_mimic::run(arguments, trials(tests, &reason)),
        Err(reason) => {
            println!("left out: {reason}");
            let left_out = trials(tests, &format!("left out: {reason}")).into_iter();
            let left_out = left_out.map(|trial| trial.with_kind("left out").with_ignored_flag(true));
            return libtest_mimic::run(arguments, left_out.collect());
        }
    };
    let trial = |&(name, test): &Test| {
        let bed = Arc::clone(&bed);
        Trial::test(name, move || run(&bed, test))
    };
    let conclusion = libtest_mimic::run(arguments, tests.iter().map(trial).collect());
    Arc::into_inner(bed).expect("no test is left").down();
    conclusion
}

/// Tests that cannot be run: whoever runs one all the same reads why.
fn trials(tests: &[Test], reason: &str) -> Vec<Trial> {
    let trial = |&(name, _): &Test| {
        let reason = reason.to_owned();
        Trial::test(name, move || Err(reason.into()))
    };
    tests.iter().map(trial).collect()
}

/// Runs one test on a machine that is well, and makes it well again.
fn run(bed: &Bed, test: fn(&Bed)) -> Result<(), Failed> {
    let result = catch_unwind(AssertUnwindSafe(|| test(bed)));
    bed.heal();
    result.map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default().into()
    })
}
