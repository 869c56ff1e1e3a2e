#!/bin/bash
# The recording over time: what the series of a killed program says is what the tables say, and what
# the kernel and the JVM said.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"
tap_need jq

# last FIGURE TRACE: its value in the last point by seconds; empty while there is none.
last() {
    "$LR_CLI" dump --format=json --section=series_1s "$2" 2>/dev/null |
        jq -r "[.series_1s[].$1 // empty] | last // empty"
}

has() { [ -n "$(last "$1" "$2")" ]; }

# at_last TRACE FUNCTION: [bytes,count] of a place at the end of its history.
at_last() {
    "$LR_CLI" report --format=json "$1" 2>/dev/null |
        jq -c --arg function "$2" '.sites[] | select(.culprit.function == $function) | .history
            | [.bytes, .count | last]'
}
# A scan and a point of all that the program holds, made after it had it.
is_settled() {
    [ "$(at_last "$1" keep_blocks)" = "[3000000,1000]" ] &&
        [ "$(at_last "$1" keep_mappings)" = "[655360,10]" ] && has rss_peak "$1"
}

# as_reported TRACE REPORT.json NAME: totals of the last count are the sums over the tables.
as_reported() {
    tap_is "$(last live_bytes "$1")" \
        "$(jq "[(.sites[] | select(.kind != \"mmap\") | .live_bytes.value),
            (.pairs[] | .live_bytes)] | add" "$2")" \
        "$3: live bytes of the series are those of the tables"
    tap_is "$(last mapped_bytes "$1")" \
        "$(jq '[.sites[] | select(.kind == "mmap").live_bytes.value] | add' "$2")" \
        "$3: so are mapped bytes"
}

traced_exec keeps.lkr "$LR_ORACLE/keeps" >keeps.out 2>&1 &
pid=$!
wait_line 300 keeps.out '^ready$'
wait_for 300 is_settled keeps.lkr
tap_ok $? "live memory is followed in the end" "$(at_last keeps.lkr keep_blocks)"
rss=$(awk '$1 == "VmRSS:" { print $2 * 1024 }' /proc/$pid/status)
kill -KILL $pid
wait $pid 2>/dev/null
"$LR_CLI" report --format=json keeps.lkr >keeps.json
as_reported keeps.lkr keeps.json "a native program"
tap_is "$(at_last keeps.lkr keep_blocks)" "[3000000,1000]" "blocks of one place over time"
tap_is "$(at_last keeps.lkr keep_mappings)" "[655360,10]" "mappings of one place over time"
difference=$(($(last rss keeps.lkr) - rss))
tap_ok $([ ${difference#-} -lt 4000000 ]; echo $?) "resident memory is what the kernel says" \
    "$(last rss keeps.lkr) and $rss"
tap_is "$(last threads keeps.lkr)" 3 "threads: two, and ours"
tap_is "$(jq '.series | [.[] | length] | unique | length' keeps.json)" 1 "columns are equally long"
"$LR_CLI" report keeps.lkr >keeps.txt
tap_like "$(cat keeps.txt)" 'resident memory: .* at last' "the text says how resident memory went"
tap_like "$(cat keeps.txt)" 'live blocks: .* at last' "and live memory"

# Anonymous memory is seen as large as the heap is, so that is in the last snapshot.
heap_is_seen() {
    "$LR_CLI" dump --format=json --section=areas "$1" 2>/dev/null |
        jq -e '[.areas[] | select(.kind | IN("anonymous", "arena")).resident] | add >= 24000000' \
            >/dev/null
}

# What the JVM's memory is made of, named by its own mappings.
ledger_is_told() {
    local entry trace=$1 name=$2
    "$LR_CLI" report --format=json "$trace" >ledger.json
    tap_is "$(jq '[.ledger[].bytes] | add' ledger.json)" "$(jq .ledger_of.resident ledger.json)" \
        "$name: the ledger sums up to resident memory"
    for entry in "Java Heap" Class Code GC Thread "malloc, live" "mapped files"; do
        tap_is "$(jq --arg name "$entry" \
            '.ledger[] | select(.name | startswith($name)) | .bytes > 10000' ledger.json)" true \
            "$name: $entry has its entry"
    done
    tap_is "$(jq '.ledger[] | select(.name == "Java Heap") | .bytes >= 20000000' ledger.json)" true \
        "$name: the heap's is what the program holds"
    tap_is "$(jq '.ledger[-1].bytes < .ledger_of.resident / 20' ledger.json)" true \
        "$name: next to nothing is unexplained"
    tap_like "$("$LR_CLI" report "$trace")" 'Java Heap' "$name: the text has the table"
}

jdk_test() {
    local gc
    for gc in G1 Parallel; do
        traced_exec "$gc.lkr" "$JDK/bin/java" -XX:+Use${gc}GC -Xmx64m -cp "$JAVA_CLASSES" Collects \
            >"$gc.out" 2>&1 &
        pid=$!
        wait_line 300 "$gc.out" '^READY'
        wait_for 300 collected "$gc"
        wait_for 300 heap_is_seen "$gc.lkr"
        kill -KILL $pid
        wait $pid 2>/dev/null
        tap_is "$(last java_full_gcs "$gc.lkr")" "$(sed -n 's/^READY //p' "$gc.out")" \
            "$JDK_NAME, $gc: full collections are counted"
        tap_ok $([ "$(last java_old_after_gc "$gc.lkr")" -ge 20000000 ]; echo $?) \
            "$JDK_NAME, $gc: what survived them" "$(last java_old_after_gc "$gc.lkr")"
        tap_ok $([ "$(last java_metaspace "$gc.lkr")" -gt 10000 ] &&
            [ "$(last java_threads "$gc.lkr")" -gt 1 ] &&
            [ "$(last java_classes "$gc.lkr")" -gt 300 ]; echo $?) \
            "$JDK_NAME, $gc: metaspace, threads and classes are there"
        ledger_is_told "$gc.lkr" "$JDK_NAME, $gc"
    done
}
collected() { [ "$(last java_full_gcs "$1.lkr")" = "$(sed -n 's/^READY //p' "$1.out")" ]; }
java_each_jdk jdk_test
tap_done
