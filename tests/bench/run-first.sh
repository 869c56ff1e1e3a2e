#!/bin/bash
# run-first.sh -- what recording every allocation costs: C churn with no tool, leakring, heaptrack.
#
#     tests/bench/run-first.sh [ROUNDS [PAIRS]]      (7 rounds of 2,000,000 malloc/free pairs)
#
# The variants take turns, so that a busy machine disturbs all of them alike; medians of CPU time
# are compared, never wall time.  "in process" is what the program itself used; "in all" counts
# helper processes too.  A round before the first isn't counted.  Lucene: tests/bench/lucene.sh.
. "$(dirname "$0")/../lib/tap.sh"

rounds=${1:-7}
pairs=${2:-2000000}
churn=$LR_BUILD/test/bench/churn
[ -x "$churn" ] || { echo "run-first.sh: $churn is missing; run make tests" >&2; exit 1; }

# measure NAME COMMAND…: appends `ns_per_pair_in_process ns_per_pair_in_all`.
measure() {
    local name=$1 TIMEFORMAT='%U %S' own
    shift
    { time "$@" >run.out 2>run.err; } 2>run.time || { cat run.err >&2; exit 1; }
    own=$(awk -F'\t' 'NF == 3 { print $3 }' run.out)
    [ -n "$own" ] || { cat run.out run.err >&2; exit 1; }
    awk -v own="$own" -v pairs="$pairs" \
        '{ printf "%.1f %.1f\n", own, ($1 + $2) * 1e9 / pairs }' run.time >>"$name.ns"
    rm -f bench.lkr* bench.heaptrack*
}

median() { # FILE COLUMN
    awk -v column="$2" '{ print $column }' "$1" | sort -n |
        awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

row() { # NAME TITLE
    awk -v title="$2" -v own="$(median "$1.ns" 1)" -v all="$(median "$1.ns" 2)" \
        -v base="$(median none.ns 1)" -v base_all="$(median none.ns 2)" \
        -v spread="$(cut -d' ' -f1 "$1.ns" | sort -n | sed -n '1h; $ { H; x; s/\n/-/p }')" 'BEGIN {
        printf "  %-34s %7.1f  %+8.1f  %6.2f   %-13s %8.1f  %6.2f\n",
            title, own, own - base, own / base, spread, all, all / base_all }'
}

run_all() {
    measure none "$churn" "$pairs"
    measure leakring env LD_PRELOAD="$LR_LIB" LEAKRING=file=bench.lkr "$churn" "$pairs"
    measure top env LD_PRELOAD="$LR_LIB" LEAKRING=file=bench.lkr,depth=1 "$churn" "$pairs"
    if tap_have heaptrack; then
        measure heaptrack heaptrack -o bench.heaptrack "$churn" "$pairs"
    fi
}

run_all
rm -f ./*.ns
for _ in $(seq "$rounds"); do run_all; done

echo "churn: 10,000 live blocks, 64 sizes, 200 sites 20 calls deep, no frame pointers;"
echo "$pairs pairs of malloc and free, $rounds interleaved rounds, medians of CPU time"
echo "                                     ns per pair, in process                  in all"
echo "                                      total     added   ratio   lowest-highest  total   ratio"
row none "no tool"
row leakring "leakring, every allocation"
row top "leakring, depth=1"
if [ -e heaptrack.ns ]; then
    row heaptrack "heaptrack"
else
    echo "  heaptrack: not installed"
fi
