#!/bin/bash
# Each system call that the library makes at start fails once: the target's output and status stay
# what they are, and at most one line is said.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need strace

hello=$LR_ORACLE/say_hello
strace -o calls -E LEAKRING=file=a.lkr -E LD_PRELOAD="$LR_LIB" "$hello" 3 >plain.out 2>plain.err
[ "$(cat plain.out)" = "hello world" ] || tap_skip_all "strace can't trace here: $(head -1 plain.err)"
rm -f a.lkr

# `name index error`: the calls from the library's first to the program's first, numbered by name.
awk -F'(' '
    /^[a-z0-9_]+\(/ { count[$1]++ }
    /\/proc\/self\/exe/ { ours = 1 }
    /^(brk|getrandom|write)\(/ { if (ours) exit }
    ours && $1 ~ /^[a-z0-9_]+$/ && $1 != "getpid" && $1 != "getppid" && $1 != "gettid" {
        error = $1 == "mmap" ? "ENOMEM" : $1 == "openat" ? "EACCES" : $1 == "fallocate" ? "ENOSPC" : $1 == "read" ? "EIO" : "ENOSYS"
        print $1, count[$1], error
    }' calls >list
tap_ok $([ "$(wc -l <list)" -ge 20 ]; echo $?) "there are calls to fail ($(wc -l <list))"

bad= silent=0
while read -r name index error; do
    strace -o /dev/null -e inject=$name:error=$error:when=$index \
        -E LEAKRING=file=a.lkr -E LD_PRELOAD="$LR_LIB" "$hello" 3 >got.out 2>got.err
    status=$?
    lines=$(grep -c '^leakring: ' got.err)
    [ "$status,$(cat got.out),$(grep -v '^leakring: ' got.err)" = "3,hello world,status 3" ] ||
        bad="$bad
$name #$index $error: status $status, $(cat got.out got.err)"
    [ "$lines" -le 1 ] || bad="$bad
$name #$index $error: $lines lines"
    if [ "$lines" -eq 0 ]; then
        # Nothing was said, so there must be a trace that reads as whole.
        if report a.lkr >a.json 2>report.err; then
            [ "$(jq '[.sites[].live_bytes.value] | add' a.json)" -ge 123 ] || bad="$bad
$name #$index $error: $(sites a.json malloc)"
        else
            bad="$bad
$name #$index $error: said nothing, and $(cat report.err)"
        fi
        silent=$((silent + 1))
    elif [ -e a.lkr ]; then
        bad="$bad
$name #$index $error: a file was left behind: $(grep leakring: got.err)"
    fi
    rm -f a.lkr*
done <list
tap_is "$bad" "" "each fails once: the target is unaffected, and there is a line or a whole trace"
tap_diag "$silent of $(wc -l <list) made no difference"

# The helper thread can't be started: everything goes straight to the file.
strace -f -o /dev/null -e inject=clone3,clone:error=EAGAIN:when=1 \
    -E LEAKRING=file=b.lkr -E LD_PRELOAD="$LR_LIB" "$LR_ORACLE/leak50" exit 3 >b.lkr.out 2>b.lkr.err
tap_is "$?,$(cat b.lkr.err)" "0," "no helper thread: the target runs, silently"
matches_truth b.lkr 'sites malloc' "no helper thread: 50 sites exactly"
tap_done
