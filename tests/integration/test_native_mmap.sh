#!/bin/bash
# Mappings: kept, unmapped in part, overlaid with MAP_FIXED, grown and moved by mremap.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

mapped() { sites "$1" mmap | cut -f1,3; }

for end in exit kill; do
    run_oracle $end mmap.$end.lkr "$LR_ORACLE/mmap_oracle"
    tap_ok $? "mmap_oracle runs, $end"
    matches_truth mmap.$end.lkr mapped "mapped bytes exactly, $end"
done
tap_is "$(completeness_of mmap.exit.lkr.json)" complete "complete"
tap_done
