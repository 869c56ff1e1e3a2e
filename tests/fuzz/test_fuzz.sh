#!/bin/bash
# The fuzzers' quick form: a few thousand inputs each.  `make fuzz` is the long one.
. "$(dirname "$0")/../lib/tap.sh"
tap_need clang

echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 1u << 30; }' >probe.c
clang -fsanitize=fuzzer,address probe.c -o probe 2>probe.err ||
    tap_skip_all "this clang has no libFuzzer: $(head -1 probe.err)"

for source in "$LR_ROOT"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    if ! make -C "$LR_ROOT" --no-print-directory BUILD="$LR_BUILD" "$LR_BUILD/test/fuzz/$name" >make.log 2>&1; then
        tap_fail "$name builds" "$(tail -5 make.log)"
        continue
    fi
    mkdir -p corpus
    "$LR_BUILD/test/fuzz/$name" -seed=1 -runs=20000 -max_total_time=30 corpus >$name.log 2>&1
    tap_ok $? "$name: $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' $name.log) inputs" "$(tail -30 $name.log)"
done
tap_done
