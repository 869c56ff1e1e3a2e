#!/bin/bash
# stack_churn.sh -- ever new stacks: a class loaded again and again on each JDK, and a C program
# whose every allocation has a path of its own.  The traces must stay complete, and right.
#
# SOAK_SECONDS=N each, one after the other; `make soak-stacks` takes 3600.  Truth: what ClassChurn
# and stack_churn print.
# timeout: 14000
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

seconds=${SOAK_SECONDS:-60}

# judged LABEL TRACE: reports, and says what was given back.
judged() {
    "$LR_CLI" report --format=json "$2" >report.json
    tap_is "$(jq -r .completeness.verdict report.json)" complete "$1: nothing was lost"
    tap_diag "$("$LR_CLI" dump --section=counters "$2" | grep -E 'folded|stacks_cut' |
        sed 's/^ *name=//; s/ kind=info//' | paste -sd,)"
}

jdk_test() {
    local label="$JDK_NAME, $seconds s" leaks=$((seconds / 6 + 1))
    rm -f classes.lkr
    LD_PRELOAD=$LR_LIB LEAKRING=budget=off,file=classes.lkr "$JDK/bin/java" -Xmx128m \
        -XX:MaxMetaspaceSize=64m -cp "$JAVA_CLASSES" ClassChurn "$seconds" 10 "$leaks" >classes.out
    tap_is "$(cat classes.out)" "loaded $((seconds * 10)) classes, forgot $leaks Inflaters" "$label: ran"
    judged "$label" classes.lkr
    tap_is "$(jq -r '.pairs[] | select(.pair | endswith("flater")) |
        "\(.pair) \(.acquired) \(.released) \(.live)"' report.json | sort)" \
        "java.util.zip.Deflater $((seconds * 10)) $((seconds * 10)) 0
java.util.zip.Inflater $((seconds * 10 + leaks)) $((seconds * 10)) $leaks" "$label: every stream counted"
}

java_each_jdk jdk_test

rm -f paths.lkr
LD_PRELOAD=$LR_LIB LEAKRING=budget=off,file=paths.lkr \
    "$LR_ORACLE/stack_churn" "$seconds" 300 500 >paths.out
judged "C, $seconds s" paths.lkr
tap_is "$(jq -r '[.sites[] | select(.culprit.function == "leak") | .live_count.value] | add' report.json)" \
    500 "C, $seconds s: every leaked block"
"$LR_CLI" dump --format=json --section=stacks --section=counters paths.lkr >dump.json
tap_is "$(jq '[.stacks[].alloc_count] + [.counters[] | select(.name == "folded_allocs").value] | add' \
    dump.json)" $((seconds * 300 + 501)) "C, $seconds s: every allocation is counted once"
tap_done
