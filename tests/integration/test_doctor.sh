#!/bin/bash
# test_doctor.sh -- each reason for a missing or empty trace that we know is told by doctor in one line:
# of the environment and a program, of a running process, of a file.  (More in test_run.sh.)
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need jq gcc python3 setpriv

hello=$LR_ORACLE/say_hello
PIDS=
kill_all() {
    [ -z "$PIDS" ] || kill -KILL $PIDS 2>/dev/null
    [ -z "${OTHER:-}" ] || rm -rf "$OTHER"
    tap_cleanup
}
trap kill_all EXIT
trap 'exit 143' TERM INT

# says REGEX NAME [ARGUMENT…]: doctor finds a problem, and says so in one line; VARIABLES before it.
VARIABLES=()
says() {
    local regex=$1 name=$2
    shift 2
    env ${VARIABLES[@]+"${VARIABLES[@]}"} "$LR_CLI" doctor "$@" >doctor.out 2>doctor.err
    tap_is "$?,$(grep -Ec "^(problem|warning) .*$regex" doctor.out)" "1,1" "$name" "$(cat doctor.out)"
    VARIABLES=()
}
# warns: the same of a warning, where nothing is wrong for certain.
warns() {
    local regex=$1 name=$2
    shift 2
    env ${VARIABLES[@]+"${VARIABLES[@]}"} "$LR_CLI" doctor "$@" >doctor.out 2>doctor.err
    tap_like "$(cat doctor.out)" "^warning .*$regex" "$name"
    VARIABLES=()
}

# --- LD_PRELOAD ---
VARIABLES=(LD_PRELOAD=/nonexistent/libleakring.so)
says 'LD_PRELOAD names /nonexistent/libleakring.so, .*No such file' "LD_PRELOAD: a wrong path" -- "$hello"
VARIABLES=(LD_PRELOAD=/usr/lib/libleekring.so:/usr/lib/libleak.so)
says "doesn't name libleakring.so" "LD_PRELOAD: a slip in its name"
mkdir 'a blank' && cp "$LR_LIB" 'a blank/'
VARIABLES=(LD_PRELOAD="$T/a blank/libleakring.so")
says 'LD_PRELOAD names blank/libleakring.so, .*No such file' "LD_PRELOAD: a path with a blank"
mkdir strange && cp "$LR_LIB" strange/
printf '\267' | dd of=strange/libleakring.so bs=1 seek=18 conv=notrunc status=none # e_machine: aarch64
VARIABLES=(LD_PRELOAD="$T/strange/libleakring.so")
says 'libleakring.so, which is for aarch64' "LD_PRELOAD: a library for another machine" -- "$hello"
mkdir text && echo 'not a library' >text/libleakring.so
VARIABLES=(LD_PRELOAD="$T/text/libleakring.so")
says 'libleakring.so, which is no library' "LD_PRELOAD: no library"
mkdir private && cp "$LR_LIB" private/ && chmod 644 private/libleakring.so
VARIABLES=(LD_PRELOAD="$T/private/libleakring.so")
env "${VARIABLES[@]}" "$LR_CLI" doctor -- "$hello" >doctor.out
tap_is "$?,$(grep -c '^ok .*LD_PRELOAD has .*private/libleakring.so' doctor.out)" "0,1" \
    "LD_PRELOAD: a library needs no permission to execute" "$(cat doctor.out)"
VARIABLES=()
# What stands ahead of it is judged by its name, not by where it is.
mkdir servicemesh-jemalloc && gcc -shared -o servicemesh-jemalloc/libagent.so -x c /dev/null
cp servicemesh-jemalloc/libagent.so servicemesh-jemalloc/libjemalloc.so.2
env LD_PRELOAD="$T/servicemesh-jemalloc/libagent.so:$LR_LIB" "$LR_CLI" doctor -- "$hello" >doctor.out
tap_is "$?,$(grep -c 'stands ahead' doctor.out)" "0,0" "LD_PRELOAD: a library ahead that is no allocator" \
    "$(cat doctor.out)"
