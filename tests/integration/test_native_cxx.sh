#!/bin/bash
# C++: every form of new and delete, under demangled names, on allocators with and without an
# operator new of their own.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

kinds='sites malloc new'
for end in exit kill; do
    run_oracle $end cxx.$end.lkr "$LR_ORACLE/leak_new"
    tap_ok $? "leak_new runs, $end"
    matches_truth cxx.$end.lkr "$kinds" "blocks exactly, $end"
done
tap_is "$(cat cxx.exit.lkr.err)" "" "nothing on stderr"
tap_is "$(completeness_of cxx.exit.lkr.json)" complete "complete"

# jemalloc and tcmalloc define operator new themselves; then `new` doesn't come by malloc.
for name in jemalloc tcmalloc_minimal mimalloc; do
    library=$(ldconfig -p | awk -v name="lib$name.so." 'index($1, name) == 1 { print $NF; exit }')
    if [ -z "$library" ]; then
        tap_skip "$name" "lib$name is not installed"
        continue
    fi
    LR_BEHIND=$library run_oracle exit $name.lkr "$LR_ORACLE/leak_new" no-failing
    tap_ok $? "leak_new runs on $name"
    matches_truth $name.lkr "$kinds" "blocks exactly on $name"
    LD_PRELOAD="$library:$LR_LIB" LEAKRING=file=ahead.lkr "$LR_ORACLE/leak_new" exit no-failing >ahead.out 2>ahead.err
    tap_is "$?,$(cat ahead.err)" "0," "and runs with $name ahead of us"
    rm -f ahead*.lkr
done
tap_done
