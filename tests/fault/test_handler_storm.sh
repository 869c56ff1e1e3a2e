#!/bin/bash
# test_handler_storm.sh -- signals at 10 kHz on several threads, whose handlers allocate, or leave by
# siglongjmp, in the midst of our hooks: nobody hangs or dies, and what isn't recorded is counted.
# CALLS: of the handler, on each of three threads (make check-faults: 30,000).
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

CALLS=${CALLS:-1500}
export LR_BEHIND
counter() { "$LR_CLI" dump --section=counters "$1" | sed -n "s/.*name=$2 .*value=//p"; }
handlers_of() { sites "$1.json" malloc | awk -F'\t' '$1 == "handler_site" { print $2 }'; }

storm() { # NAME MODE KEYS
    local name=$1 trace=$1.lkr status
    rm -f "$trace"
    LD_PRELOAD=$LR_BEHIND timeout -s KILL 600 "$LR_ORACLE/handler_storm" exit "$2" "$CALLS" >plain.out 2>&1
    tap_ok $? "$name: plain" "$(tail -3 plain.out)"
    LR_KEYS=$(exact_keys "size=16M${3:+,$3}")
    traced "$trace" timeout -s KILL 600 "$LR_ORACLE/handler_storm" exit "$2" "$CALLS" >"$trace.out" 2>"$trace.err"
    status=$?
    tap_is "$status,$(cat "$trace.err")" "0," "$name: ends as without us, silent"
    [ "$2" = jump ] ||
        matches_truth "$trace" 'sites malloc' "$name: blocks of the threads themselves, before and after, exactly"
    report "$trace" >"$trace.json"
    tap_is "$(ended_of "$trace.json")" exit "$name: ended by exit"
}

# all_told NAME: the handlers' blocks are in the report, or counted as lost.
all_told() {
    local kept found lost
    kept=$(sed -n 's/^handler_site //p' "$1.lkr.out")
    found=$(handlers_of "$1.lkr") lost=$(counter "$1.lkr" nested_allocs)
    tap_diag "$1: handlers keep $kept, recorded ${found:-0}, of all their calls lost $lost"
    [ "${found:-0}" -le "$kept" ] && [ $((${found:-0} + lost)) -ge "$kept" ]
    tap_ok $? "$1: what handlers keep is recorded, or counted as lost" "$kept: ${found:-0} + $lost"
    [ "$lost" -eq 0 ] ||
        tap_is "$(completeness_of "$1.lkr.json")" incomplete "$1: and the report says that some were"
}

LR_BEHIND=$LR_ORACLE/safe_allocator
storm any any
all_told any
storm any-straight any young=0
all_told any-straight
storm alternate alternate
all_told alternate
# A thread whose handler left one of our hooks isn't recorded any more; that is told.
for name in jump jump-straight; do
    storm $name jump $([ $name = jump ] || echo young=0)
    tap_is "$(sites $name.lkr.json malloc | grep '^worker_site' | tr '\t' ' ')" "worker_site 60 2940" \
        "$name: blocks of the threads before the first jump, exactly"
    after=$(sites $name.lkr.json malloc | awk -F'\t' '$1 == "after_site" { print $2 }')
    [ "${after:-0}" -eq 60 ] || [ "$(completeness_of $name.lkr.json)" = incomplete ]
    tap_ok $? "$name: what isn't recorded afterwards makes it incomplete" "${after:-0} of 60"
done
LR_BEHIND=
storm outside outside
all_told outside
tap_is "$(handlers_of outside.lkr)" "$(sed -n 's/^handler_site //p' outside.lkr.out)" \
    "outside: every block of the handlers"
tap_done
