#!/bin/bash
# test_java_walker.sh -- Java frames found by our own walk against AsyncGetCallTrace's answer, stack
# by stack, and against JVMTI's where that is legal (streams' natives), on a JVM in every state:
# interpreted, compiled, mixed, with each collector.
#
# WALKER_SECONDS=N: that long for each kind (make soak-walker); by default as short as it can be.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

seconds=${WALKER_SECONDS:-1}

# counter NAME: of the trace that dump.txt shows.
counter() { sed -n "s/^ *name=$1 kind=[a-z]* value=//p" dump.txt; }

# walker FLAG…: one run with every stack verified, or every 32nd.
walker() {
    local label="$JDK_NAME: $*" every=1 stacks checked wrong lost asked
    rm -f states.lkr hs_err.txt
    [ "$1" != -Xcomp ] || every=32 # nearly all time goes into deep stacks there
    LR_KEYS=java_check=$every traced states.lkr "$JDK/bin/java" -Xmx256m -Xlog:disable -XX:ErrorFile=hs_err.txt "$@" \
        -cp "$JAVA_CLASSES" JavaStates "$seconds" 2 >states.out 2>states.err
    tap_is "$? $(tail -1 states.out) $(cat states.err)" "0 sums OK " "$label: the program's output"
    # A JVM that died tells of it here, or nobody will ever know why.
    [ ! -e hs_err.txt ] || tap_diag "$(head -150 hs_err.txt | cut -c1-160)"
    "$LR_CLI" dump states.lkr >dump.txt 2>&1
    checked=$(counter java_checked)
    wrong=$(($(counter java_wrong_count) + $(counter java_wrong_method) + $(counter java_wrong_bci)))
    stacks=$(counter java_stacks)
    lost=$(($(counter java_lost) + $(counter java_unresolved)))
    tap_diag "stacks $stacks, lost $lost (no place $(counter java_no_place), strange code" \
        "$(counter java_strange_code), strange further out $(counter java_strange), not told apart" \
        "$(counter java_unresolved)); checked $checked, VM had no answer $(counter java_unchecked)" \
        "(collecting $(counter java_vm_collects)), wrong $wrong" \
        "(count $(counter java_wrong_count), method $(counter java_wrong_method), bci" \
        "$(counter java_wrong_bci)), VM one call on $(counter java_vm_next), VM short $(counter java_vm_short)"
    tap_ok "$((checked < 500))" "$label: hundreds of stacks were compared" "$checked"
    tap_ok "$((wrong * 1000 > checked))" "$label: they are what the VM says" "$wrong of $checked"
    # Where they can't be had, it is for the code that called, never for the load; some at all times.
    tap_ok "$((lost > 5 + stacks / 1000))" "$label: 99.9 % have their Java frames" "$lost lost of $stacks"
    asked=$(counter java_jvmti_checked)
    tap_diag "JVMTI asked for $asked stacks of streams"
    tap_ok "$((asked < 20))" "$label: stacks of streams were compared with JVMTI's" "$asked"
    tap_is "$(counter java_jvmti_count) $(counter java_jvmti_method) $(counter java_jvmti_bci)" "0 0 0" \
        "$label: none of them has other frames, methods or places"
    tap_is "$(counter java_walker_off)" 0 "$label: the walker was trusted to the end"
}

jdk_test() {
    local flags
    for flags in -XX:+UseG1GC -Xint -XX:TieredStopAtLevel=1 "-XX:-TieredCompilation -XX:+UseSerialGC" \
        "-Xcomp -XX:+UseParallelGC" -XX:+UseZGC -XX:+UseShenandoahGC; do
        # shellcheck disable=SC2086 # flags are words
        if "$JDK/bin/java" $flags -version >/dev/null 2>&1; then
            walker $flags
        else
            tap_skip "$JDK_NAME: $flags" "this JDK was built without it"
        fi
    done
}

java_each_jdk jdk_test
tap_done
