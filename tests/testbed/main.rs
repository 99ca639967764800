//! The real binary on a real systemd.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod bed;
mod gpus;
mod logs;
mod server;
mod systemd;
mod units;

use std::panic::{AssertUnwindSafe, catch_unwind};

use libtest_mimic::{Arguments, Failed, Trial};

use bed::Bed;

/// A test and its name.
type Test = (&'static str, fn(&Bed));

fn main() {
    let mut arguments = Arguments::from_args();
    // They share one machine.
    arguments.test_threads = Some(1);
    let tests: Vec<Test> = [units::TESTS, logs::TESTS, gpus::TESTS, server::TESTS, systemd::TESTS].concat();
    let bed = if arguments.list { Err("only listed".to_owned()) } else { Bed::boot() };
    let conclusion = match bed {
        Ok(bed) => {
            let bed: &'static Bed = Box::leak(Box::new(bed));
            let trials =
                tests.into_iter().map(|(name, test)| Trial::test(name, move || run(bed, test))).collect();
            let conclusion = libtest_mimic::run(&arguments, trials);
            bed.down();
            conclusion
        }
        Err(reason) => {
            assert!(
                std::env::var_os("SEK8S_TESTBED").is_none() || arguments.list,
                "the testbed is required and cannot run: {reason}"
            );
            println!("left out, every test here: {reason}");
            let left_out =
                |name: &str| Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind("left out");
            libtest_mimic::run(&arguments, tests.iter().map(|(name, _)| left_out(name)).collect())
        }
    };
    conclusion.exit();
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
