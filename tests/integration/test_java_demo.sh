#!/bin/bash
# test_java_demo.sh -- `make demo` names exactly the lines that are marked BAD in its source.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# "file:line streams never ended" of every finding in demo.json.
found() {
    java_findings demo | awk -F'\t' '{print $3 ":" $4, $7 + $8}' | sort -V
}

# What 800 requests leave behind: every twentieth is archived.
truth() {
    bad_lines | awk '{print $1, NR == 3 ? 40 : 800}'
}

bad_lines() {
    grep -n 'BAD:' "$LR_ROOT/tools/DemoService.java" | sed 's/:.*//; s/^/DemoService.java:/' | sort -V
}

# The places that the text report numbers, with their lines.
numbered() {
    grep -oE '^ +[0-9]+\. .*\(DemoService.java:[0-9]+\)' "$1" | grep -oE 'DemoService.java:[0-9]+' |
        sort -V
}

jdk_test() {
    JAVA_HOME=$JDK LEAKRING_BUILD=$LR_BUILD "$LR_ROOT/tools/demo" >demo.text 2>demo.err
    tap_is "$?" 0 "$JDK_NAME: demo: exit status"
    tap_is "$(cat demo.err)" "" "$JDK_NAME: demo: silent on stderr"
    tap_is "$(numbered demo.text)" "$(bad_lines)" "$JDK_NAME: demo: the text names the bad lines"
    cp "$LR_BUILD/demo.lkr" demo.lkr && java_report demo
    tap_is "$(found)" "$(truth)" "$JDK_NAME: demo: the bad lines, their counts and nothing else"
    tap_is "$(java_summary demo)" "leak killed complete" "$JDK_NAME: demo: verdict"
}

java_each_jdk jdk_test
tap_done
