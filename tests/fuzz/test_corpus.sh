#!/bin/bash
# test_corpus.sh -- the kept inputs of the fuzzers, read again: none crashes, none takes more than two
# seconds of processor time or 256 MB.  (test_fuzz.sh begins with them, under sanitizers.)
#
# tests/fuzz/corpus/TARGET has what found new ways through the code, made few by `fuzz.sh --keep`, and,
# under names that say what they did, inputs that once did harm.
. "$(dirname "$0")/../lib/tap.sh"

for target in "$LR_ROOT"/tests/fuzz/fuzz_*.c; do
    target=$(basename "$target" .c) target=${target#fuzz_}
    "$LR_ROOT/tests/fuzz/seeds.sh" $target $target
    said=$("$LR_BUILD/test/fuzz/replay_$target" $target/* 2>&1)
    tap_ok $? "$target: $(tail -1 <<<"$said")" "$(head -20 <<<"$said")"
    tap_ok $([ "$(ls "$LR_ROOT/tests/fuzz/corpus/$target" | wc -l)" -gt 0 ]; echo $?) "$target: there are kept ones"
done
tap_is "$(du -s --apparent-size -B1M "$LR_ROOT/tests/fuzz/corpus" | cut -f1)" 1 "they fit a megabyte"
tap_done
