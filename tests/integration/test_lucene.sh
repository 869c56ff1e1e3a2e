#!/bin/bash
# test_lucene.sh -- LUCENE-7647 for real: 6.3.0 leaks at six sites, 6.4.1 doesn't.
# The normal end and SIGKILL give the same numbers.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"

lucene_test() { # MODE VERSION CYCLES
    lucene_command "$2" "$3"
    java_run "$1" lucene "${COMMAND[@]}"
    tap_is "$?" 0 "$JDK_NAME: Lucene $2, $3 cycles ($1): exit status"
    lucene_check "$1" lucene "$2" "$3" plain
}

jdk_test() {
    lucene_test exit 6.3.0 100
    lucene_test kill 6.3.0 100
    lucene_test exit 6.4.1 100
    lucene_test kill 6.4.1 100
    lucene_test kill 6.3.0 600
    lucene_test exit 6.4.1 600
}

tap_need jq
lucene_setup
java_each_jdk jdk_test
tap_done