VARIABLES=(LD_PRELOAD="$T/servicemesh-jemalloc/libjemalloc.so.2:$LR_LIB")
says 'libjemalloc.so.2 stands ahead of libleakring.so' "LD_PRELOAD: one that is"

# --- LEAKRING ---
VARIABLES=(LEAKRING=flie=x.lkr)
says "unknown key 'flie'.*ignored" "LEAKRING: a key that is misspelt"
tap_like "$(cat doctor.out)" 'did you mean file=' "and what was meant"
VARIABLES=(LEAK_RING=file=x.lkr)
warns 'LEAK_RING is set, and nobody reads it' "LEAKRING: a variable that is misspelt"
VARIABLES=(LEAKRING=exe=java:javac)
says 'exe=java:javac leaves say_hello out' "LEAKRING: exe= doesn't match the program" -- "$hello"
(cd "$T" && LEAKRING=exe=java "$LR_CLI" run -- "$hello") >run.out 2>run.err
tap_like "$(cat run.err)" 'exe=java leaves say_hello out' "and run says so, too"

# --- the program ---
echo 'int main(void) { return 0; }' >tiny.c
gcc -o for-musl tiny.c -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
says 'uses musl' "a program for musl" -- ./for-musl
says 'no such program in PATH' "no such program" -- no-such-program-anywhere

# --- the place ---
mkfifo pipe
VARIABLES=(LEAKRING=file=$T/pipe)
says 'neither a file nor a directory' "file= names a FIFO"
VARIABLES=(LEAKRING=file=/nonexistent/%e.lkr)
says '/nonexistent: no trace can be written there: No such file' "file= in a directory that isn't there"
VARIABLES=(LEAKRING="file=$T/%e/x.lkr")
says 'say_hello: no trace can be written there' "%e in the directory's name is the program" -- "$hello"
mkdir directory
VARIABLES=(LEAKRING="file=$T/directory")
env "${VARIABLES[@]}" "$LR_CLI" doctor >doctor.out
tap_is "$?,$(grep -c "^ok .*$T/directory: a trace of .* can be written" doctor.out)" "0,1" "file= names a directory" "$(cat doctor.out)"
VARIABLES=()
(ulimit -v 70000 && exec "$LR_CLI" doctor) >doctor.out 2>&1
tap_is "$?,$(grep -c '^problem .*RLIMIT_AS' doctor.out)" "1,1" "a limit on the address space" "$(cat doctor.out)"
if [ "$(id -u)" = 0 ]; then
    mkdir anybodys && chown 12345 anybodys && chmod 777 anybodys
    VARIABLES=(LEAKRING=file=$T/anybodys/x.lkr)
    says 'belongs to another user' "another user's directory, writable by all"
    if unshare -m true 2>/dev/null; then
        mkdir full
        unshare -m sh -c "mount -t tmpfs -o size=40m none full && LEAKRING=file=$T/full/x.lkr '$LR_CLI' doctor" >doctor.out
        tap_is "$?,$(grep -c '^problem .*full: a trace takes' doctor.out)" "1,1" "too little room" "$(cat doctor.out)"
        unshare -m sh -c "mount -t tmpfs -o size=400m,nr_inodes=1 none full && LEAKRING=file=$T/full/x.lkr '$LR_CLI' doctor" >doctor.out
        tap_is "$?,$(grep -c "^problem .*full: .* can't be reserved there: No space" doctor.out)" "1,1" "no inode left" "$(cat doctor.out)"
        unshare -m sh -c "mount -t tmpfs -o ro none full && LEAKRING=file=$T/full/x.lkr '$LR_CLI' doctor" >doctor.out
        tap_is "$?,$(grep -c '^problem .*full: no trace can be written there: Read-only' doctor.out)" "1,1" "read-only" "$(cat doctor.out)"
    else
        tap_skip "file systems that are full or read-only" "no mount namespace can be made here"
    fi
else
    tap_skip "other users' places, full and read-only ones" "needs root"
fi
tap_is "$(ls -A directory)" "" "doctor leaves nothing behind where it tried"

