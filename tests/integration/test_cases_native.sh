#!/bin/bash
# test_cases_native.sh -- the verdict on native programs: mapped files that grow, an allocator that
# keeps what was freed, and what comes at the start only.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/cases.sh"
tap_need jq

native=$LR_ORACLE/cases_native
case_start mapped "$native" mapped "$STOP" "$T/mapped.file"
case_start retention "$native" retention "$STOP"
case_start startup "$native" startup "$STOP"
case_await mapped '.verdict.kind == "leak"'
case_await retention '.verdict.kind == "retention"'
early='.sites[] | select(.culprit.function == "start_up") | .class == "startup"'
case_await startup "($early) and .verdict.kind == \"none\""
case_end
for name in mapped retention startup; do case_report $name; done

case_check mapped leak "mapped files" 'mapped files grows by .* in keep_mapping .* unmap what keep_mapping'
case_grows mapped keep_mapping "mapped files" $((20 * 65536))
tap_is "$(case_say mapped '[.sites[] | select(.kind != "mmap" and .leaks)] | length')" 0 \
    "mapped files: no memory of malloc grows"

case_check retention retention "retention" 'keeps .* freed.*MALLOC_ARENA_MAX'
tap_is "$(case_place retention allocate | cut -f2,3)" "64	32768" "retention: what is live"
tap_is "$(case_say retention '[.sites[].live_bytes.value] | add < 500000')" true "retention: and next to nothing else is"
tap_is "$(case_say retention '.series.live_bytes | map(select(. != null)) | .[length / 2:] | max - min')" 0 \
    "retention: live memory is flat"
tap_is "$(case_say retention '.ledger[] | select(.name | test("freed")) | .bytes > 32000000')" true \
    "retention: the ledger has what was freed"

case_check startup none "start-up" 'no plain memory was seen to grow'
tap_is "$(case_seen startup "$early"),$(case_place startup start_up | cut -f3)" "true,1048576" \
    "start-up: a megabyte that came early"
tap_done
