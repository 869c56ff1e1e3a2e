#!/bin/bash
# test_java_cleaner.sh -- what a garbage collection ends is told apart from what the program ends,
# by who calls end(), not by the thread.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

jdk_test() {
    local mode gc
    for mode in exit kill; do
        java_oracle $mode Cleaned
        java_oracle $mode ZipFileDropped "$T/dropped.zip"
    done
    for gc in Serial Parallel G1 Z; do
        JAVA_FLAGS=(-XX:+Use${gc}GC)
        LABEL="Cleaned, $gc" java_oracle exit Cleaned
    done
    JAVA_FLAGS=()
}

java_each_jdk jdk_test
tap_done
