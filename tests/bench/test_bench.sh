#!/bin/bash
# The benchmark's harness: that it measures, compares and prints what it says.  Its figures mean
# nothing here, and nothing is judged by them.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3

LEAKRING_BUILD=$LR_BUILD python3 "$LR_ROOT/tests/bench/bench.py" --quick --tsv rows.tsv \
    --scratch "$T" >table.txt 2>bench.err </dev/null
tap_ok $? "make bench-quick: every work runs with every tool, and prints the same" "$(cat bench.err)"
java=$(sed -n 's/.*(\(zip-[0-9]*\))$/\1/p' table.txt)
if [ -z "$LR_JDKS" ]; then tap_skip "Java" "no JDK under /usr/lib/jvm"; else tap_like "$java" . "Java has a table"; fi
for work in churn churn-fp churn-2 churn-8 live1m leak50 paced paced-mixed paced-fsync many-stacks $java; do
    tap_is "$(awk -F'\t' -v work=$work '$1 == work && $3 ~ /^(none|leakring|leakring-default)$/ &&
        $5 > 0 && $6 <= $5 && $5 <= $7 && $8 > 0 { print $3 }' rows.tsv | sort | xargs)" \
        "leakring leakring-default none" "$work has its rows, with figures"
    tap_like "$(cat table.txt)" "\($work\)$" "$work has its table"
done
tap_is "$(awk -F'\t' 'NR == 1 { n = NF } NF != n' rows.tsv)" "" "every line of the TSV has all fields"
tap_like "$(cat table.txt)" '^  leakring, exact[^0-9]+50/50 +50/50 +[+]0[.]00 %' "all places found, exactly"
tap_is "$(grep -c '^  no tool .* ns .* 1.00 ' table.txt)" 3 "latencies of the paced works"
tap_is "$(ls -d leakring-bench.* 2>/dev/null)" "" "nothing is left behind"

tap_like "$(cd "$LR_ROOT/tests/bench" && python3 -B test_harness.py 2>&1)" '^OK$' \
    "differing output, noise, orphans and failures are noticed"
tap_done
