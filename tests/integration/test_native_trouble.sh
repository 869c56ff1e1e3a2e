#!/bin/bash
# What can go wrong at start: one line at most, and the target runs as if we weren't there.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

hello=$LR_ORACLE/say_hello

# troubled NAME LINES VALUE [COMMAND…]: runs with LEAKRING=VALUE; LINES of ours on stderr (0 or 1).
troubled() {
    local name=$1 lines=$2 value=$3
    shift 3
    [ $# -gt 0 ] || set -- "$hello" 3
    env LEAKRING="$value" LD_PRELOAD="$LR_LIB" "$@" >got.out 2>got.err
    local status=$?
    grep -v '^leakring: ' got.err >got.own
    tap_is "$(cat got.out),$status,$(cat got.own)" "hello world,3,status 3" "the target is unaffected: $name"
    tap_is "$(grep -c '^leakring: ' got.err)" "$lines" "lines on stderr: $name"
    [ "$lines" -eq 0 ] || tap_diag "$(grep '^leakring: ' got.err)"
}

for value in unknown=1 size=abc size=1 size=-5 depth=0 depth=1000 young=x children=yes \
    unwinder=magic file= noequals 'file="unclosed' ',' '=' 'file=a.lkr,,depth=3' "$(printf 'bad\nline=1')"; do
    case $value in ',' | 'file=a.lkr,,depth=3') wanted='[01]' ;; *) wanted=1 ;; esac
    env LEAKRING="$value" LD_PRELOAD="$LR_LIB" "$hello" 3 >got.out 2>got.err
    tap_is "$?,$(cat got.out)" "3,hello world" "target unaffected by LEAKRING=$(printf %q "$value")"
    tap_like "$(grep -vc '^status 3$' got.err)" "^$wanted\$" "one line about LEAKRING=$(printf %q "$value")"
    rm -f *.lkr
done
env LEAKRING=depht=3 LD_PRELOAD="$LR_LIB" "$hello" 2>got.err >/dev/null
tap_like "$(cat got.err)" 'leakring: .*depht' "the line names the wrong key"
tap_is "$(count_traces .)" 1 "and the run is recorded with the defaults"
rm -f *.lkr

troubled "a directory that doesn't exist" 1 file=/nonexistent/dir/x.lkr
mkdir place
troubled "a directory in place of the file" 0 "file=$PWD/place/"
tap_is "$(count_traces place)" 1 "takes the trace under its default name"
rm -rf place
troubled "/proc" 1 file=/proc/leakring.lkr
ln -s "$PWD/elsewhere" link.lkr
env LEAKRING="file=$PWD/link.lkr" LD_PRELOAD="$LR_LIB" "$hello" >/dev/null 2>&1
tap_is "$([ -e elsewhere ] && echo written)" "" "a symlink is never followed"
rm -f link*.lkr
echo precious >taken.lkr
env LEAKRING="file=$PWD/taken.lkr" LD_PRELOAD="$LR_LIB" "$hello" >/dev/null 2>&1
tap_is "$(cat taken.lkr)" precious "an existing file is never overwritten"
rm -f *.lkr
troubled "a name that is too long" 1 "file=$PWD/$(printf 'x%.0s' $(seq 400)).lkr"

# Limits.  The file's whole size is asked for first: SIGXFSZ and SIGBUS can't happen.
troubled "RLIMIT_FSIZE of 8 KiB" 1 "file=$PWD/limit.lkr" bash -c "ulimit -f 8; exec '$hello' 3"
tap_is "$(count_traces .)" 0 "no partial file is left behind (RLIMIT_FSIZE)"

