#!/bin/bash
# test_java_sites.sh -- un-ended streams at known Java lines, to the last one; clean programs clean.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# Bytes of one live Inflater at the culprit function $2 of $1.json.
bytes_each() {
    jq --arg function "$2" '[.pairs[] | select(.pair == "java.util.zip.Inflater") | .sites[]
        | select(.culprit.function == $function)] | (map(.live_bytes) | add) / (map(.live) | add)' \
        "$1.json"
}

jdk_test() {
    local mode bare used
    for mode in exit kill; do
        java_oracle $mode Unended
        bare=$(bytes_each Unended Unended.main)
        used=$(bytes_each Unended Unended.usedInflater)
        tap_is "$((${used:-0} - ${bare:-0}))" 32768 \
            "$JDK_NAME: Unended ($mode): the 32 kB window is credited to the stream's creator"
        java_oracle $mode Ended
        java_oracle $mode LruCache
    done
}

java_each_jdk jdk_test
tap_done
