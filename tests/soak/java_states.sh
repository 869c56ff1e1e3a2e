#!/bin/bash
# java_states.sh -- a stack on every malloc of a JVM that does everything at once: no crash, no hang,
# its output as it is without the tracer.
#
# Classes come and go, and are redefined by an agent; exceptions, deoptimization, stack overflow,
# 64 KiB stacks, JNI attach and detach, collections, virtual threads.  SOAK_SECONDS=N for each of two
# runs on each JDK, without and with the agent; `make soak-java` takes 300.
# timeout: 4000
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

seconds=${SOAK_SECONDS:-3}

# What the program prints without the tracer, which doesn't depend on how long it runs.
wanted="0 sums OK"

# soak LABEL FLAG…
soak() {
    local label="$JDK_NAME: $1, $seconds s" status
    shift
    [ "$(lr_jdk_version "$JDK")" -lt 22 ] || set -- --enable-native-access=ALL-UNNAMED "$@"
    set -- timeout -s KILL $((seconds * 4 + 600)) "$JDK/bin/java" -Xmx256m \
        -Xlog:disable \
        "-Djava.attach=$LR_ORACLE/java_attach" "$@"
    rm -f states.lkr
    LR_KEYS=budget=off traced states.lkr "$@" JavaStates "$seconds" 2 >states.out 2>states.err
    status=$?
    tap_is "$status $(cat states.out)" "$wanted" "$label: status and output are as ever"
    tap_is "$(cat states.err)" "" "$label: silent on stderr"
    "$LR_CLI" dump states.lkr >dump.txt 2>&1
    tap_ok $? "$label: the trace can be read" "$(tail -3 dump.txt)"
    tap_diag "$(grep -E 'name=(java_|gc_count|stacks_|intern_busy|jvmti)' dump.txt |
        sed -n 's/^ *name=\([a-z_]*\) .* value=\([1-9][0-9]*\)$/\1 \2/p' | paste -sd, -)"
    tap_is "$(sed -n 's/^ *name=java_walker_off .*value=//p' dump.txt)" 0 \
        "$label: the walk was trusted to the end"
}

jdk_test() {
    local jar=$T/states-$(lr_jdk_version "$JDK").jar
    printf 'Premain-Class: StatesAgent\nCan-Redefine-Classes: true\n' >manifest
    "$JDK/bin/jar" --create --file "$jar" --manifest manifest -C "$JAVA_CLASSES" StatesAgent.class
    soak "alone" -cp "$JAVA_CLASSES"
    soak "with an agent that redefines" "-javaagent:$jar" -cp "$JAVA_CLASSES"
}

java_each_jdk jdk_test
tap_done
