#!/bin/bash
# test_exec_relay.sh -- a chain of images of one process, by every function that executes programs and
# through shells and launchers: each is traced as it should be, and nothing grows on the way.
# IMAGES: how many (make check-faults: 100).
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

IMAGES=${IMAGES:-24}
last=$((IMAGES - 1))
relay=$LR_ORACLE/exec_relay child=$LR_ORACLE/say_hello

RELAY_FIRST=1 timeout 600 "$relay" "$last" "$child" >plain.out 2>plain.err
tap_ok $? "$IMAGES images, plain" "$(cat plain.err)"
mkdir traces
export RELAY_FIRST=1
LR_KEYS=size=4M # not for one command: it would be in the environment
traced "$PWD/traces/x.lkr" timeout 600 "$relay" "$last" "$child" >traced.out 2>traced.err
tap_ok $? "$IMAGES images, traced" "$(cat traced.err)"
unset RELAY_FIRST

grep -v '^rss' plain.out >plain
grep -v '^rss' traced.out >traced
tap_same plain traced "output, open descriptors and environment of each image: as without us"
tap_same plain.err traced.err "nothing of ours on stderr"
tap_is "$(sed -n 's/.* descriptors //p' traced | sort -u | wc -l)" 1 \
    "the last image has as many descriptors and as large an environment as the first" "$(cat traced)"
rss() { sed -n 's/^rss //p' "$1" | sed -n "$2p"; }
more=$(($(rss traced.out 2) - $(rss traced.out 1) - $(rss plain.out 2) + $(rss plain.out 1)))
tap_diag "the last image's resident memory: $more KiB more than the first one's, beside a plain run"
[ "$more" -lt 1024 ]
tap_ok $? "and takes less than 1 MB more" "$more KiB"

tap_is "$(count_traces traces)" "$IMAGES" "one file for each image, none for a child, shell or launcher"
wrong= ended=
for ((number = 0; number < IMAGES; number++)); do
    image=$((last - number))
    file=traces/x$([ $number -eq 0 ] || echo .$number).lkr
    report "$file" >report.json 2>report.err || { wrong+=" $file: $(cat report.err)"; continue; }
    got=$(sites report.json malloc | grep '^relay_site')
    [ "$got" = "$(printf 'relay_site\t%d\t%d' $((image + 1)) $(((image + 1) * (1000 + image))))" ] ||
        wrong+=" $file: $got"
    ended+=" $(ended_of report.json)/$(completeness_of report.json)"
done
tap_is "$wrong" "" "each file has its own image's blocks, exactly"
tap_is "$(tr ' ' '\n' <<<"$ended" | grep . | sort | uniq -c | awk '{ print $1, $2 }' | sort -n | tr '\n' ' ')" \
    "1 exit/complete $last exec/complete " "all ended by exec, the last one by exit, all complete"
tap_is "$("$LR_CLI" dump --section=header "traces/x.$last.lkr" | grep -ow "image=$last\|image: *$last")" \
    "$("$LR_CLI" dump --section=header "traces/x.$last.lkr" | grep -ow "image[=:] *[0-9]*")" \
    "the last file says which image it is"
tap_done
