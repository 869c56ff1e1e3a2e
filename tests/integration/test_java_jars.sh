#!/bin/bash
# test_java_jars.sh -- the JDK's jar cache is listed as expected and is no finding.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

jdk_test() {
    local mode
    mkdir -p "$T/jars"
    "$JDK/bin/java" -cp "$JAVA_CLASSES" JarCache make "$T/jars"
    for mode in exit kill; do
        java_oracle $mode JarCache read "$T/jars"
        tap_is "$(java_expected JarCache)" "$(sed -n 's/^expected\t//p' JarCache.out)" \
            "$JDK_NAME: JarCache ($mode): one expected Inflater per open jar"
    done
}

java_each_jdk jdk_test
tap_done
