#!/bin/bash
# test_cases_heap.sh -- a Java heap that is full is no leak, whatever collects it; 160 streams that
# were forgotten among 160,000 are one.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
. "$LR_ROOT/tests/lib/cases.sh"

# heap GC POOL COLLECTOR: how full it is said to be, and of what.
heap() {
    local label="$JDK_NAME, $1"
    case_await "$1" '.verdict.kind == "java-heap"'
    tap_is "$(case_seen "$1" .verdict.kind)" java-heap "$label: verdict" "$(cat "$1.err")"
    tap_like "$(case_seen "$1" .verdict.summary)" "9[0-9] % of the $2\)" "$label: how full, and of what"
    tap_is "$(case_seen "$1" '.gc_pressure | [.pool, .collector, .band] | join(", ")')" "$2, $3, act" \
        "$label: pool and collector"
    tap_like "$(case_seen "$1" '.verdict.next | tostring')" 'GC.heap_dump.*-Xmx' "$label: what to do"
}

few() {
    local line label="$JDK_NAME: 160 streams of 160,000"
    case_report few
    tap_is "$(case_say few .verdict.kind)" leak "$label: verdict" "$(cat few.err)"
    line=$(grep -n 'Inflater inflater = new Inflater()' "$LR_ROOT/tests/oracle/cases/Cases.java" | cut -d: -f1)
    tap_is "$(case_say few '.pairs[].sites[] | select(.never_ended > 0)
        | [.culprit.function, .culprit.line, .acquired, .live] | map(tostring) | join(" ")')" \
        "Cases.few $line 160000 160" \
        "$label: at their line, exactly"
}

jdk_test() {
    local gc all=
    rm -rf classes
    "$JDK/bin/javac" -nowarn -XDignore.symbol.file -d classes "$LR_ROOT/tests/oracle/cases/Cases.java" \
        >javac.log 2>&1 || { tap_fail "$JDK_NAME: Cases compiles" "$(cat javac.log)"; return; }
    for gc in Serial Parallel G1 Z Shenandoah; do
        if "$JDK/bin/java" "-XX:+Use${gc}GC" -version >/dev/null 2>&1; then
            case_start $gc "$JDK/bin/java" "-XX:+Use${gc}GC" -Xmx128m -cp classes Cases heap "$STOP"
            all="$all $gc"
        else
            tap_skip "$JDK_NAME, $gc" "this JDK hasn't it"
        fi
    done
    case_start few "$JDK/bin/java" -Xmx128m -cp classes Cases few "$STOP"
    for gc in $all; do
        case $gc in
        Serial | Parallel) heap $gc 'old generation' $gc ;;
        Z) heap $gc 'whole heap' ZGC ;;
        *) heap $gc 'whole heap' $gc ;;
        esac
    done
    wait_line 300 few.out '^END$'
    case_end
    few
}

java_each_jdk jdk_test
tap_done
