#!/bin/bash
# SIGKILL at random moments of a program whose threads acquire, resize and release each other's
# blocks, mappings and zlib streams, and which keeps a truth that outlives it: kill_judge.c says
# what its trace must hold.  KILLS and SECONDS_EACH make it longer (make check-faults).
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

judge=$LR_BUILD/test/fault/kill_judge target=$LR_ORACLE/kill_target

# judged LABEL LEAST THREADS KEYS: kills until KILLS, for SECONDS_EACH at most, LEAST at least.
judged() {
    local name value
    declare -A figure
    "$judge" "$LR_LIB" "$target" "${KILLS:-60}" "${SECONDS_EACH:-12}" "$3" "$4" >judged 2>&1
    while IFS=$'\t' read -r name value; do
        case $name in [a-z]*) figure[$name]=$value ;; esac
    done <judged
    tap_diag "$1: $(tr '\t\n' '= ' <judged | cut -c1-300)"
    tap_is "${figure[wrong]:-none} $(grep -m1 '^#' judged)" "0 " \
        "$1: whole, nothing wrong, nothing lost$(grep -m1 '^#' judged | tr '#' ':')"
    tap_ok $((${figure[loaded]:-0} < $2)) "$1: ${figure[loaded]:-0} of ${figure[killed]:-0} got so far"
}

judged "4 threads" 3 4 "$(exact_keys size=8M)"
judged "8 threads, straight to the file" 3 8 "$(exact_keys size=8M,young=0)"
judged "one thread, moved soon" 3 1 "$(exact_keys size=8M,young=2)"

# The commands' view of one that died.
traced_exec killed.lkr "$LR_BUILD/test/bench/churn" 100000000 4 >/dev/null 2>kill.err &
pid=$!
wait_for 120 "$LR_CLI" dump --section=header killed.lkr
settle $pid
kill -9 $pid
wait $pid 2>/dev/null
tap_is "$(cat kill.err)" "" "killed: silent on stderr"
tap_like "$("$LR_CLI" dump --section=header killed.lkr)" \
    'damaged_sections=0 damaged_references=0 damaged_values=0' "killed: dump finds no damage"
report killed.lkr >kill.json
tap_is "$(ended_of kill.json)" killed "killed: and says so"
live=$(jq '[.sites[] | select(.culprit.function | startswith("leaf_")) | .live_count.value] | add // 0' kill.json)
tap_ok $((live < 1 || live > 4 * 10000)) "killed: no more live blocks than 4 times 10,000 ($live)"
tap_done
