#!/bin/bash
# Other allocators behind us and ahead of us: tcmalloc, mimalloc.  (jemalloc: test_jemalloc.sh.)
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

# library_path NAME: of libNAME, whatever its version.
library_path() { ldconfig -p | awk -v name="lib$1.so." 'index($1, name) == 1 { print $NF; exit }'; }

"$LR_ORACLE/malloc_manners" >glibc.manners
for name in tcmalloc_minimal mimalloc; do
    library=$(library_path $name)
    if [ -z "$library" ]; then
        tap_skip "$name" "lib$name is not installed"
        continue
    fi
    LR_BEHIND=$library run_oracle exit $name.lkr "$LR_ORACLE/leak50" 4
    tap_ok $? "leak50 runs on $name"
    matches_truth $name.lkr 'sites malloc new' "50 sites exactly on $name"
    LR_BEHIND=$library run_oracle kill $name.killed.lkr "$LR_ORACLE/leak50" 2
    matches_truth $name.killed.lkr 'sites malloc new' "50 sites exactly on $name, killed"
    LR_BEHIND=$library run_oracle exit $name.zlib.lkr "$LR_ORACLE/zlib_pairs"
    matches_truth $name.zlib.lkr pair_sites "zlib streams exactly on $name"
    tap_is "$(cat $name.lkr.err $name.killed.lkr.err $name.zlib.lkr.err)" "" "nothing on stderr, $name"

    # Corner cases are the allocator's own, with us or without.
    LD_PRELOAD=$library "$LR_ORACLE/malloc_manners" >plain.out 2>plain.err
    LR_BEHIND=$library traced manners.lkr "$LR_ORACLE/malloc_manners" >traced.out 2>traced.err
    tap_same plain.out traced.out "malloc's corner cases are those of $name"
    rm -f manners*.lkr

    for program in "leak50 exit 3" malloc_manners; do
        LEAKRING=file=ahead.lkr LD_PRELOAD="$library:$LR_LIB" $LR_ORACLE/$program >ahead.out 2>ahead.err
        tap_is "$?,$(cat ahead.err)" "0," "$name ahead of us: $program runs"
        report ahead.lkr >ahead.json
        tap_is "$(completeness_of ahead.json)" blind "and we say that we are blind"
        rm -f ahead*.lkr
    done
done
tap_done
