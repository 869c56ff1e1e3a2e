#!/bin/bash
# test_java_foreign.sh -- malloc called through java.lang.foreign, which no LD_PRELOAD reaches but
# by dlsym: every block is seen, and so is every free.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

jdk_test() {
    if [ "$(lr_jdk_version "$JDK")" -lt 22 ]; then
        tap_skip "$JDK_NAME: malloc through java.lang.foreign" "java.lang.foreign came with 22"
        return
    fi
    mkdir -p foreign
    "$JDK/bin/javac" -d foreign "$LR_ROOT/tests/oracle/foreign/ForeignMalloc.java"
    tap_ok $? "$JDK_NAME: ForeignMalloc.java compiles"
    java_run exit foreign "$JDK/bin/java" --enable-native-access=ALL-UNNAMED -cp foreign \
        ForeignMalloc
    tap_is "$?" 0 "$JDK_NAME: malloc through java.lang.foreign: exit status"
    tap_is "$(cat foreign.err)" "" "$JDK_NAME: nothing on stderr"
    report foreign.lkr >sites.json 2>report.err
    tap_is "$? $(cat report.err)" "0 " "$JDK_NAME: report"
    # The blocks' stacks end in Java frames and have no native one: generated code calls malloc.
    blocks_from 1234 forget
    blocks_from 1235 forgetQuickly
}

# blocks_from SIZE METHOD: a thousand of that size are live, all of them from that method, with only
# the JDK's own frames above it.
blocks_from() {
    jq -c "[.sites[] | select(.stack[0].kind == \"java\" and .live_count.value > 0 and
            .live_bytes.value == $1 * .live_count.value)]" sites.json >blocks.json
    tap_is "$(jq -r '[.[].live_count.value] | add' blocks.json)" 1000 \
        "$JDK_NAME: the forgotten blocks of $1, exactly"
    tap_is "$(jq -r '[.[].stack | map(select(.function | test("^(java|jdk|sun)[.]") | not)) |
            .[0].function] | unique | join(" ")' blocks.json)" "ForeignMalloc.$2" \
        "$JDK_NAME: all of them at $2"
    tap_is "$(jq -r '[.[].stack[] | select(.function | test("StringBuilder|SharedUtils"))] | length' \
        blocks.json)" 0 "$JDK_NAME: without frames that had returned"
}

java_each_jdk jdk_test
tap_done
