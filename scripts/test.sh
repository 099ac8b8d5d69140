#!/bin/sh
# Everything that is tested. Called by `make test`, which has set up target/python before.
set -eu
cd "$(dirname "$0")/.."
TOLLGATE_TEST_PYTHON="$PWD/target/python/bin/python"
export TOLLGATE_TEST_PYTHON

echo "==> Looking for the web servers that the gateway is tested in front of"
TOLLGATE_TEST_ORIGINS=$(scripts/debian-packages.sh)
export TOLLGATE_TEST_ORIGINS

echo "==> Looking for PostgreSQL, which the stores are tested on"
scripts/postgres.sh

# All at once, so that no dependency is built twice, with the features of one part and of another.
echo "==> Building the tests, and what they run"
cargo build --workspace --bins --tests --locked
echo "==> Running the tests"
if command -v cargo-nextest >/dev/null; then
    cargo nextest run --workspace --locked --no-fail-fast
else
    cargo test --workspace --locked --no-fail-fast
fi

echo "==> Checking the generated files"
target/debug/xtask codegen --check

echo "==> Running the demonstration against the binary under test"
target/python/bin/python scripts/demo.py --binary target/debug/tollgate --once

echo "==> Running the bench for a moment, so that it works when it is needed"
target/python/bin/python -m benches.runner --smoke --binary target/debug/tollgate --generator target/debug/tollgate-bench