# --- a running process ---
# run_it COMMAND…: in the background, PID; it is there when /proc says that it runs it.
run_it() {
    "$@" >it.out 2>it.err &
    PID=$!
    disown
    PIDS="$PIDS $PID"
}
# is_program GLOB: of its file's name.
is_program() { case $(readlink "/proc/$PID/exe") in */$1) ;; *) return 1 ;; esac; }
is_asleep() { grep -qs '^State:.S' "/proc/$PID/status" && is_program "$1"; }

run_it env LD_PRELOAD=/nonexistent/libleakring.so sleep 3000
wait_for 120 is_asleep '[sc]*'
says "LD_PRELOAD names /nonexistent/libleakring.so, .*No such file" "pid: a wrong path" "$PID"
if gcc -static -o static-sleep -x c - <<<'#include <unistd.h>
int main(void) { return pause(); }' 2>/dev/null; then
    run_it env LD_PRELOAD="$LR_LIB" ./static-sleep
    wait_for 120 is_asleep static-sleep
    says 'static-sleep is statically linked' "pid: a static program" "$PID"
else
    tap_skip "pid: a static program" "no static C library"
fi
run_it env LEAKRING=exe=java LD_PRELOAD="$LR_LIB" python3 -c 'import time; time.sleep(3000)'
wait_for 120 is_asleep 'python3*'
says 'exe=java leaves python3.* out' "pid: exe= doesn't match it" "$PID"
run_it env LEAKRING=file=/nonexistent/x.lkr LD_PRELOAD="$LR_LIB" python3 -c 'import time; time.sleep(3000)'
wait_for 120 is_asleep 'python3*'
says 'the library is loaded, but it records into no file' "pid: no place for its trace" "$PID"
run_it bash -c 'ulimit -f 8; exec env LD_PRELOAD="$1" python3 -c "import time; time.sleep(3000)"' - "$LR_LIB"
wait_for 120 is_asleep 'python3*'
warns 'limit \(RLIMIT_FSIZE' "pid: a limit on file sizes" "$PID"

# Its children: what it executes, and what it forks.
run_it env LEAKRING="file=$T/parent.lkr" LD_PRELOAD="$LR_LIB" python3 -c '
import os, subprocess, time
child = subprocess.Popen(["sleep", "3000"])
fork = os.fork()
if fork:
    print(child.pid, fork, flush=True)
time.sleep(3000)'
wait_line 120 it.out ' '
read -r child fork <it.out
PIDS="$PIDS $child $fork"
says "it was started by pid $PID .*children of a traced program aren't" "pid: a child of a traced program" "$child"
says "it was forked by pid $PID.*what a process forks isn't recorded" "pid: a fork of a traced program" "$fork"
"$LR_CLI" doctor "$PID" >doctor.out
tap_is "$?,$(grep -c '^ok .*it is traced into .*parent.lkr' doctor.out)" "0,1" "pid: and the traced one itself"
mkdir private-log && mv parent.lkr private-log/ # renamed: the mapping knows
"$LR_CLI" doctor "$PID" >doctor.out
tap_is "$?,$(grep -c 'it is traced into .*private-log/parent.lkr' doctor.out)" "0,1" "pid: a trace that was renamed" "$(cat doctor.out)"
rm private-log/parent.lkr
says 'it is traced into .*parent.lkr, which was deleted' "pid: a trace that was deleted" "$PID"
run_it env LEAKRING="fiel=$T/x.lkr" LD_PRELOAD="$LR_LIB" TMPDIR="$T" python3 -c 'import time; time.sleep(3000)'
wait_line 120 it.err 'leakring:'
wait_for 120 eval "\"\$LR_CLI\" doctor $PID | grep -q 'it is traced'"
warns "unknown key 'fiel'.*ignored" "pid: traced, with a key that is misspelt" "$PID"
run_it env LEAKRING="file=$T/parents.lkr,children=1" LD_PRELOAD="$LR_LIB" python3 -c '
import subprocess, time
print(subprocess.Popen(["sleep", "3000"], env={}).pid, "", flush=True)
time.sleep(3000)'
wait_line 120 it.out ' '
read -r child <it.out
PIDS="$PIDS $child"
says "it was started without libleakring.so in LD_PRELOAD" "pid: a child with an environment of its own" "$child"

