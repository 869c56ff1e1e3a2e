#!/bin/bash
# gate_nights.sh -- how often can't the gate tell of a long, healthy run that it is healthy?  A service
# without a leak (tests/oracle/healthy.c) under the library whose clock goes sixty times as fast: RUNS
# (20) recordings of MINUTES each (10, 60 and 480), with PLACES (30 and 120) places, exact and sampled
# as the governor does it.  And once with a leak, which must not pass.  JOBS at a time (6).
# Prints a line for each, and why what couldn't be told couldn't.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq

LR_LIB=$LR_BUILD/test/lapse/libleakring.so
runs=${RUNS:-20} jobs=${JOBS:-6}

one() { # NAME SECONDS SEED PLACES KEYS LEAK
    LR_KEYS=size=32M,$5 traced "$1.lkr" "$LR_ORACLE/healthy" "$2" "$3" "$4" "$6" >"$1.out" 2>&1
    "${CLI:-$LR_CLI}" check --no-symbols -F json "$1.lkr" >"$1.json" 2>"$1.err"
    [ -z "${OTHER_CLI:-}" ] || "$OTHER_CLI" check --no-symbols -F json "$1.lkr" >"$1.other" 2>>"$1.err"
    rm -f "$1.lkr"
}

# MINUTES PLACES KEYS LEAK-BYTES: `runs` of them, in $name.*.json
series() {
    local seed
    for seed in $(seq "$runs"); do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        one "$name.$seed" "$1" "$seed" "$2" "$3" "$4" &
    done
    wait
}

count() { jq -s "[.[] | select(.outcome == \"$1\")] | length" "$name".*.json; }

for minutes in ${MINUTES:-10 60 480}; do
    for places in ${PLACES:-30 120}; do
        for keys in ${KEYS:-budget=off interval=64K interval=256K interval=1M interval=4M}; do
            for leak in ${LEAKS:-0 40000000}; do
                name=night.$minutes.$places.$keys.$leak
                series "$minutes" "$places" "$keys" "$leak"
                echo "| $minutes min | $places | $keys | $leak | $(count fail) | $(count cannot-tell) | $(count pass) |"
                [ -z "${OTHER_CLI:-}" ] || echo "    by $OTHER_CLI: $(jq -r .outcome "$name".*.other | sort | uniq -c | tr '\n' ' ')"
                jq -r '.files[].results[] | select(.outcome == "cannot-tell") | .message' "$name".*.json |
                    sed -E 's/[0-9.,]+ ?[kM]?B/N/g; s/place_[0-9]+/place_N/g; s/[0-9]+ (s|min|h)\b/T/g; s/at [^ ]+ grows/at X grows/' |
                    sort | uniq -c | sed 's/^/    /'
            done
        done
    done
done
