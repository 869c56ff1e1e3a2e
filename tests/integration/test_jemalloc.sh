#!/bin/bash
# jemalloc behind us gives the same answers as glibc.  (Ahead of us we are blind, and say so.)
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

jemalloc=$(jemalloc_path)
[ -n "$jemalloc" ] || tap_skip_all "libjemalloc.so.2 is not installed"

for end in exit kill; do
    run_oracle $end glibc.$end.lkr "$LR_ORACLE/leak50" 3
    LR_BEHIND=$jemalloc run_oracle $end je.$end.lkr "$LR_ORACLE/leak50" 3
    tap_ok $? "leak50 runs on jemalloc, $end"
    matches_truth je.$end.lkr 'sites malloc new' "50 sites exactly on jemalloc, $end"
    matches_truth glibc.$end.lkr 'sites malloc new' "50 sites exactly on glibc, $end"
    tap_same glibc.$end.lkr.known je.$end.lkr.known "the same answers, $end"
done
tap_like "$(strings je.exit.lkr | head -200)" 'libjemalloc' "the trace names the allocator"

LR_BEHIND=$jemalloc run_oracle kill je.zlib.lkr "$LR_ORACLE/zlib_pairs"
matches_truth je.zlib.lkr pair_sites "zlib streams exactly on jemalloc"
LR_BEHIND=$jemalloc run_oracle exit je.threads.lkr "$LR_ORACLE/many_threads" 2000
matches_truth je.threads.lkr 'sites malloc' "2,000 short-lived threads on jemalloc"

LEAKRING=file=ahead.lkr LD_PRELOAD="$jemalloc:$LR_LIB" "$LR_ORACLE/leak50" exit >ahead.out 2>ahead.err
tap_ok $? "runs with jemalloc ahead of us"
report ahead.lkr >ahead.json 2>/dev/null
tap_is "$(completeness_of ahead.json)" blind "an allocator ahead of us makes us blind, and we say so"
tap_is "$(jq -r .verdict.kind ahead.json)" cannot-tell "a blind run can't be called clean"
tap_done
