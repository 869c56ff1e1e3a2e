#!/bin/bash
# leakring export --format=csv and openmetrics: as other readers understand them.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/python.sh"
tap_need jq python3

"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"
live_bytes() {
    report "$1" | jq '[.sites[].live_bytes.value, .pairs[].live_bytes, 0] | add'
}

# Python's reader is strict: every row as long as the first, no quote that isn't closed.
cat >read_csv.py <<'EOF'
import csv, json, sys
raw = open(sys.argv[1], newline="").read()
assert raw.endswith("\r\n") and raw.count("\n") == raw.count("\r\n"), "lines end in CR LF"
rows = list(csv.DictReader(raw.splitlines(keepends=True), strict=True))
assert all(None not in row and None not in row.values() for row in rows), "all rows are as long"
print(json.dumps(rows))
EOF
for name in leak native hostile blind; do
    "$LR_CLI" export -F csv -o $name.csv $name.lkr 2>/dev/null
    python3 read_csv.py $name.csv >$name.rows
    tap_ok $? "$name: csv"
    tap_is "$(jq 'map(.live_bytes | tonumber) | add // 0' $name.rows)" "$(live_bytes $name.lkr)" \
        "$name: csv has all live bytes"
    tap_is "$(jq length $name.rows)" "$(report $name.lkr | jq '[.sites[], .pairs[].sites[]] | length')" \
        "$name: csv has a row for each place"
done
tap_is "$(jq -c '[.[] | select(.class == "leak")][0] | [.resource, .function, .file, .line, .live_count, .never_ended]' leak.rows)" \
    '["java.util.zip.Inflater","com.acme.codec.Codec.<init>","Codec.java","31","40","50"]' "a row"
tap_like "$(jq -r '.[].stack' leak.rows)" '^com.acme.web.Handler.handle;.*;java.util.zip.Inflater.<init>$' \
    "its stack, outermost first"

for name in leak native hostile blind; do
    "$LR_CLI" export -F openmetrics -o $name.prom $name.lkr 2>/dev/null
    tap_is "$(tail -c 6 $name.prom)" "# EOF" "$name: openmetrics ends as it should"
done
tap_is "$(grep -vE '^#' leak.prom | grep -cE '\{pid="4242",app="java"[,}].* [0-9.]+$')" \
    "$(grep -cvE '^#' leak.prom)" "each sample has pid and app, and no time"
tap_like "$(cat leak.prom)" '^leakring_verdict\{.*verdict="leak"} 1$' "the verdict"
tap_is "$(sed -n 's/^leakring_live{.*resource="java.util.zip.Inflater"} //p' leak.prom)" \
    "$(report leak.lkr | jq '.pairs[] | select(.pair == "java.util.zip.Inflater").live')" "live streams"
if python=$(python_with prometheus_client); then
    for name in leak native hostile blind; do
        # Either reader: OpenMetrics' own, and that of the text format, which the collector uses.
        tap_is "$("$python" - $name.prom 2>&1 <<'EOF'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as new
from prometheus_client.parser import text_string_to_metric_families as old
text = open(sys.argv[1]).read()
print(sum(len(f.samples) for f in new(text)) == sum(len(f.samples) for f in old(text)) > 0)
EOF
)" True "$name: read by prometheus_client"
    done
else
    tap_skip "openmetrics is read by prometheus_client" "python3-prometheus-client is not installed"
fi
tap_done