if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 755 closed
    chmod 711 .
    troubled "an unwritable directory" 1 "file=$PWD/closed/x.lkr" \
        setpriv --reuid 65534 --regid 65534 --clear-groups "$hello" 3
    mkdir tiny
    trap 'umount -l "$T/tiny" 2>/dev/null; tap_cleanup' EXIT
    if mount -t tmpfs -o size=256k tmpfs tiny 2>mount.err; then
        troubled "a file system of 256 KiB" 1 "file=$PWD/tiny/x.lkr"
        tap_is "$(ls -A tiny)" "" "no partial file is left behind (full file system)"
        umount tiny

        # A disk that fills up while we record: every block was reserved at start.
        mount -t tmpfs -o size=16m tmpfs tiny
        LR_KEYS=size=8M traced_exec "$PWD/tiny/x.lkr" "$LR_ORACLE/leak50" wait 4 >full.out 2>full.err &
        pid=$!
        wait_for 120 test -s tiny/x.lkr
        cat /dev/zero >tiny/filler 2>/dev/null
        ready_or_dead $pid full.out
        settle $pid
        kill -0 $pid 2>/dev/null
        tap_ok $? "a file system that fills up meanwhile: the target lives"
        kill -9 $pid
        wait $pid 2>/dev/null
        report tiny/x.lkr >full.json
        truth_of full.out >full.truth
        sites full.json malloc new >full.figures
        only_known full.truth full.figures >full.known
        tap_same full.truth full.known "and its 50 sites are recorded exactly"

        # The file is deleted, renamed, while we record.
        LR_KEYS=size=4M traced_exec "$PWD/gone.lkr" "$LR_ORACLE/leak50" wait 2 >gone.out 2>gone.err &
        pid=$!
        wait_for 120 test -s gone.lkr
        rm -f gone.lkr
        ready_or_dead $pid gone.out
        settle $pid
        kill -0 $pid 2>/dev/null
        tap_ok $? "the trace is deleted meanwhile: the target lives"
        kill -9 $pid
        wait $pid 2>/dev/null
        umount tiny
    else
        tap_skip "a file system of 256 KiB" "mount: $(cat mount.err)"
    fi
else
    tap_skip "an unwritable directory, a tiny file system" "needs root"
fi

# Without file=: the working directory, else TMPDIR, else /tmp.
mkdir -p tmp && cd /proc || exit
env TMPDIR="$T/tmp" LEAKRING= LD_PRELOAD="$LR_LIB" "$hello" >"$T/got.out" 2>"$T/got.err"
cd "$T" || exit
tap_is "$(count_traces tmp),$(cat got.err)" "1," "an unwritable working directory: TMPDIR is used, silently"

# The file is ours alone, and says what ran.
traced own.lkr "$hello" >/dev/null
tap_is "$(stat -c %a own.lkr)" 600 "the file's mode is 0600"
traced "%e-%h.lkr" "$hello" >/dev/null
tap_is "$(ls say_hello-*.lkr 2>/dev/null | wc -l)" 1 "%e and %h are expanded"
LR_KEYS=size=4M traced small.lkr "$hello" >/dev/null
tap_is "$(stat -c %s small.lkr)" 4194304 "size= is the file's size"

# A full table is reported, never silent, and the program doesn't notice.
LR_KEYS=size=4M run_oracle exit full.lkr "$LR_ORACLE/many_threads" 200
traced_full() { LR_KEYS=size=4M,young=0 traced full2.lkr python3 -c '
import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
for i in range(400000): c.malloc(16)
print("done")'; }
tap_is "$(traced_full 2>full.err)" done "400,000 live blocks in a 4 MiB file: the target runs"
tap_is "$(cat full.err)" "" "silently"
report full2.lkr >full2.json
tap_is "$(completeness_of full2.json)" incomplete "the report says incomplete"
tap_is "$(jq '.completeness.dropped | [.. | numbers] | add > 100000' full2.json)" true "and how much was lost"

# A missing library is the dynamic linker's line, and nothing else.
LD_PRELOAD=/nonexistent/libleakring.so "$hello" 3 >got.out 2>got.err
tap_is "$?,$(cat got.out)" "3,hello world" "a missing library does no harm"
tap_done
