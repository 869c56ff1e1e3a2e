#!/bin/bash
# zlib streams of a C program: acquired, released, live and their bytes, exactly, by function.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

for end in exit kill; do
    run_oracle $end zlib.$end.lkr "$LR_ORACLE/zlib_pairs"
    tap_ok $? "zlib_pairs runs, $end"
    matches_truth zlib.$end.lkr pair_sites "streams and their bytes exactly, $end"
    tap_is "$(cat zlib.$end.lkr.err)" "" "nothing on stderr, $end"
done

total() { jq -r --arg pair "$1" --arg key "$2" '.pairs[] | select(.pair == $pair) | .[$key]' zlib.exit.lkr.json; }
truth() { awk -F'\t' -v pattern="$1" -v column="$2" '$1 ~ pattern { sum += $column } END { print sum }' zlib.exit.lkr.truth; }
tap_is "$(total zlib.inflate acquired)" "$(truth 'inflate|ended_by' 2)" "inflate streams in all"
# main() calls compress(), which makes one of its own and ends it.
tap_is "$(total zlib.deflate acquired)" "$(($(truth deflate 2) + 1))" "deflate streams in all"
tap_is "$(total zlib.deflate live)" "$(truth deflate 4)" "deflate streams alive"

# Memory that belongs to a stream isn't told a second time as memory.
tap_is "$(jq '[.sites[] | select([.stack[].function] | index("inflate_forgotten"))
    | select(.culprit.function == "inflate_forgotten" or .culprit.function == "counting_alloc")
    | .live_bytes.value] | map(select(. >= 7000)) | length' zlib.exit.lkr.json)" 0 \
    "a stream's bytes are not listed twice"
tap_done
