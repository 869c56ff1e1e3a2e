#!/bin/bash
# test_gc.sh -- `leakring gc`: what a running JVM's collection takes away was garbage, what stays is
# held; every collector, options that forbid collections, and targets that can't answer.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
export LR_KEYS=budget=off

# start NAME COMMAND…: the target in the background, its pid in PID, once it has said READY.
start() {
    local name=$1
    shift
    rm -f "$name.lkr" "$name.out"
    traced_exec "$name.lkr" "$@" >"$name.out" 2>"$name.err" &
    PID=$!
    wait_for 120 eval "grep -qi '^READY' '$name.out' || ! kill -0 $PID"
    grep -qi '^READY' "$name.out" || tap_diag "never READY: $*" "$(cat "$name.err")"
}

stop() {
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null
}

# waiting LABEL [FLAG…]: a JVM with 300 + 300 dropped streams and 7 held ones, in waiting.lkr.
waiting() {
    start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m "$@" -cp "$JAVA_CLASSES" Waiting 300 7
}

# Live streams of waiting.lkr, by the dump.
live() { "$LR_CLI" dump --format=json --section=pairs waiting.lkr | jq '.pairs | length'; }
collections() { "$LR_CLI" dump --format=json --section=collections waiting.lkr | jq -c "$1"; }

collector_test() {
    local gc=$1 label="$JDK_NAME, $1"
    shift
    waiting "-XX:+Use${gc}GC" "$@"
    tap_is "$(live)" 607 "$label: garbage is live before"
    "$LR_CLI" gc --timeout=300 "$PID" >gc.out 2>gc.err
    tap_is "$?,$(cat gc.err)" 0, "$label: leakring gc" 
    tap_like "$(cat gc.out)" 'Inflater +307 before, +7 after: the rest was garbage' "$label: Inflaters"
    tap_like "$(cat gc.out)" 'Deflater +300 before, +0 after: garbage that waited' "$label: Deflaters"
    tap_like "$(cat gc.out)" 'allocator, in use' "$label: the allocator's figures"
    tap_is "$(live)" 7 "$label: what is held is live after"
    # Beside it there may be one that was seen: the JVM's own, or a part of this one.
    tap_is "$(collections '.collections[] | select(.why == "asked") | [.result, .request, .cleaned, .drained_ms > 0]')" \
        '["done",1,600,true]' "$label: the trace has it"
    kill -0 "$PID"
    tap_ok $? "$label: the program goes on"
    stop
}

# ask_fails STATUS REGEX LABEL [OPTION…] TARGET
ask_fails() {
    local status=$1 regex=$2 label=$3 out
    shift 3
    out=$("$LR_CLI" gc "$@" 2>&1)
    tap_is "$?" "$status" "$label: exit code"
    tap_like "$out" "$regex" "$label: why"
}

verdict() { report waiting.lkr | jq -r "$1"; }

# What reports say of dropped streams before a collection and after it, and of held ones.
report_test() {
    start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m -XX:+UseSerialGC -cp "$JAVA_CLASSES" Waiting 300 0
    tap_like "$(verdict '.verdict | tostring')" 'leakring gc' "$JDK_NAME: before, a report names leakring gc"
    "$LR_CLI" gc --timeout=300 "$PID" >gc.out 2>&1
    tap_is "$(verdict .verdict.kind)" garbage-waiting "$JDK_NAME: after leakring gc, garbage that waited"
    stop
    start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m -XX:+UseSerialGC -cp "$JAVA_CLASSES" Waiting 300 7
    "$LR_CLI" gc --timeout=300 "$PID" >gc.out 2>&1
    tap_is "$(verdict .verdict.kind)" leak "$JDK_NAME: held streams make it a leak"
    tap_like "$(verdict '.verdict.evidence | join("\n")')" '7 of them were in use .*: held' "$JDK_NAME: and the report says so"
    stop
    start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m -XX:+UseSerialGC -cp "$JAVA_CLASSES" Waiting 300 0 gc
    wait_for 120 eval '[ "$(collections "[.collections[] | select(.why == \"seen\" and .drained_ms > 0)] | length > 0")" = true ]'
    tap_is "$(verdict .verdict.kind)" garbage-waiting "$JDK_NAME: after System.gc() likewise"
    tap_like "$(verdict .verdict.summary)" 'closed only when a collection .* none is live now' "$JDK_NAME: and that none is live"
    stop
    # Those that came since are live, and nothing has tested them; but the Cleaner closed all before.
    start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m -XX:+UseSerialGC -cp "$JAVA_CLASSES" Waiting 300 0 again
    wait_for 120 eval '[ "$(collections "[.collections[] | select(.why == \"seen\" and .drained_ms > 0)] | length > 0")" = true ]'
    tap_is "$(live),$(verdict .verdict.kind)" 60,garbage-waiting "$JDK_NAME: garbage that waits now is known by what went before"
    tap_like "$(verdict '.verdict.evidence | join("\n")')" 'none of them was in use .*; of 60 that came since, that is not known' \
        "$JDK_NAME: and what isn't known is said"
    tap_like "$(verdict '.verdict.next | tostring')" 'leakring gc' "$JDK_NAME: and who can tell"
    "$LR_CLI" gc --timeout=300 "$PID" >gc.out 2>&1
    tap_is "$(live),$(verdict .verdict.kind)" 0,garbage-waiting "$JDK_NAME: it was garbage"
    tap_unlike "$(verdict '.verdict | tostring')" 'not known' "$JDK_NAME: then all is known"
    stop
}

