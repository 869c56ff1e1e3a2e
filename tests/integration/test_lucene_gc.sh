#!/bin/bash
# test_lucene_gc.sh -- a small heap, whose collections end most forgotten streams: all 3,300 are
# reported at their sites all the same, as live or as closed by the Cleaner only.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"

LUCENE_HEAP=(-Xmx128m)

# Streams that only the Cleaner ended.
cleaned() { jq '[.pairs[].sites[].released_by_cleaner] | add' "$1.json"; }

# Streams that the report says were ended explicitly.
ended() { jq '[.pairs[].sites[] | .released - .released_by_cleaner] | add' "$1.json"; }

jdk_test() {
    local mode label error
    lucene_command 6.3.0 300
    for mode in exit kill; do
        label="$JDK_NAME: Lucene 6.3.0, 300 cycles, 128 MB heap ($mode)"
        java_run $mode lucene "${COMMAND[@]}"
        tap_is "$?" 0 "$label: exit status"
        [ "$(sed -n 's/^collections\t//p' lucene.out)" -gt 0 ]
        tap_ok $? "$label: collections ran"
        if ! error=$(java_report lucene); then
            tap_fail "$label: report" "$error"
            continue
        fi
        tap_is "$(lucene_sites lucene)" "$(lucene_truth 300)" "$label: all 3,300 at their sites"
        [ "$(cleaned lucene)" -gt 1000 ]
        tap_ok $? "$label: most were closed by the Cleaner only" "$(cleaned lucene)"
        tap_is "$(ended lucene)" 0 "$label: none is called ended by the program"
        tap_is "$(java_expected lucene)" 3 "$label: the jar cache is listed as expected"
        # Which of the two depends on when the last collection of the whole heap was.
        tap_like "$(java_summary lucene)" "^(leak|garbage-waiting) .* complete$" "$label: verdict"
    done
}

tap_need jq
lucene_setup
java_each_jdk jdk_test
tap_done
