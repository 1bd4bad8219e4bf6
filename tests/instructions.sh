#!/usr/bin/env bash
# Counts the instructions of each operation in tests/instructions.txt, and fails if one takes more
# than its budget, or less than half of it. Needs valgrind.
#
# Instructions are the same in each run, unlike times. valgrind's processor has no instructions for
# SHA-256, so that part is slower than on most servers.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || {
    echo 'instructions.sh: valgrind is not installed' >&2
    exit 1
}
built="$(cargo bench -p postback-core --bench instructions --no-run --locked 2>&1)" || {
    echo "$built" >&2
    exit 1
}
binary="$(sed -n 's/^ *Executable .*(\(.*\))$/\1/p' <<<"$built")"

# count OPERATION REPETITIONS: the instructions of the whole process
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        awk '$2 == "Collected" { print $4 }'
}
# per_operation OPERATION: without start and set-up, which both runs have
per_operation() {
    local few many
    few="$(count "$1" 10)"
    many="$(count "$1" 30)"
    echo $(((many - few) / 20))
}

status=0
while read -r operation budget without; do
    counted="$(per_operation "$operation")"
    [ -z "$without" ] || counted=$((counted - $(per_operation "$without")))
    printf '%-36s %8d of %8d%s\n' "$operation" "$counted" "$budget" "${without:+, without $without}"
    # A count far below its budget is an operation that does not do its work.
    if [ "$counted" -gt "$budget" ] || [ "$counted" -lt $((budget / 2)) ]; then
        echo "instructions.sh: $operation is not within its budget" >&2
        status=1
    fi
done < <(grep -v '^#' tests/instructions.txt)
exit "$status"
