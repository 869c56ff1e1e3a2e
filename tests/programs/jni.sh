#!/bin/bash
# jni.sh -- RocksDB, zstd-jni, snappy-java, sqlite-jdbc, Netty's epoll and tcnative in one JVM: used
# well there is no leak; what is forgotten is named at the Java line that acquired it.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq python3
netty=4.1.115.Final

jars=
for artifact in org.rocksdb:rocksdbjni:9.7.3 com.github.luben:zstd-jni:1.5.6-9 \
    org.xerial.snappy:snappy-java:1.1.10.7 org.xerial:sqlite-jdbc:3.47.1.0 \
    org.slf4j:slf4j-api:1.7.36 org.slf4j:slf4j-nop:1.7.36 \
    io.netty:netty-{common,buffer,codec,handler,resolver,transport}:$netty \
    io.netty:netty-transport-native-unix-common:$netty io.netty:netty-transport-classes-epoll:$netty \
    io.netty:netty-transport-native-epoll:$netty:jar:linux-x86_64 \
    io.netty:netty-tcnative-classes:2.0.69.Final \
    io.netty:netty-tcnative-boringssl-static:2.0.69.Final:jar:linux-x86_64; do
    jar=$(java_artifact "$artifact" "$artifact") || tap_skip_all "$jar"
    jars=$jars:$jar
done

# named NAME WHAT LEAST: live memory that the line acquired that forgets WHAT, at least so many blocks,
# and a Java method of the library, or that line itself, as the culprit.
named() {
    local line got
    line=$(grep -n "// FORGETS $2\$" "$LR_ROOT/tests/programs/JniLibraries.java" | cut -d: -f1)
    got=$(jq --argjson line "$line" '[.sites[] | select((.culprit.function | test("[+]0x") | not) and
        any(.stack[]; .file == "JniLibraries.java" and .line == $line)) | .live_count.value] | add // 0' "$1.json")
    tap_ok $((got < $3)) "$1: $2 forgotten are named at JniLibraries.java:$line" \
        "$got blocks; $(jq -c --arg f "$2" '[.sites[:12][] | [.culprit.function, .culprit.line, .live_count.value]]' "$1.json")"
    tap_diag "$1: $2: $got blocks, $(jq --argjson line "$line" '[.sites[] | select((.culprit.function | test("[+]0x") | not) and
        any(.stack[]; .file == "JniLibraries.java" and .line == $line)) | .live_bytes.value] | add // 0' "$1.json") bytes"
}

jdk_test() {
    local name native=
    [ "$(lr_jdk_version "$JDK")" -lt 22 ] || native="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
    mkdir -p "classes-$JDK_NAME"
    "$JDK/bin/javac" -nowarn -cp "$jars" -d "classes-$JDK_NAME" "$LR_ROOT/tests/programs/JniLibraries.java" || return
    COMMAND=("$JDK/bin/java" $native -Xmx400m "-Djava.io.tmpdir=$T/tmp" -cp "$T/classes-$JDK_NAME$jars" JniLibraries)
    name=jni-$(lr_jdk_version "$JDK")
    rm -rf tmp && mkdir tmp
    with_and_without "$name" "${COMMAND[@]}" healthy "$T/tmp/db"
    tap_is "$(wc -l <"$name.plain.out")" 6 "$name: runs to its end" "$(tail -3 "$name.plain.err")"
    program_is_fine "$name" java
    tap_is "$(jq -c '[.sites[] | select(.culprit.function // "" | startswith("JniLibraries.forget"))] | length' "$name.json")" 0 \
        "$name: nothing is told of lines that didn't run"

    name=$name-forgets
    mkdir -p "$name.plain" "$name.traced"
    rm -rf tmp && mkdir tmp
    LR_KEYS=budget=off program_once "$name" traced "${COMMAND[@]}" leak "$T/tmp/db"
    tap_is "$(cat "$name.traced.status")" "status 0" "$name: runs to its end"
    report "$(program_trace "$name" java)" >"$name.json"
    named "$name" iterators 100
    named "$name" contexts 30
    named "$name" connections 25
    named "$name" buffers 40
    named "$name" engines 60
}
java_each_jdk jdk_test
tap_done
