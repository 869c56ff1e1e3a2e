#!/bin/bash
# Ten thousand short-lived threads, each leaving one block and freeing another's.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

run_oracle exit threads.lkr "$LR_ORACLE/many_threads" 10000
tap_ok $? "10,000 threads run"
matches_truth threads.lkr 'sites malloc' "their blocks exactly, exit"
run_oracle kill killed.lkr "$LR_ORACLE/many_threads" 2000
matches_truth killed.lkr 'sites malloc' "their blocks exactly, SIGKILL"
tap_is "$(completeness_of threads.lkr.json)" complete "complete"
tap_done
