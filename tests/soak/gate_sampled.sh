#!/bin/bash
# gate_sampled.sh -- the gate's errors when blocks are sampled (interval=64K), on real runs of a
# program that knows what it holds: RUNS=200 of each size, asked for limits at the truth (2.5 % of
# wrong verdicts either way are allowed), and four times off.  Prints a table.
. "$(dirname "$0")/../lib/tap.sh"

runs=${RUNS:-200}
ask() { "$LR_CLI" check -q --growth=off --no-symbols --limit-leaks="$1" held.lkr >/dev/null 2>&1; echo $?; }

held() { # BLOCKS SIZE
    local truth=$(($1 * $2)) run fails=0 passes=0 far_passes=0 far_fails=0
    for run in $(seq "$runs"); do
        rm -f held.lkr
        LR_KEYS=interval=64K traced held.lkr "$LR_ORACLE/holds" "$1" "$2" >/dev/null
        [ "$(ask $truth)" = 1 ] && fails=$((fails + 1))
        [ "$(ask $((truth - 1)))" = 0 ] && passes=$((passes + 1))
        [ "$(ask $((truth * 4)))" = 0 ] && far_passes=$((far_passes + 1))
        [ "$(ask $((truth / 4)))" = 1 ] && far_fails=$((far_fails + 1))
    done
    echo "| $1 of $2 bytes | $((truth / 65536)) | $fails | $passes | $far_passes | $far_fails |"
    # 2.5 %, and three standard errors
    tap_ok $([ $fails -le $((runs / 40 + 7)) ] && [ $passes -le $((runs / 40 + 7)) ]; echo $?) \
        "$1 blocks of $2 bytes: wrong at the limit in 2.5 % either way"
}

echo "| held | samples | fail at the limit | pass 1 byte above it | pass far below | fail far above | (of $runs)"
echo "|---|---|---|---|---|---|"
held 1000 4096
held 100 40000
held 200000 24
held 40 8192
tap_done
