#!/bin/bash
# The culprit of native memory and streams forgotten in Java is the line that a user would open:
# by streams of java.util.zip, direct buffers, channels, reflection, method handles, proxies,
# lambdas, streams, executors, JNI, and on newer JDKs java.lang.foreign and virtual threads.
. "$(dirname "$0")/../lib/tap.sh"
LR_KEYS=budget=off # figures are compared exactly
. "$(dirname "$0")/../lib/java.sh"

# got JSON: rows as the oracles print them, of everything that is live.
got() {
    jq -r '(.pairs[] | .pair as $pair | .sites[] | select(.never_ended > 0) |
            [$pair, .culprit.function, .culprit.line, .never_ended, 0]),
           (.sites[] | select(.culprit.line != null) |
            ["memory", .culprit.function, .culprit.line, .live_count.value, .live_bytes.value])
           | @tsv' "$1" |
        awk -F'\t' -v OFS='\t' '{ key = $1 OFS $2 OFS $3; count[key] += $4; bytes[key] += $5 }
            END { for (key in count) print key, count[key], bytes[key] }' | sort
}

# check NAME: every row that NAME.out has is in the report; streams: and no other.
check() {
    sed -n 's/^culprit\t//p' "$1.out" | sort >"$1.want"
    report "$1.lkr" >"$1.json" 2>"$1.report-err"
    got "$1.json" >"$1.got"
    tap_is "$(comm -23 "$1.want" "$1.got")" "" "$JDK_NAME: $1: each of $(wc -l <"$1.want") lines is a culprit, with its numbers"
    tap_is "$(grep -v ^memory "$1.got" | comm -13 "$1.want" -)" "" "$JDK_NAME: $1: and no other forgot a stream"
}

jdk_test() {
    local flags native=
    [ "$(lr_jdk_version "$JDK")" -lt 22 ] || native=--enable-native-access=ALL-UNNAMED
    for flags in "" -Xint; do
        java_run exit Culprits "$JDK/bin/java" $flags $native -cp "$JAVA_CLASSES" Culprits "$LR_ORACLE/culprits_jni"
        tap_is "$?,$(cat Culprits.err)" "0," "$JDK_NAME: Culprits $flags: runs, silently"
        check Culprits
    done
    # One line is one site, in the interpreter and as C1 and C2 compile it, inlined or not.
    for flags in "" -Xint -XX:TieredStopAtLevel=1; do
        java_run exit DirectTiers "$JDK/bin/java" $flags -cp "$JAVA_CLASSES" DirectTiers
        check DirectTiers
        tap_is "$(jq '[.sites[] | select(.culprit.function == "DirectTiers.inner" and .kind == "malloc")] | length' DirectTiers.json)" 1 \
            "$JDK_NAME: DirectTiers $flags: one site"
    done
    [ -n "$native" ] || return 0
    mkdir -p ffm
    "$JDK/bin/javac" -cp "$JAVA_CLASSES" -d ffm "$LR_ROOT/tests/oracle/ffm/CulpritsFfm.java" >javac.log 2>&1
    tap_ok $? "$JDK_NAME: CulpritsFfm compiles" "$(cat javac.log)"
    java_run exit CulpritsFfm "$JDK/bin/java" $native -cp "ffm:$JAVA_CLASSES" CulpritsFfm
    tap_is "$?,$(cat CulpritsFfm.err)" "0," "$JDK_NAME: CulpritsFfm: runs, silently"
    check CulpritsFfm
}

java_each_jdk jdk_test
tap_done
