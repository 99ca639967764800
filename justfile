# The commands of CONTRIBUTING.md. `just` lists them.

_list:
    @just --list --unsorted

# Try it: an overview of recorded data
demo:
    cargo run --release -- overview --demo

# Run all tests that this machine can run
test *ARGUMENTS:
    cargo test {{ARGUMENTS}}

# Check format, lints, docs, shell and dependencies: what a commit must pass
check:
    .ci/check fast

# Render man/ and completions/ after a change of the command line
render:
    UPDATE_EXAMPLES=1 cargo test --test suite rendered

# Renew the expected documents and the examples in the docs; read the diff
renew:
    INSTA_UPDATE=always cargo test --test suite
    UPDATE_EXAMPLES=1 cargo test --test suite readme

# Run the tests against a fixed sample of mutations of the code
mutants:
    .ci/mutants

# Run every fuzz target for so many seconds
fuzz SECONDS="10":
    fuzz/run {{SECONDS}}

# Print every promised figure beside its bound
figures:
    packaging/build --bin sek8s-status --bench bare --bench signature
    benches/figures

# Build a release into target/dist, and again elsewhere to compare
release:
    packaging/release
    packaging/reproduce

# Boot the seven units on a real systemd, for manual tests (needs root)
testbed:
    tests/testbed/testbed.sh up
