#!/bin/bash
# test_native_left.sh -- calls that the program leaves without returning from them: zlib's by longjmp out of
# an allocator, anything by a C++ exception; what comes after is recorded as ever.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

for end in exit kill; do
    run_oracle $end left.$end.lkr "$LR_ORACLE/zlib_left"
    tap_is "$?,$(cat left.$end.lkr.err)" "0," "zlib's calls left by longjmp: runs, $end"
    report left.$end.lkr >left.json
    pair_sites left.json | cut -f 1-4 | sort >left.figures
    truth_of left.$end.lkr.out >left.truth
    only_known left.truth left.figures >left.known
    tap_same left.truth left.known "zlib's calls left by longjmp: streams afterwards are seen, $end"
    tap_is "$(sites left.json malloc | grep '^memory_' | tr '\t' ' ')" \
        "$(sed -n 's/^memory //p' left.$end.lkr.out | sort)" \
        "zlib's calls left by longjmp: memory afterwards belongs to no stream, $end"
    tap_is "$(completeness_of left.json)" complete "zlib's calls left by longjmp: complete, $end"
done

"$LR_ORACLE/thrown" exit >plain.out 2>plain.err
tap_ok $? "exceptions: plain" "$(cat plain.err)"
for keys in '' young=0 unwinder=libunwind; do
    LR_KEYS=$(exact_keys "size=16M${keys:+,$keys}") run_oracle exit thrown.lkr "$LR_ORACLE/thrown"
    tap_is "$?,$(cat thrown.lkr.err)" "0," "exceptions: as without us ${keys}"
    tap_same plain.out thrown.lkr.out "exceptions: the same output ${keys}"
    matches_truth thrown.lkr 'sites malloc new' "exceptions: blocks exactly ${keys}"
    tap_is "$(jq '[.pairs[] | select(.pair == "zlib.inflate") | .acquired] | add' thrown.lkr.json)" \
        "$(sed -n 's/^streams //p' plain.out)" "exceptions: streams exactly ${keys}"
    rm -f thrown.lkr
done
tap_done
