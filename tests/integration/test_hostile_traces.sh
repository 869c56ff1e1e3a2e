#!/bin/bash
# test_hostile_traces.sh -- traces that were made to hurt a reader (tests/lib/hostile_trace.py): each is read
# or refused, within 256 MB and, far from hours, ten seconds of processor time (two on an idle machine); and
# what they name is opened only if it is a file.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3

unset DEBUGINFOD_URLS
python3 -B "$LR_ROOT/tests/lib/hostile_trace.py" . 2>make.err || tap_fail "the files are made" "$(cat make.err)"

# costs STATUSES NAME COMMAND…: one of those, within limits.
costs() {
    local statuses=$1 name=$2 status seconds megabytes
    shift 2
    read -r status seconds megabytes < <(python3 -B "$LR_ROOT/tests/lib/measured.py" out "$@")
    if [[ $status == [$statuses] ]] && [ "${seconds/./}" -le 1000 ] && [ "$megabytes" -le 256 ]; then
        tap_pass "$name: within limits"
    else
        tap_fail "$name: within limits" "status $status, $seconds s, $megabytes MB" "$(head -20 out)"
    fi
}

for trace in *.lkr; do
    costs 02 "$trace: report" "$LR_CLI" report "$trace"
done
for way in "report --format=html -o page.html" check "export --format=folded" "top --once" dump doctor "diff plain.lkr"; do
    costs 0123 "$way" "$LR_CLI" $way holes-running.lkr
done
"$LR_CLI" report plain.lkr >plain.txt
tap_like "$(cat plain.txt)" '5\.00? MB' "the plain one has its block"
if [ -e holes-live.lkr ]; then
    "$LR_CLI" report holes-live.lkr >holes.txt
    tap_like "$(cat holes.txt)" '8\.00? MB' "so has the one of holes, and the block behind them"
else
    tap_skip "files of a terabyte" "this file system has none"
fi

# Neither command nor library looks into what is no file: a device may do something when it is opened.
if [ "$(id -u)" = 0 ] && tap_have strace && mknod device c 1 7 2>/dev/null && (: <device) 2>/dev/null; then
    python3 -B "$LR_ROOT/tests/lib/hostile_elf.py" elf device-alternate && mknod elf/device c 1 7 &&
        "$LR_BUILD/test/unit/test_symbol_worker" "$PWD/elf"
    tap_ok $? "a library whose other half is a device"
    python3 -B -c "
import sys
sys.path.insert(0, '$LR_ROOT/tests/lib')
import hostile_trace
hostile_trace.device(b'$PWD/device').write('device.lkr')"
    own_mounts=
    # What libdw opens is shut by mounts of one's own, where one may have them (Linux 5.12).
    if unshare -m true 2>/dev/null && printf '%s\n' 5.12 "$(uname -r)" | sort -VC; then
        own_mounts="report elf/device-alternate.lkr"
    else
        tap_skip "nor by libdw" "no mounts of one's own here"
    fi
    for arguments in "report device.lkr" "report device" "mark device name" "gc device" "check --rules=device plain.lkr" \
        ${own_mounts:+"$own_mounts"}; do
        strace -f -qq -e trace=open,openat,openat2 -o opened "$LR_CLI" $arguments >out 2>&1
        tap_like "$(cat opened)" '"[^"]*device"' "leakring $arguments: it was come upon"
        tap_is "$(grep -E '"[^"]*/?device"' opened | grep -v O_PATH | grep -vE '= -1 E')" "" "and not opened"
    done
else
    tap_skip "devices are not opened" "not root, no strace, or devices are shut here"
fi
tap_done
