#!/bin/bash
# Fifty sites of known counts and bytes, found exactly: after a normal end and after SIGKILL, with
# one thread and four, with either unwinder, with the young table and without.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

kinds='sites malloc new'

for end in exit kill; do
    for threads in 1 4; do
        run_oracle $end $end$threads.lkr "$LR_ORACLE/leak50" $threads
        tap_ok $? "leak50 runs, $threads threads, $end"
        matches_truth $end$threads.lkr "$kinds" "50 sites exactly, $threads threads, $end"
    done
    tap_is "$(wc -l <${end}4.lkr.truth)" 50 "the oracle told of 50 sites"
    tap_is "$(cat ${end}4.lkr.err)" "" "nothing on stderr, $end"
    tap_is "$(completeness_of ${end}4.lkr.json)" complete "complete, $end"
done
tap_is "$(ended_of exit4.lkr.json)" exit "a normal end is told"
tap_is "$(ended_of kill4.lkr.json)" killed "SIGKILL is told"

LR_KEYS=young=0 run_oracle kill noyoung.lkr "$LR_ORACLE/leak50" 2
matches_truth noyoung.lkr "$kinds" "50 sites exactly, everything straight to the file"

if ldconfig -p | grep -q 'libunwind\.so\.8 '; then
    LR_KEYS=unwinder=libunwind run_oracle exit libunwind.lkr "$LR_ORACLE/leak50" 2
    matches_truth libunwind.lkr "$kinds" "50 sites exactly, unwinder=libunwind"
else
    tap_skip "unwinder=libunwind" "no libunwind.so.8 here"
fi

# The culprit has a file and a line of the oracle's source.
tap_is "$(jq -r '.sites[] | select(.culprit.function == "site_07") | .culprit.file' exit1.lkr.json |
    xargs -n1 basename | sort -u)" leak50.c "a site's source file is named"
tap_done
