#!/bin/bash
# test_lucene_gate.sh -- Lucene 6.3.0 and 6.4.1 as baseline and candidate, both ways round: the
# regression is found, the improvement shown, equal runs are equal.
# timeout: 900
# Which blocks of the JVM's are sampled, where recording is held back, is chance.
LR_KEYS=budget=off
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"

gate() { "$LR_CLI" check "$@" -F json >gate.json 2>gate.err; }
# Outcome and number of results of the rule increase that aren't a pass.
increase() { jq -r '.outcome, ([.files[].results[] | select(.rule == "increase" and .outcome != "pass")] | length)' gate.json | xargs; }

jdk_test() {
    local version
    for version in 6.3.0 6.4.1; do
        for run in 1 2; do
            lucene_command $version 30
            java_run exit v$version-$run "${COMMAND[@]}"
            tap_is "$?" 0 "$JDK_NAME: Lucene $version, run $run"
        done
    done
    gate --growth=off v6.3.0-1.lkr
    tap_is "$?" 1 "$JDK_NAME: 6.3.0 fails by itself"
    gate --growth=off v6.4.1-1.lkr
    tap_is "$?" 0 "$JDK_NAME: 6.4.1 passes by itself"
    gate --baseline=v6.4.1-1.lkr v6.3.0-1.lkr
    tap_is "$?,$(increase)" "1,fail 6" "$JDK_NAME: 6.3.0 after 6.4.1 is a regression at six places"
    tap_is "$(jq -r '[.files[].results[] | select(.outcome == "fail") | .culprit.function | split(".") | .[-2]] | unique | join(" ")' gate.json)" \
        'CompressionMode$DeflateCompressor CompressionMode$DeflateDecompressor' "$JDK_NAME: with their classes"
    gate --baseline=v6.3.0-1.lkr v6.4.1-1.lkr
    tap_is "$?,$(increase)" "0,pass 0" "$JDK_NAME: 6.4.1 after 6.3.0 passes"
    tap_like "$(jq -r '.files[].results[] | select(.rule == "increase") | .message' gate.json)" '6 places are less' \
        "$JDK_NAME: as an improvement at six places"
    for version in 6.3.0 6.4.1; do
        gate --baseline=v$version-1.lkr v$version-2.lkr
        tap_is "$?,$(increase)" "0,pass 0" "$JDK_NAME: two runs of $version are equal"
    done
    gate --baseline=v6.3.0-1.lkr --limit-unended=0 v6.3.0-2.lkr
    tap_is "$?" 1 "$JDK_NAME: unless no leak is put up with"
}

tap_need jq
lucene_setup
java_each_jdk jdk_test
tap_done
