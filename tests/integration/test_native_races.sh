#!/bin/bash
# Threads that hand blocks to each other, resize and free them: exact, whatever the order; blocks
# on their way from the young table into the file included.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

counter() { "$LR_CLI" dump --section=counters "$1" | sed -n "s/.*name=$2 .*value=//p"; }

race() { # NAME END YOUNG THREADS
    local trace=$1.lkr
    LR_KEYS=young=$3 run_oracle $2 $trace "$LR_ORACLE/race_oracle" $4 1200
    tap_ok $? "$1: runs" "$(cat $trace.err)"
    matches_truth $trace 'sites malloc' "$1: blocks exactly"
    tap_is "$(counter $trace unknown_frees)" 0 "$1: every free found its block"
    tap_is "$(completeness_of $trace.json)" complete "$1: complete"
    [ "$3" -eq 0 ] || tap_ok $([ "$(counter $trace tenured)" -gt 0 ]; echo $?) "$1: blocks did move"
    rm -f $trace
}
race default exit 100 4
race killed kill 100 4
race always-moving exit 1 8
race always-moving-killed kill 2 3
race direct exit 0 4

jemalloc=$(jemalloc_path)
if [ -n "$jemalloc" ]; then
    LR_BEHIND=$jemalloc race jemalloc exit 1 4
else
    tap_skip "on jemalloc" "libjemalloc.so.2 is not installed"
fi
tap_done