jemalloc=$(jemalloc_path)
if [ -n "$jemalloc" ]; then
    run_it env LEAKRING="file=$T/ahead.lkr" LD_PRELOAD="$jemalloc:$LR_LIB" "$LR_ORACLE/leak50" wait
    wait_line 120 it.out '^ready$'
    says "BLIND: .*malloc didn't reach the tracer; .*libjemalloc.* came first" "pid: another allocator comes first" "$PID"
    kill -KILL "$PID"
    says "BLIND: .*malloc didn't reach the tracer; .*libjemalloc.* came first" "file: another allocator came first" ahead.lkr
    report ahead.lkr >ahead.json
    tap_like "$(jq -r '.completeness.notes[]' ahead.json)" 'those of .*libjemalloc.*, which comes before it' "and the report names it"
    tap_like "$("$LR_CLI" report ahead.lkr | sed -n 2p)" '^Next: put libleakring.so before .*libjemalloc' "and says what to do"
else
    tap_skip "another allocator comes first" "libjemalloc.so.2 is not installed"
fi

if [ "$(id -u)" = 0 ]; then
    OTHER=$(mktemp -d /tmp/leakring-doctor.XXXXXX) && chmod 755 "$OTHER"
    cp "$(readlink -f "$(command -v sleep)")" "$OTHER/risen" && chown 12345 "$OTHER/risen" && chmod 4755 "$OTHER/risen"
    cp "$LR_LIB" "$LR_CLI" "$OTHER/"
    says 'set-user-id' "a set-user-id program" -- "$OTHER/risen"
    run_it env LD_PRELOAD="$OTHER/libleakring.so" "$OTHER/risen" 3000
    wait_for 120 is_asleep risen
    if [ "$(sed -n 's/^Uid:\t0\t//p' "/proc/$PID/status" | cut -f1)" = 12345 ]; then
        says 'started with rights that its user lacks' "pid: a set-user-id program" "$PID"
    else
        tap_skip "pid: a set-user-id program" "the file system ignores that bit"
    fi
    setpriv --reuid=12345 --regid=12345 --clear-groups "$OTHER/leakring" doctor "$PID" >doctor.out 2>&1
    tap_like "$(cat doctor.out)" "Permission denied|hides it" "pid: without permission to look"
    if unshare -m true 2>/dev/null; then
        mkdir inside
        run_it unshare -m sh -c "mount -t tmpfs none inside && cp '$LR_LIB' inside/ && LEAKRING=size=4M,file=$T/inside/x.lkr \
            LD_PRELOAD=$T/inside/libleakring.so exec python3 -c 'import time; time.sleep(3000)'"
        wait_for 120 is_asleep 'python3*'
        wait_for 120 test -s "/proc/$PID/root$T/inside/x.lkr"
        "$LR_CLI" doctor "$PID" >doctor.out
        tap_is "$?,$(grep -c "^ok .*inside/x.lkr, which is /proc/$PID/root$T/inside/x.lkr here" doctor.out)" "0,1" \
            "pid: a trace in another mount namespace" "$(cat doctor.out)"
    else
        tap_skip "pid: a trace in another mount namespace" "no mount namespace can be made here"
    fi
else
    tap_skip "other users' processes" "needs root"
fi

# --- a file ---
: >empty.lkr
says 'empty.lkr: is empty: the traced process never began to write it' "file: empty" empty.lkr
tap_like "$(cat doctor.out)" 'ended while it started' "and what that means"
truncate -s 4M zeros.lkr
says 'zeros.lkr: .*starts with zeros' "file: never begun" zeros.lkr
says 'missing.lkr: No such file' "file: missing" missing.lkr
tap_like "$(cat doctor.out)" 'doctor PID. tells where' "and how to find it"
mkdir folder.lkr
says 'folder.lkr: ' "file: a directory" folder.lkr
traced cut.lkr "$hello" >/dev/null
truncate -s 1M cut.lkr
says 'cut.lkr: is truncated' "file: cut" cut.lkr
tap_done
