#!/bin/bash
# test_fuzz.sh -- the fuzzers' quick form: a minute, all side by side.  `make fuzz` and its like are
# the long ones.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
tap_need clang

echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 1u << 30; }' >probe.c
clang -fsanitize=fuzzer,address probe.c -o probe 2>probe.err ||
    tap_skip_all "this clang has no libFuzzer: $(head -1 probe.err)"

targets=$(cd "$LR_ROOT/tests/fuzz" && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
mkdir fuzz

# count LOG: how many inputs were tried.
count() { sed -n 's/^Done \([0-9]*\) runs.*/\1/p; s/^#\([0-9]*\): cov.*/\1/p' "$1" | tail -1; }

for target in $targets; do
    make -C "$LR_ROOT" --no-print-directory BUILD="$LR_BUILD" "$LR_BUILD/test/fuzz/fuzz_$target" >$target.make 2>&1 &&
        cp "$LR_BUILD/test/fuzz/fuzz_$target" fuzz
done
for target in $targets; do
    [ -x fuzz/fuzz_$target ] || continue
    nice -n 10 "$LR_ROOT/tests/fuzz/fuzz.sh" $target fuzz "${FUZZ_SECONDS:-60}" -seed=1 >$target.log 2>&1 &
    eval "pid_$target=$!"
done
for target in $targets; do
    if [ -x fuzz/fuzz_$target ]; then
        eval "wait \$pid_$target"
        tap_ok $? "fuzz_$target: $(count $target.log) inputs" "$(tail -60 $target.log)"
    else
        tap_fail "fuzz_$target builds" "$(tail -5 $target.make)"
    fi
done
tap_done
