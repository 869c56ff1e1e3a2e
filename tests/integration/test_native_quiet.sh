#!/bin/bash
# The target can't tell that it is traced: output, status, errno and corner cases are the same;
# and no file, socket or program of ours but what is named here.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

# same_run NAME COMMAND…: stdout, stderr and status equal with and without the preload.
same_run() {
    local name=$1
    shift
    "$@" >plain.out 2>plain.err </dev/null
    echo "status $?" >>plain.out
    traced "$PWD/quiet.%p.lkr" "$@" >traced.out 2>traced.err </dev/null
    echo "status $?" >>traced.out
    sed -i '/ Aborted /d' plain.err traced.err # the test's own shell
    tap_same plain.out traced.out "stdout and status: $name"
    tap_same plain.err traced.err "stderr: $name"
    rm -f quiet.*.lkr
}

same_run "malloc's corner cases and errno" "$LR_ORACLE/malloc_manners"
same_run "a status other than 0" "$LR_ORACLE/say_hello" 41
same_run "leak50" "$LR_ORACLE/leak50" exit 4
same_run "a program that doesn't exist, through env" env /nonexistent/program
same_run "gcc" cc -O1 -c -x c -o /dev/null - 
same_run "python" python3 -c 'import json, zlib, threading; print(len(zlib.compress(b"x" * 100000)))'
same_run "sort and pipes" bash -c 'seq 5000 | sort -rn | head -3; ls /nonexistent'
same_run "an abort" bash -c 'ulimit -c 0; kill -ABRT $$'
tap_have git && same_run "git" git --version

env -u LD_PRELOAD -u LEAKRING -u _ env | sort >plain.env
traced "$PWD/env.lkr" env -u LD_PRELOAD -u LEAKRING -u _ env | sort >traced.env
tap_same plain.env traced.env "the environment is handed on as it is"

if tap_have strace; then
    strace -f -o plain.trace "$LR_ORACLE/leak50" exit 2 >/dev/null 2>&1
    strace -f -o traced.trace -E LEAKRING="file=$PWD/strace.lkr" -E LD_PRELOAD="$LR_LIB" \
        "$LR_ORACLE/leak50" exit 2 >/dev/null 2>&1
    paths() { sed -nE 's/^[0-9]+ +(open|openat|readlink|readlinkat|stat|lstat|newfstatat|access|statfs)\([^"]*"([^"]*)".*/\2/p' "$1" | sort -u; }
    paths plain.trace >plain.paths
    paths traced.trace >traced.paths
    allowed="$PWD/\\.|$PWD/strace(\\.[0-9]+)?\\.lkr|$LR_LIB|/proc/(self|[0-9]+)/(maps|stat|exe|cmdline|auxv|cgroup|mountinfo|statm|status|smaps_rollup|mem|limits)|/proc/(self|[0-9]+)/task/[0-9]+/comm|/proc/sys/kernel/random/boot_id|/proc/(meminfo|vmstat|zoneinfo)|/sys/fs/cgroup(/[^ ]*)?|/etc/ld\\.so\\.preload"
    tap_is "$(comm -13 plain.paths traced.paths | grep -Evx "$allowed")" "" \
        "no file of ours but the trace, its directory and those of /proc and the cgroup"
    # Signal 0 is none: it asks whether a thread still lives.
    outward() {
        grep -E '(socket|connect|execve|fork|vfork|ptrace|kill|memfd_create)\(' "$1" |
            grep -cvE 'kill\([0-9, ]*, 0\)'
    }
    tap_is "$(outward traced.trace)" "$(outward plain.trace)" "no socket, no program, no signal of ours"
    tap_is "$(grep -cE 'openat?\(.*strace.*\.lkr' traced.trace)" 1 "the trace file is opened once"
else
    tap_skip "system calls" "strace is not installed"
fi

# Nothing stays open: the descriptors are those of an untraced run.
traced fds.lkr ls /proc/self/fd >traced.fds 2>&1
ls /proc/self/fd >plain.fds 2>&1
tap_same plain.fds traced.fds "no file descriptor is kept"
tap_done
