//! To come.

use crate::PackageTest;

pub const TESTS: &[PackageTest] = &[];
