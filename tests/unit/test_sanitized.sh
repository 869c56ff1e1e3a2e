#!/bin/bash
# The unit tests once more under sanitizers: the analyzer's with address and undefined behaviour,
# those of the preload's tables with thread.  One result per program; its output if it fails.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"

# sanitized KIND TITLE: builds and runs the programs of `make unit-KIND`.
sanitized() {
    local kind=$1 title=$2 program
    if ! make -C "$LR_ROOT" --no-print-directory -j2 BUILD="$LR_BUILD" unit-$kind >$kind.log 2>&1; then
        tap_fail "$title: the programs build" "$(grep -v '^  ' $kind.log | tail -20)"
        return
    fi
    for program in "$LR_BUILD-$kind"/test/unit/test_*; do
        [ -x "$program" ] && [ -e "$LR_ROOT/tests/unit/$(basename "$program").c" ] || continue
        timeout 600 "$program" >run.log 2>&1
        tap_ok $? "$title: $(basename "$program")" "$(tail -40 run.log)"
    done
}

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=0:exitcode=66
sanitized asan "address, undefined"
sanitized tsan "thread"
tap_done
