#!/bin/bash
# docs/FORMAT.md is good enough to write a reader from: tests/lib/read_trace.py was, and reads of
# real traces exactly what `leakring dump` reads.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need python3 jq

# agree FILE NAME: every section that both print is the same, and none is empty by accident.
agree() {
    local section
    "$LR_CLI" dump --format=json "$1" | jq 'del(.schema, .header, .directory, .counters)' -S >ours
    python3 "$LR_ROOT/tests/lib/read_trace.py" "$1" | jq -S . >theirs
    tap_same ours theirs "$2: both readers agree"
    for section in $3; do
        [ "$(jq ".$section | length" theirs)" -gt 0 ]
        tap_ok $? "$2: there are $section"
    done
}

traced "$PWD/native.lkr" "$LR_ORACLE/leak50" exit >/dev/null 2>&1
agree native.lkr "a native program" "meta modules stacks live events"
LR_KEYS=interval=64K traced "$PWD/sampled.lkr" "$LR_ORACLE/leak50" exit >/dev/null 2>&1
agree sampled.lkr "a sampled program" "live stacks intervals events"
traced "$PWD/maps.lkr" "$LR_ORACLE/mmap_oracle" exit >/dev/null 2>&1
agree maps.lkr "a program with mappings" "regions"
traced "$PWD/zlib.lkr" "$LR_ORACLE/zlib_pairs" exit >/dev/null 2>&1
agree zlib.lkr "a program with streams" "pairs pairsites"

jdk_test() {
    traced "$PWD/java.lkr" "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended \
        >/dev/null 2>&1
    agree java.lkr "$JDK_NAME" "pairs pairsites live stacks events"
    tap_is "$(jq '[.stacks[].frames[] | select(.kind == "java" and .line > 0)] | length > 0' theirs)" \
        true "$JDK_NAME: there are Java frames with lines"
    rm -f java.lkr
}
java_each_jdk jdk_test
tap_done
