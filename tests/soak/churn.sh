#!/bin/bash
# churn.sh -- a program that allocates and frees all the time: its trace keeps its size, and neither
# the program nor what the tracer takes of its memory grows.
#
# SOAK_SECONDS=N (make soak-churn: 1800), CHURN_RATE=N blocks a second (200,000).  A line for each of
# sixty samples goes to samples.tsv: seconds, bytes of the file, RSS of the process, RSS of the trace's
# mapping, both in KiB.  Growth is judged from the first third on, when the longest lives have been
# through a few times (paced.c: half a minute at a million a second).
# timeout: 14000
. "$(dirname "$0")/../lib/tap.sh"

seconds=${SOAK_SECONDS:-180} rate=${CHURN_RATE:-200000}
few=4096 # KiB that the heap of the program may come and go by

LD_PRELOAD=$LR_LIB LEAKRING=budget=off,file=churn.lkr \
    "$LR_BUILD/test/bench/paced" "$rate" "$seconds" mixed >churn.out &
target=$!
trap 'kill $target 2>/dev/null; tap_cleanup' EXIT
step=$((seconds / 60 > 0 ? seconds / 60 : 1))
for ((at = step; at < seconds; at += step)); do
    sleep "$step"
    rss=$(awk '/^VmRSS/ { print $2 }' /proc/$target/status) || break
    trace=$(awk '/churn[.]lkr/ { mine = 1 } mine && /^Rss/ { sum += $2; mine = 0 } END { print sum }' \
        /proc/$target/smaps)
    printf '%s\t%s\t%s\t%s\n' "$at" "$(stat -c %s churn.lkr)" "$rss" "$trace" >>samples.tsv
done
wait $target
tap_is $? 0 "$seconds s of churn"
tap_is "$(cut -f2 samples.tsv | sort -u | wc -l)" 1 "the trace kept its size"
# growth FIELD: the most in the last two thirds, less what it was when they began, KiB.
growth() {
    awk -F'\t' -v field="$1" -v from=$((seconds / 3)) '$1 < from { first = $field; next }
        $field > most { most = $field } END { print most - first }' samples.tsv
}
tap_ok "$([ "$(growth 3)" -le $few ]; echo $?)" "the process didn't grow" "by $(growth 3) KiB"
tap_ok "$([ "$(growth 4)" -le $few ]; echo $?)" "nor did what it holds of the trace" "by $(growth 4) KiB"
tap_diag "$(wc -l <samples.tsv) samples; RSS $(sed -n "1p" samples.tsv | cut -f3) to $(tail -1 samples.tsv | cut -f3) KiB," \
    "of the trace $(sed -n "1p" samples.tsv | cut -f4) to $(tail -1 samples.tsv | cut -f4); growth $(growth 3) and $(growth 4)"
"$LR_CLI" report --format=json churn.lkr >report.json
tap_is "$(jq -r .completeness.verdict report.json)" complete "and nothing was lost"
tap_done
