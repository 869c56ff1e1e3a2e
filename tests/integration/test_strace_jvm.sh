#!/bin/bash
# test_strace_jvm.sh -- what the tracer does to a JVM that others can see: no file, socket or exec
# but the trace file and what DESIGN names, no descriptor left open, not a byte on stdout or stderr.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# Files that only a traced run may touch: ourselves, the trace, and small reads about this process,
# its parent, its cgroup and the boot.
ALLOWED='^(/proc/self/[a-z_]+|/proc/N/(exe|maps|stat|comm|cmdline)|/proc/(self|N)/task/N/[a-z]+'
ALLOWED+='|/proc/sys/kernel/random/boot_id|/proc/(meminfo|vmstat|zoneinfo)|/sys/fs/cgroup(/.*)?'
# Not ours: the C library asks for this now and then, when a heap of its own shrinks.
ALLOWED+='|/proc/sys/vm/overcommit_memory'
# Nor this: a JVM looks after the files of others that died, in /tmp/hsperfdata_USER.
ALLOWED+='|N'
ALLOWED+='|LIB|TRACE(/[^/]*)?)$'

# strace_run OUTPUT COMMAND…: system calls of COMMAND that name files, use the network or execute.
# The environment of COMMAND is set by -E options in STRACE.
strace_run() {
    local output=$1
    shift
    timeout 300 strace -f -qq -s 4096 -e trace=%file,%network,execve,execveat -e signal=none \
        ${STRACE[@]+"${STRACE[@]}"} -o "$output" "$@" >"$output.out" 2>"$output.err"
}

# The calls of an strace output, one a line: name and first path, numbers made equal.
calls() {
    sed -nE -e 's/^[0-9]+ +([a-z0-9_]+)\([^"]*"(([^"\\]|\\.)*)".*/\1 \2/p' "$1" |
        sed -E -e "s#$LR_LIB#LIB#; s#$T/trace#TRACE#" -e 's#[0-9]+#N#g' | sort -u
}

# Calls that make connections or programs: how often each.
outward() {
    sed -nE 's/^[0-9]+ +(socket|connect|bind|listen|accept4?|sendto|sendmsg|socketpair|execve|execveat)\((.{0,20}).*/\1 \2/p' \
        "$1" | sed -E 's/[0-9]+, .*//' | sort | uniq -c
}

# Files that the traced run touched and none of the plain ones.
extra_calls() {
    comm -13 <({ calls plain; calls again; } | sort -u) <(calls traced) |
        awk '{print $2}' | sort -u | grep -vE "$ALLOWED"
}

file_test() {
    local extra again
    mkdir -p trace
    STRACE=()
    strace_run plain "$@"
    strace_run again "$@"
    STRACE=(-E "LEAKRING=file=$T/trace/jvm.lkr" -E "LD_PRELOAD=$LR_LIB")
    rm -f trace/*
    strace_run traced "$@"
    tap_is "$?" 0 "$JDK_NAME: runs under strace and the tracer"
    [ -s trace/jvm.lkr ]
    tap_ok $? "$JDK_NAME: there is a trace file" "$(tail -3 traced.err)"
    extra=$(extra_calls)
    # What the JVM itself does now and then: is it there in one of three more runs without us?
    for again in 1 2 3; do
        [ -n "$extra" ] || break
        STRACE=()
        strace_run more "$@"
        cat more >>again
        extra=$(extra_calls)
    done
    tap_is "$extra" "" "$JDK_NAME: no file is touched but those that DESIGN names"
    tap_is "$(outward traced)" "$(outward plain)" "$JDK_NAME: no socket and no exec"
    tap_is "$(ls trace)" jvm.lkr "$JDK_NAME: one file, nothing beside it"
}

descriptor_test() {
    local pid
    rm -f open.*
    traced_exec open.lkr "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended wait \
        >open.out 2>open.err &
    pid=$!
    wait_line 300 open.out '^READY$'
    tap_like "$(cat "/proc/$pid/maps")" 'open\.lkr$' "$JDK_NAME: the trace is mapped"
    tap_unlike "$(ls -l "/proc/$pid/fd")" 'open\.lkr|libleakring' "$JDK_NAME: no descriptor stays open"
    kill -KILL $pid
    wait $pid 2>/dev/null
}

# quiet_test LABEL ARGUMENT…: stdout, stderr and status with and without the tracer.
quiet_test() {
    local label=$1 plain traced
    shift
    "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" "$@" >plain.out 2>plain.err
    plain=$?
    rm -f quiet.lkr*
    traced quiet.lkr "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" "$@" \
        >traced.out 2>traced.err
    traced=$?
    sed -i '/^pid\t/d' plain.out traced.out
    tap_is "$traced" "$plain" "$JDK_NAME: $label: exit status"
    tap_same traced.err plain.err "$JDK_NAME: $label: stderr is byte-identical"
    tap_same traced.out plain.out "$JDK_NAME: $label: stdout is byte-identical"
}

jdk_test() {
    file_test "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Ended
    descriptor_test
    quiet_test "leaking program" Unended
    quiet_test "uncaught exception" JarCache
    quiet_test "no such class" NoSuchClass
    quiet_test "-version" -version
    quiet_test "-Xcheck:jni" -Xcheck:jni Unended
}

tap_need strace jq
java_each_jdk jdk_test
tap_done
