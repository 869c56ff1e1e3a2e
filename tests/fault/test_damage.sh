#!/bin/bash
# test_damage.sh -- damaged traces, and every command that reads one: a bit flipped, or cut short.  Not
# through the loader alone, as test_load_damage.c does it, but as a user would.
#
# WHOLE=1: each bit of the header, each multiple of 512, and FLIPS (10,000) at random (make check-damage).
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3

mkdir golden && "$LR_BUILD/test/unit/test_golden" golden && "$LR_BUILD/test/unit/test_evil_names" evil.lkr
tap_ok $? "the traces are made"
if [ -n "${WHOLE:-}" ]; then
    options="--whole --cuts 100 --flips $((${FLIPS:-10000} / 18))"
else
    options="--flips 8 --cuts 3"
fi
said=$(python3 -B "$LR_ROOT/tests/lib/damage.py" "$LR_CLI" golden/leak.lkr evil.lkr $options)
tap_ok $? "no command crashes, hangs or fails without a word: $(tail -1 <<<"$said")" "$(head -20 <<<"$said")"
tap_like "$said" '[1-9][0-9]* refused' "some are refused"
tap_done
