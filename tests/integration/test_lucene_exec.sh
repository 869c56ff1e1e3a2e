#!/bin/bash
# test_lucene_exec.sh -- the same leak when java isn't started directly: through tini, gosu, a
# shell's exec and env, and when java executes itself again for its LD_LIBRARY_PATH.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"

# exec_test MODE LABEL WRAPPER…
exec_test() {
    local mode=$1 label=$2
    shift 2
    lucene_command 6.3.0 100
    java_run "$mode" lucene "$@" "${COMMAND[@]}"
    lucene_check "$mode" lucene 6.3.0 100 "$label"
}

# Only where a program is: exec_test_if PROGRAM MODE LABEL WRAPPER…
exec_test_if() {
    local program=$1
    shift
    if tap_have "$program"; then exec_test "$@"; else
        tap_skip "$JDK_NAME: Lucene, $2" "$program is not installed"
    fi
}

jdk_test() {
    # A libjvm.so of somebody else in a directory that is called like a JVM's: the launcher sets
    # LD_LIBRARY_PATH right and executes itself.
    mkdir -p "$T/foreign/lib/server"
    : >"$T/foreign/lib/server/libjvm.so"

    exec_test_if tini exit "through tini" tini -s --
    exec_test_if tini kill "through tini" tini -s --
    if [ "$(id -u)" -eq 0 ]; then
        exec_test_if gosu kill "through gosu" gosu root
    else
        tap_skip "$JDK_NAME: Lucene, through gosu" "gosu needs root"
    fi
    exec_test kill "exec env in a shell" sh -c 'exec env ANSWER=42 "$@"' sh
    exec_test exit "java executes itself" env LD_LIBRARY_PATH="$T/foreign/lib/server"
    exec_test kill "java executes itself" env LD_LIBRARY_PATH="$T/foreign/lib/server"
}

tap_need jq
lucene_setup
java_each_jdk jdk_test
tap_done
