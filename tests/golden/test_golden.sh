#!/bin/bash
# test_golden.sh -- reports of synthesized traces, byte for byte.  `make golden-update` rewrites
# what is expected.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/golden/render.sh"
tap_need jq

golden_render "$LR_CLI" "$LR_BUILD/test/unit/test_golden" "$T"
tap_ok $? "the reports can be written"
for wanted in "$LR_ROOT"/tests/golden/*.txt "$LR_ROOT"/tests/golden/*.json; do
    tap_same "$wanted" "$T/${wanted##*/}" "${wanted##*/}"
done
tap_is "$(ls | grep -cE '\.(txt|json)$')" "$(ls "$LR_ROOT"/tests/golden | grep -cE '\.(txt|json)$')" \
    "there is a golden report for each"

# Whatever names hold, a terminal gets no control character but the line's end.
tap_is "$(LC_ALL=C tr -d '\n' <hostile.txt | LC_ALL=C grep -cP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]')" 0 \
    "no control characters from names"
tap_unlike "$(cat clean.txt)" "never ended|LEAK:.*[1-9] place" "a clean program gets a clean page"
tap_done
