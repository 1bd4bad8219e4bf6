#!/usr/bin/env bash
# Changes the source of packages in one place at a time (mutation testing), and names the changes
# that no test detects. `tests/mutants.sh SEED COUNT PACKAGE...` tries a random sample of COUNT
# changes, which is the same for the same seed, source and version of cargo-mutants. Needs
# cargo-mutants, and the servers that tests/services.sh starts.
#
# The unit tests run first, because they fail within seconds. The changes that they do not detect
# are tried with the package's other tests, and then with those of postback-conformance. The last
# lines that are printed are the changes that no test detected. target/mutants/unviable.txt has
# those that do not compile, and target/mutants/mutants.out/log has what the last tests printed.
set -euo pipefail
cd "$(dirname "$0")/.."

seed="${1:?the seed of the sample}"
count="${2:?the number of changes}"
: "${3:?the packages}"
: "${POSTBACK_POSTGRES:?run this with tests/services.sh}"
shift 2
packages=("${@/#/--package=}")
results=target/mutants
rm -rf "$results"
mkdir -p "$results"

# Bytes that depend on the seed alone. `shuf` reads no more of them than it needs.
random_bytes() {
    openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -iter 1 </dev/zero 2>/dev/null || true
}
{
    # Only the fuzz targets use the module `fuzzing`. They and tests use differential.rs.
    echo 'exclude_re = ["fuzzing::"]'
    echo 'exclude_globs = ["**/differential.rs"]'
} >"$results/sample.toml"
cargo mutants --config "$results/sample.toml" --list "${packages[@]}" | LC_ALL=C sort --unique |
    shuf --random-source=<(random_bytes) --head-count="$count" >"$results/sample.txt"
{
    echo 'examine_re = ['
    sed 's/[][\.*^$()+?{}|&~#-]/\\&/g; s/.*/'"'''^&\$''',/" "$results/sample.txt"
    echo ']'
} >>"$results/sample.toml"

# With a test that fails without a change, each change would count as detected.
pass() { cargo test --locked --all-features "${packages[@]}" --package=postback-conformance; }
pass

# attempt OPTION…: tries what was not detected before with the tests that the options choose
attempt() {
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=1 cargo mutants --config "$results/sample.toml" \
        "${packages[@]}" --all-features --iterate --baseline skip --timeout 300 --output "$results" "$@" ||
        [[ $? = [23] ]] # some were not detected, or did not end
    cat "$results/mutants.out/unviable.txt" >>"$results/unviable.txt"
    # The next attempt skips what was caught. A change whose tests do not end is detected, too.
    cat "$results/mutants.out/timeout.txt" >>"$results/mutants.out/caught.txt"
}
attempt --cargo-arg=--lib
attempt
attempt --test-package postback-conformance
# With a server that a change left stopped, the changes after it would have counted, too.
pass
echo "No test detected, of $(wc -l <"$results/sample.txt") changes:"
cat "$results/mutants.out/missed.txt"