# Every collector on one of the JDKs, and all of them on both with WHOLE=1.
collectors() {
    if [ -n "${WHOLE:-}" ]; then
        echo Serial Parallel G1 Z Shenandoah
    elif [ "$(lr_jdk_version "$JDK")" = 17 ]; then
        echo Parallel Z
    else
        echo Serial Shenandoah
    fi
}

jdk_test() {
    local gc
    for gc in $(collectors); do
        if "$JDK/bin/java" "-XX:+Use${gc}GC" -version >/dev/null 2>&1; then
            collector_test $gc
        else
            tap_skip "$JDK_NAME, $gc" "this JDK hasn't it"
        fi
    done
    report_test
    collector_test G1 -XX:+DisableExplicitGC
    waiting -XX:-UsePerfData -XX:+UnlockExperimentalVMOptions -XX:+UseEpsilonGC
    ask_fails 3 "didn't collect" "$JDK_NAME, Epsilon" "$PID"
    tap_is "$(live)" 607 "$JDK_NAME, Epsilon: everything is still live"
    kill -STOP "$PID"
    ask_fails 3 'is stopped' "$JDK_NAME, stopped" --timeout=1 "$PID"
    kill -CONT "$PID"
    # The request of the one who gave up is served; the next one waits for it.
    ask_fails 3 "didn't collect" "$JDK_NAME, continued, and asked by its trace" --timeout=300 waiting.lkr
    tap_is "$(collections '[.collections[].request]')" '[1,2,3]' "$JDK_NAME: all requests were served"
    stop
    ask_fails 3 'is gone' "$JDK_NAME, killed" waiting.lkr
}

java_each_jdk jdk_test

LR_KEYS=budget=off,young=0 waiting -XX:+UseSerialGC
ask_fails 3 'young=0' "no helper thread" --timeout=2 "$PID"
exec 8<>waiting.lkr
flock 8
ask_fails 3 "another process has held the trace's lock" "another asker that was stopped" --timeout=1 "$PID"
exec 8>&-
stop

# What a busy program drops while it is collected isn't held.
start waiting "$JDK/bin/java" "${JAVA_OPEN[@]}" -Xmx512m -XX:+UseSerialGC -cp "$JAVA_CLASSES" Waiting 300 0 on
"$LR_CLI" gc --timeout=300 "$PID" >gc.out 2>&1
tap_like "$(cat gc.out)" 'Inflater +[0-9,]+ before, +[01] after: .*garbage that waited' "a busy program: nothing is held"
stop

# Targets without a JVM, and what is no target.
start native "$LR_ORACLE/keeps"
ask_fails 3 'no JVM' "a native program" "$PID"
stop
sleep 1000 &
PID=$!
ask_fails 2 "isn't traced" "a process that isn't traced" "$PID"
stop
ask_fails 2 'no such process' "a process that is gone" "$PID"
ask_fails 2 'No such file' "a missing file" missing.lkr
echo text >text.lkr
ask_fails 2 'not a leakring trace' "another format" text.lkr
ask_fails 2 'name one process' "no target"
ask_fails 2 '--timeout' "a time that is none" --timeout=soon 1
if [ "$(id -u)" = 0 ] && tap_have setpriv; then
    start native "$LR_ORACLE/keeps"
    chown 65534 native.lkr
    ask_fails 2 'another user' "a trace of another user than its process" native.lkr
    chown 0 native.lkr
    chmod 644 native.lkr
    chmod 755 .
    out=$(setpriv --reuid=65534 --clear-groups "$LR_CLI" gc "$PWD/native.lkr" 2>&1)
    tap_is "$?" 2 "asked by a stranger: exit code"
    tap_like "$out" 'cannot be opened|belongs to another user' "asked by a stranger: why"
    stop
else
    tap_skip "traces of other users" "not root"
fi
tap_done
