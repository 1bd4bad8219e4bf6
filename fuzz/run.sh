#!/usr/bin/env bash
# Builds the fuzz targets, and runs them two at a time. `fuzz/run.sh SECONDS` runs each for this
# time, and `fuzz/run.sh SECONDS TARGET...` runs these. The environment variable SEED is the first
# random number; it differs from run to run unless it is set.
#
# Prints the number of executions and the coverage of each target. Fails if a target finds an input
# that breaks an invariant, takes too long or uses too much memory: `artifacts` contains the input.
# Inputs that reach new code are kept in `corpus`, where the next run continues.
#
# Stable Rust is enough, because no sanitizer is used: the product has no unsafe code.
set -euo pipefail
cd "$(dirname "$0")"

seconds="${1:?the time for each target, in seconds}"
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz_targets/*.rs; do
        targets+=("$(basename "$file" .rs)")
    done
fi

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
host="$(rustc -vV | sed -n 's/^host: //p')"
RUSTFLAGS="--cfg fuzzing ${RUSTFLAGS:-}" RUSTC_WRAPPER="$PWD/rustc.sh" \
    cargo build --release --locked --target "$host" "${targets[@]/#/--bin=}"

# Longest input of a target, in bytes: those whose inputs are structures need few.
longest() {
    case "$1" in
        amount | delivery | store_*) echo 512 ;;
        callback_url | key_der | pem | signature_header | stored_digests | token) echo 3000 ;;
        *) echo 8192 ;;
    esac
}

run() {
    local target="$1" log="$CARGO_TARGET_DIR/$1.log" result=0
    mkdir -p "corpus/$target" "artifacts/$target"
    "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$seconds" -timeout=20 -seed="${SEED:-0}" \
        -max_len="$(longest "$target")" -dict=words.dict -print_final_stats=1 \
        -artifact_prefix="artifacts/$target/" "corpus/$target" >"$log" 2>&1 || result=$?
    local executions coverage
    executions="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    coverage="$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1 || true)"
    echo "$target: ${executions:-0} executions, ${coverage:-no coverage}"
    if [ "$result" -ne 0 ]; then
        grep -a -A 3 -E 'panicked at|ERROR: libFuzzer|Test unit written' "$log" || tail -n 20 "$log"
        return 1
    fi
}

failed=0
running=0
for target in "${targets[@]}"; do
    if [ "$running" -eq 2 ]; then
        wait -n || failed=1
        running=1
    fi
    run "$target" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done
exit "$failed"
