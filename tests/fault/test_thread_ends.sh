#!/bin/bash
# test_thread_ends.sh -- thousands of short threads that end in every way: the blocks that they leave
# exactly, and no memory of ours for each of them.
# THREADS: how many of each kind (make check-faults: 100,000).
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

THREADS=${THREADS:-4000}
keys=$(exact_keys size=16M)

# How much VmRSS grew over the last four fifths of the threads.
growth() { awk '/^rss / { print $3 - $2 }' "$1"; }
counter() { "$LR_CLI" dump --section=counters "$1" | sed -n "s/.*name=$2 .*value=//p"; }

ends() { # HOW
    local trace=$1.lkr plain traced
    timeout 600 "$LR_ORACLE/thread_ends" exit "$1" "$THREADS" >plain.out 2>plain.err
    tap_ok $? "$1: $THREADS threads, plain" "$(cat plain.err)"
    LR_KEYS=$keys run_oracle exit "$trace" "$LR_ORACLE/thread_ends" "$1" "$THREADS"
    tap_ok $? "$1: $THREADS threads" "$(cat "$trace.err")"
    tap_is "$(cat "$trace.err")" "" "$1: silent"
    matches_truth "$trace" 'sites malloc' "$1: what they leave, exactly"
    tap_is "$(completeness_of "$trace.json"),$(ended_of "$trace.json")" "complete,exit" "$1: complete"
    plain=$(growth plain.out) traced=$(growth "$trace.out")
    tap_diag "$1: grown by $traced KiB, without us by $plain"
    [ $((traced - plain)) -lt 1024 ]
    tap_ok $? "$1: less than 1 MB more than without us" "$traced KiB, without us $plain"
}

for how in return detached exit longjmp cancel; do ends $how; done

# Wherever it comes, inside our hooks, too: at most one block a thread more than the program knows of.
ends kill
churned=$(sites kill.lkr.json malloc | awk -F'\t' '$1 == "churn_site" { print $2 }')
[ "${churned:-0}" -le "$THREADS" ]
tap_ok $? "kill: one block at most for each thread that was torn from its loop" "${churned:-0}"
rm -f ./*.lkr

LR_KEYS=$keys run_oracle kill killed.lkr "$LR_ORACLE/thread_ends" cancel "$((THREADS / 4))"
matches_truth killed.lkr 'sites malloc' "cancel, then SIGKILL: what they leave, exactly"
tap_done
