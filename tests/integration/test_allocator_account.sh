#!/bin/bash
# What jemalloc, tcmalloc and mimalloc say of themselves is recorded and shown beside our own count,
# of a program that keeps every second block of those that it allocated.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
LR_KEYS=budget=off

library_path() { ldconfig -p | awk -v name="lib$1.so." 'index($1, name) == 1 { print $NF; exit }'; }

# The last looks at the memory, and the allocator's last account, were made when the program was idle.
is_told() {
    report "$1.lkr" >"$1.json" 2>"$1.report-err" && jq -e "$2" "$1.json" >/dev/null
}
start() {
    local name=$1
    LR_BEHIND=$2 traced_exec "$name.lkr" "$LR_ORACLE/half_freed" >"$name.out" 2>"$name.err" &
    pids="$pids $!"
}
pids=
kill_all() {
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    tap_cleanup
}
trap kill_all EXIT

names=
for name in jemalloc tcmalloc_minimal mimalloc; do
    library=$(library_path $name)
    if [ -z "$library" ]; then
        tap_skip "$name" "lib$name is not installed"
    else
        start $name "$library"
        names="$names $name"
    fi
done
start glibc ""

# say FILTER: of the report of $name.
say() { jq -r "$1" "$name.json"; }

for name in $names; do
    wait_line 900 $name.out '^ready$'
    bytes=$(sed -n 's/^live\t[0-9]*\t//p' $name.out)
    all=$(sed -n 's/^all\t[0-9]*\t//p' $name.out)
    # Other blocks are a few kB: of the C library, and of threads.  An account that was asked for
    # while the program was still freeing is followed by another a minute later.
    settled=".allocator.live >= $bytes and .allocator.live < $bytes + 200000
        and (.allocator.allocated == null or .allocator.allocated < 1.1 * $bytes + 1000000)
        and (.ledger[] | select(.name == \"malloc, live\") | .bytes | . >= $bytes and . < 1.3 * $bytes)"
    wait_for 900 is_told $name "$settled"
    tap_ok $? "$name: asked, beside $bytes live bytes" "$(say '[.allocator, .ledger]')"
    tap_is "$(say '.completeness.verdict')" complete "$name: complete"
    if [ $name = mimalloc ]; then
        tap_is "$(say "[.allocator.mapped >= $all, .allocator.allocated, .allocator.slack] | tostring")" \
            '[true,null,null]' "$name: what it committed, and nothing that it doesn't tell"
        said='mimalloc.s own account .after .*: .* committed; 32.* are live'
    else
        tap_is "$(say ".allocator | [.allocated >= $bytes,
            .active >= .allocated, .resident >= .active, .mapped >= .active,
            .slack == .resident - .live] | tostring")" '[true,true,true,true,true]' \
            "$name: its figures are those of the program" "$(say .allocator)"
        # Freed blocks lie between live ones, so none of that memory can have been given back.
        tap_is "$(say ".allocator | .resident >= $all and .slack >= $all / 2 - 200000")" true \
            "$name: what it keeps is what was freed"
        said='own account .after .*: .* handed out, .* resident.*32.* are live, so it keeps 3'
    fi
    tap_is "$(say "[.ledger[] | select(.name | startswith(\"malloc\")) | .bytes] | add >= $all")" true \
        "$name: the ledger has the same memory"
    tap_like "$("$LR_CLI" report $name.lkr)" "$said" "$name: the report says so"
done

name=glibc
wait_line 900 glibc.out '^ready$'
wait_for 900 is_told glibc '.ledger | length > 0'
tap_is "$(say .allocator)" null "the C library's says nothing, at no cost"
tap_done
