#!/bin/bash
# SIGKILL at any moment leaves a file that reads as whole: no damage, at most one torn record for
# each thread, live figures from the tables alone.  Forty deaths of an allocating, four-threaded
# program, some while it starts.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

churn=$LR_BUILD/test/bench/churn
threads=4
read_whole=0 too_young=0 wrong=

for i in $(seq 40); do
    trace=kill.$i.lkr
    LR_KEYS=size=8M traced_exec $trace "$churn" 100000000 $threads >/dev/null 2>kill.err &
    pid=$!
    # 0 to 120 ms, most of them early: the first ones before the file is complete
    sleep "0.$(printf %03d $((i * i * 120 / 1600)))"
    kill -9 $pid
    wait $pid 2>/dev/null
    [ -s kill.err ] && wrong="$wrong
$i: stderr: $(cat kill.err)"
    if ! [ -s $trace ]; then
        too_young=$((too_young + 1)) # died before the library's start
        continue
    fi
    if ! "$LR_CLI" dump --section=header $trace >header 2>dump.err; then
        # Died while the file was being made: one clear line.
        [ "$(wc -l <dump.err)" -le 2 ] && grep -q '^leakring: ' dump.err || wrong="$wrong
$i: $(cat dump.err)"
        too_young=$((too_young + 1))
        rm -f $trace
        continue
    fi
    grep -q 'damaged_sections=0 damaged_references=0 damaged_values=0' header || wrong="$wrong
$i: $(grep damaged header)"
    torn=$(sed -n 's/.*torn_records=\([0-9]*\).*/\1/p' header)
    # Each thread and the helper may have been in the middle of one.
    [ "${torn:-99}" -le $((threads + 1)) ] || wrong="$wrong
$i: $torn torn records"
    if ! report $trace >kill.json 2>report.err; then
        wrong="$wrong
$i: $(cat report.err)"
    else
        [ "$(ended_of kill.json)" = killed ] || wrong="$wrong
$i: ended by $(ended_of kill.json)"
        # Each thread has at most 10,000 blocks and its table of them.
        live=$(jq '[.sites[] | select(.culprit.function | startswith("leaf_")) | .live_count.value] | add // 0' kill.json)
        [ "$live" -le $((threads * 10000)) ] || wrong="$wrong
$i: $live live blocks of at most $((threads * 10000))"
        read_whole=$((read_whole + 1))
    fi
    rm -f $trace
done
tap_is "$wrong" "" "every file was whole, or said in one line that it wasn't finished"
tap_ok $([ $read_whole -ge 20 ]; echo $?) "most of the 40 processes got far enough to count ($read_whole)"
tap_diag "$too_young died before their file was complete"
tap_done
