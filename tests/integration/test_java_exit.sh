#!/bin/bash
# test_java_exit.sh -- daemon threads are at work as the JVM ends: what they hold at that moment,
# or make after the JVM's death was announced, is no finding.
# timeout: 1500
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# ends WAY STATUS: three runs, as the moment of the end is chance.
ends() {
    local way=$1 status=$2 try label error
    for try in 1 2 3; do
        label="$JDK_NAME: $way while daemons work, run $try"
        java_run exit Daemons timeout -s KILL 300 "$JDK/bin/java" -cp "$JAVA_CLASSES" Daemons "$way"
        tap_is "$?,$(cat Daemons.out Daemons.err)" "$status,READY" "$label: as without us"
        if ! error=$(java_report Daemons); then
            tap_fail "$label: report" "$error"
            continue
        fi
        tap_is "$(java_findings_judged)" "" "$label: no finding"
        tap_is "$(java_summary Daemons)" "none exit complete" "$label: verdict"
        tap_is "$(jq '[.pairs[] | .acquired >= 4000] | [length, all]' -c Daemons.json)" \
            "[2,true]" "$label: both classes were recorded"
    done
}

# What the report itself calls a leak.
java_findings_judged() {
    jq -r '.pairs[].sites[] | select(.class == "leak")
        | [.culprit.function, .acquired, .live] | @tsv' Daemons.json
}

# Streams that nobody will end are told from those in use, however young they are.
forgets() {
    local label="$JDK_NAME: three forgotten right before the end ($1)"
    java_run exit Daemons timeout -s KILL 300 "$JDK/bin/java" -cp "$JAVA_CLASSES" Daemons "$1" forget
    tap_is "$(java_report Daemons)$(java_findings_judged)" "$(printf 'Daemons.forget\t3\t3')" "$label"
}

jdk_test() {
    ends exit 3
    ends exits 3
    ends halt 4
    ends return 0
    forgets halt
    forgets return
}

java_each_jdk jdk_test
tap_done
