#!/bin/bash
# test_java_threads.sh -- the same line on platform and virtual threads, and as interpreted, C1,
# C2 and mixed code.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# How many sites NAME's report has for the line that makes the streams: the same stack, whether it was
# interpreted or compiled, inlined or not.
sites_of_line() {
    jq '[.pairs[].sites[] | select(.culprit.function == "Tiers.inner")] | length' "$1.json"
}

jdk_test() {
    local mode flag
    for mode in exit kill; do
        LABEL="platform threads" java_oracle $mode Threads platform
        if [ "$(lr_jdk_version "$JDK")" -ge 21 ]; then
            LABEL="virtual threads" java_oracle $mode Threads virtual
        fi
    done
    for flag in -Xint -XX:TieredStopAtLevel=1 -XX:-TieredCompilation -XX:+TieredCompilation; do
        JAVA_FLAGS=($flag)
        LABEL="one line, $flag" java_oracle exit Tiers
        tap_is "$(sites_of_line Tiers)" 1 "$JDK_NAME: one line, $flag: one site"
    done
    LABEL="one line, $flag" java_oracle kill Tiers
    tap_is "$(sites_of_line Tiers)" 1 "$JDK_NAME: one line, $flag (kill): one site"
    JAVA_FLAGS=()
}

java_each_jdk jdk_test
tap_done
