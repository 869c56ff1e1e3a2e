#!/bin/bash
# test_java_redefined.sh -- a class whose stacks are known is redefined by an agent: what is acquired
# afterwards counts at the new version's lines, what was acquired before stays at the old one's.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# versions: versions/N/Shifted.class, with the same code some lines further down each time.
versions() {
    local n
    for n in 0 1 2; do
        mkdir -p versions/$n &&
            { yes '' | head -n $((n * 9)) && cat "$LR_ROOT/tests/oracle/redefined/Shifted.java"; } \
                >versions/$n/Shifted.java &&
            "$JDK/bin/javac" -cp "$JAVA_CLASSES" -d versions/$n versions/$n/Shifted.java || return
    done
}

jdk_test() {
    local flags log jar=$T/states-$(lr_jdk_version "$JDK").jar
    log=$(versions 2>&1)
    tap_ok $? "$JDK_NAME: versions compile" "$log"
    printf 'Premain-Class: StatesAgent\nCan-Redefine-Classes: true\n' >manifest
    "$JDK/bin/jar" --create --file "$jar" --manifest manifest -C "$JAVA_CLASSES" StatesAgent.class \
        -C versions/0 Shifted.class
    # Reflection is to call by the same frames every time: never by a generated accessor.
    for flags in -Xint -XX:+UseSerialGC; do
        JAVA_FLAGS=("$flags" "-javaagent:$jar" -Dsun.reflect.inflationThreshold=1000000)
        LABEL="classes redefined, $flags" java_oracle exit Redefinitions 40 versions/?/Shifted.class
    done
    JAVA_FLAGS=()
}

java_each_jdk jdk_test
tap_done
