#!/usr/bin/env bash
# Compiles a crate as cargo asks, with the coverage counters of libFuzzer if a target runs it.
# run.sh sets it as RUSTC_WRAPPER.
set -euo pipefail
shopt -s extglob

counters=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0
)
case " $* " in
    # Programs that run during the build have no `--target`.
    *" --crate-name ___ "* | *" -vV "*) counters=() ;;
    # Arithmetic and databases, whose branches do not depend on the form of an input.
    *" --crate-name "@(arbitrary|aws_lc_*|digest|hmac|libfuzzer_sys|num_*|sha1|sha2|sqlx*|tokio*)" "*) counters=() ;;
    *" --target "*) ;;
    *) counters=() ;;
esac
exec "$@" "${counters[@]}"
