#!/bin/bash
# A small program of one thread that leaks slowly is judged like any other: it has a history, although
# it never allocates enough to need a helper thread.  One that ends at once gets no thread.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need jq

# What its history and ledger say, once there are any.
history_of() {
    report "$1" 2>/dev/null | jq -e --arg function "$2" --arg figure "${3:-live}_bytes" '
        (.series[$figure] // [] | map(values) | length >= 3 and .[-1] > .[0])
        and (.ledger | length) >= 3
        and any(.sites[] | select(.culprit.function == $function).history.bytes // [] | map(values);
                length >= 1 and .[-1] > 1000)'
}
helper_of() { grep -lx leakring /proc/"$1"/task/*/comm; }

# All at once: a history takes ten seconds.
begin() {
    traced_exec "$1.lkr" "$LR_ORACLE/slow_leak" "${2:-$1}" >"$1.out" 2>&1 &
    pids[$1]=$!
}
end() {
    local mode=$1 place=$2 what=$3 figure=${4:-live} pid=${pids[$1]}
    wait_line 300 "$mode.out" '^ready$'
    wait_for 300 helper_of "$pid"
    tap_ok $? "$what: the helper thread runs"
    wait_for 300 history_of "$mode.lkr" "$place" "$figure"
    tap_ok $? "$what: series, ledger and the place's history are there" \
        "$(report "$mode.lkr" | jq -c '.series.live_bytes, .ledger, .sites[0].history')"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    report "$mode.lkr" >"$mode.json"
    tap_is "$(completeness_of "$mode.json")" complete "$what: complete"
}
declare -A pids
for mode in malloc mmap strdup vfork unshare; do begin $mode; done
LR_BEHIND=$LR_ORACLE/guest_locked begin locked malloc
end malloc keep_block "a block now and then"
end mmap keep_mapping "mappings only" mapped
end strdup keep_text "a copied text now and then"
end vfork keep_block "its vfork's child came first"
# A thread that is created in there would wait for ever.
end locked keep_block "an allocator that maps under its lock"

# A vfork's child leaves its parent's threads alone, whatever it asks the kernel for.
wait_line 300 unshare.out '^unshared$'
helper_of "${pids[unshare]}" >/dev/null
tap_ok $? "the helper thread survives a vfork's child that calls unshare"
kill -KILL "${pids[unshare]}"
wait "${pids[unshare]}" 2>/dev/null

# A machine may be so slow that even this takes a second; then it is no short program.
is_short() {
    rm -f once.lkr
    traced once.lkr "$LR_ORACLE/slow_leak" once >/dev/null
    report once.lkr >once.json && jq -e '.run.duration_s < 0.9' once.json
}
wait_for 300 is_short
tap_ok $? "one that ends at once"
tap_is "$(jq -c '[.series, .ledger] | map(length)' once.json)" '[0,0]' "... has no series"
"$LR_CLI" dump once.lkr >once.dump
tap_unlike "$(grep -i compat once.dump)" young "... and had no helper thread"
tap_done
