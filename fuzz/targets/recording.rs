#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sek8s_status::fuzzing::recording(bytes));
