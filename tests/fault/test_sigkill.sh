#!/bin/bash
# SIGKILL at random moments of a program whose threads acquire, resize and release each other's
# blocks, mappings and zlib streams, and which keeps a truth that outlives it: kill_judge.c says
# what its trace must hold.  The same by other signals, and by the kernel in a memory cgroup.
# KILLS and SECONDS_EACH make it longer (make check-faults, make check-kills).
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/cgroup.sh"

judge=$LR_BUILD/test/fault/kill_judge target=$LR_ORACLE/kill_target

# judged LABEL LEAST THREADS KEYS [DEATH]: kills until KILLS, for SECONDS_EACH at most, LEAST at least.
judged() {
    local name value
    declare -A figure
    "$judge" "$LR_LIB" "$target" "${kills:-60}" "${seconds:-12}" "$3" "$4" ${5:+"$5"} >judged 2>&1
    while IFS=$'\t' read -r name value; do
        case $name in [a-z]*) figure[$name]=$value ;; esac
    done <judged
    tap_diag "$1: $(tr '\t\n' '= ' <judged | cut -c1-300)"
    tap_is "${figure[wrong]:-none} $(grep -m1 '^#' judged)" "0 " \
        "$1: whole, nothing wrong, nothing lost$(grep -m1 '^#' judged | tr '#' ':')"
    tap_ok $((${figure[loaded]:-0} < $2)) "$1: ${figure[loaded]:-0} of ${figure[killed]:-0} got so far"
}

kills=${KILLS:-60} seconds=${SECONDS_EACH:-12}
judged "4 threads" 3 4 "$(exact_keys size=8M)"
judged "8 threads, straight to the file" 3 8 "$(exact_keys size=8M,young=0)"
judged "one thread, moved soon" 3 1 "$(exact_keys size=8M,young=2)"

# Others die of their own faults, which nobody but the kernel sees.
kills=${OTHER_KILLS:-15} seconds=${SECONDS_EACH:-5}
for signal in SEGV ABRT TERM; do
    judged "SIG$signal" 1 4 "$(exact_keys size=8M)" "$(kill -l $signal)"
done

# The kernel kills in the middle of whatever touches a page, be it the tracer's own.
kills=${OOM_KILLS:-10} seconds=${SECONDS_EACH:-15}
if group_make 64 && group_run true 2>>group.err; then
    judged "no memory left in its cgroup" 1 4 "$(exact_keys size=8M)" "$group"
else
    tap_skip "no memory left in a cgroup" "none can be made here: $(group_why)"
fi

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
