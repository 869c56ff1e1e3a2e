#!/bin/bash
# test_limits.sh -- little memory, little room, no place to write: the target's status and output
# stay what they are, at most one line is said, and there is a whole trace or none at all.
# WHOLE=1 (make check-faults): every step of each limit.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/cgroup.sh"

leak50=$LR_ORACLE/leak50
# The C library maps 64 MiB for a thread that finds no arena free: whether it does is chance.
export MALLOC_ARENA_MAX=1
"$leak50" exit 2 >plain.out 2>plain.err

# limited LABEL COMMAND…: leak50 by COMMAND (which runs its arguments under the limit), traced into
# the directory $place.  Counts in `recorded`, `refused`; what is wrong goes to `bad`.
limited() {
    local label=$1 status lines
    shift
    rm -rf "${place:?}"/*
    "$@" env LEAKRING="file=$place/x.lkr,size=${size:-8M}" LD_PRELOAD="$LR_LIB" \
        timeout -s KILL 300 "$leak50" exit 2 >got.out 2>got.err </dev/null
    status=$?
    lines=$(grep -c '^leakring: ' got.err)
    [ "$status" -eq 0 ] || blame "$label" "status $status"
    cmp -s plain.out got.out || blame "$label" "other output: $(diff plain.out got.out | head -2)"
    sed '/^leakring: /d' got.err | cmp -s - plain.err || blame "$label" "stderr: $(head -2 got.err)"
    case $lines,$(ls "$place" | wc -l) in
    0,1)
        recorded=$((recorded + 1))
        report "$place/x.lkr" >got.json 2>report.err || blame "$label" "$(cat report.err)"
        ;;
    1,0) refused=$((refused + 1)) ;;
    *) blame "$label" "$lines lines, $(ls "$place" | wc -l) files: $(grep '^leakring' got.err)" ;;
    esac
}
blame() { bad="$bad
$1: $2"; }
begin() { bad= recorded=0 refused=0; }
verdict() {
    tap_is "$bad" "" "$1: as without us, a whole trace or one line$(sed -n '2s/^/: /p' <<<"$bad" | cut -c1-150)"
    tap_diag "$1: $recorded recorded, $refused refused"
}

place=$PWD/place
mkdir -p "$place"

# steps FIRST STEP LAST: all of them with WHOLE, else about twelve.
steps() {
    local step=$2
    [ -n "${WHOLE:-}" ] || step=$((($3 - $1) / 12 + 1))
    seq "$1" "$step" "$3"
}

# Address space in KiB: from too little for the program itself to plenty.
with_address_space() { (ulimit -v "$1" && shift && exec "$@"); }
needs=12000
until with_address_space $needs "$leak50" exit 2 >got.out 2>got.err && cmp -s plain.out got.out; do
    needs=$((needs + 4000))
done 2>/dev/null
tap_diag "the program itself needs $needs KiB of addresses"
begin
for limit in $(steps $((needs + 4000)) 3000 400000); do
    limited "ulimit -v $limit" with_address_space "$limit"
done
verdict "RLIMIT_AS"
tap_ok $((recorded == 0 || refused == 0)) "RLIMIT_AS: both were seen"

# File size in KiB; what the program itself writes goes to a pipe.
with_file_size() { "$BASH" -c 'ulimit -f $0 && exec "$@"' "$@" 2> >(cat >&2) | cat; return "${PIPESTATUS[0]}"; }
begin
for limit in 0 1 4 64 1024 4096 8191 8192 8193 20000; do limited "ulimit -f $limit" with_file_size $limit; done
verdict "RLIMIT_FSIZE"
tap_ok $((recorded == 0 || refused == 0)) "RLIMIT_FSIZE: both were seen"

with_descriptors() { (ulimit -n "$1" && shift && "$@"); }
begin
for limit in 4 5 6 10; do limited "ulimit -n $limit" with_descriptors $limit; done
verdict "RLIMIT_NOFILE"

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>unshare.err; then
    tap_skip "full, read-only and small file systems, cgroups" "needs root and a mount namespace"
    tap_done
fi

# Run below a file system of its own, in a mount namespace that takes it along.
in_tmpfs() { # OPTIONS COMMAND…
    unshare -m sh -c 'mount -t tmpfs -o "$1" tmpfs "$0" && shift && "$@"' "$place" "$@"
}
# The trace goes with the namespace, so it is looked at inside.
looked_at() {
    local label=$1 options=$2
    in_tmpfs "$options" "$BASH" -c '
        env LEAKRING="file=$0/x.lkr,size=8M" LD_PRELOAD="$1" "$2" exit 2 >got.out 2>got.err
        echo "$? $(grep -c "^leakring: " got.err) $(ls "$0" | wc -l) $(cmp -s plain.out got.out && echo same)"
        [ ! -e "$0/x.lkr" ] || "$3" report "$0/x.lkr" >/dev/null 2>&1 || echo "no whole trace"' \
        "$place" "$LR_LIB" "$leak50" "$LR_CLI" >looked 2>&1
    case $(cat looked) in
    "0 0 1 same") recorded=$((recorded + 1)) ;;
    "0 1 0 same") refused=$((refused + 1)) ;;
    *) blame "$label" "$(head -3 looked) $(head -2 got.err)" ;;
    esac
}
begin
for kib in $(steps 64 512 40000); do looked_at "file system of $kib KiB" "size=${kib}k"; done
looked_at "without inodes" nr_inodes=1
looked_at "read-only" ro
verdict "full, small and read-only file systems"
tap_ok $((recorded == 0 || refused == 0)) "file systems: both were seen"

# A memory cgroup of 64 MiB, which counts the trace's pages on a tmpfs and those of its disk cache.
if group_make 64 && group_run true 2>>group.err; then
    begin
    for size in 4M 8M 16M 64M; do limited "64 MiB cgroup, size=$size" group_run; done
    verdict "a memory cgroup of 64 MiB"
    tap_ok $((recorded == 0)) "a memory cgroup of 64 MiB: it was recorded"
    # More blocks than its table holds, most of the memory the program's own.
    hungry='import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
for i in range(300000): c.malloc(64)
print("done")'
    group_run env LEAKRING="file=$PWD/hungry.lkr" LD_PRELOAD="$LR_LIB" python3 -c "$hungry" >got.out 2>got.err
    tap_is "$?,$(cat got.out got.err)" "0,done" "a memory cgroup of 64 MiB: a program that fills half of it"
    tap_ok $(("$(stat -c %s hungry.lkr 2>/dev/null || echo 99999999)" > (64 << 20) / 8)) \
        "its trace is cut to the limit" "$(ls -l hungry.lkr)"
    group_jdk_test() {
        java_run exit Unended sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$JDK/bin/java" -Xmx16m \
            -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
        tap_is "$?" 0 "$JDK_NAME: in a memory cgroup of 64 MiB: exit status"
        java_check exit Unended "in a memory cgroup of 64 MiB"
    }
    java_each_jdk group_jdk_test
else
    tap_skip "a memory cgroup of 64 MiB" "none can be made here: $(group_why)"
fi
tap_done
