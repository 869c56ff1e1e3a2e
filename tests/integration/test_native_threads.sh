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

# What was found out in the child isn't true of the thread: it was, and locks of the living were taken
# for those of the dead.
LR_KEYS=$(exact_keys size=16M) run_oracle exit vfork.lkr "$LR_ORACLE/vfork_first" 40000
tap_is "$?,$(cat vfork.lkr.err)" "0," "threads that first allocate in a vfork's child: run, silent"
matches_truth vfork.lkr 'sites malloc' "their blocks exactly"
tap_is "$(completeness_of vfork.lkr.json)" complete "complete"
tap_done
