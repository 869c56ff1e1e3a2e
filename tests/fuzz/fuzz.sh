#!/bin/bash
# fuzz.sh TARGET DIRECTORY SECONDS [OPTION…] -- runs the fuzzer fuzz_TARGET, built in DIRECTORY, with
# its seeds and the corpus that it has kept there from earlier runs.  Fails when it finds something.
# fuzz.sh TARGET DIRECTORY --keep BYTES: puts of that corpus what adds coverage, the small ones first,
# into tests/fuzz/corpus/TARGET, as much as fits BYTES (make fuzz-keep).
#
# What elfutils and libiberty do wrong with a library's symbols is none of our faults, for the
# command reads them in another process: such inputs are kept, and then read the command's way.
set -u
here=$(cd "$(dirname "$0")" && pwd)
target=$1 directory=$2 seconds=$3
shift 3
seeds=$directory/seeds-$target corpus=$directory/corpus-$target found=$directory/found-$target
rm -rf "$seeds"
mkdir -p "$corpus" "$found"
"$here/seeds.sh" "$target" "$seeds" || exit 1

# What of the corpus takes ways that the seeds don't, in order of its size.
keep() {
    local most=$1 kept=$here/corpus/$target size name
    mkdir -p "$kept"
    "$directory/fuzz_$target" -merge=1 "$seeds" "$corpus" >"$directory/keep-$target.log" 2>&1 || return 1
    find "$seeds" -type f -newer "$directory/keep-begun" -printf '%s %f\n' | sort -n | while read -r size name; do
        most=$((most - size))
        [ $most -ge 0 ] || break
        cp "$seeds/$name" "$kept"
    done
    echo "$target: $(ls "$kept" | wc -l) kept, $(du -s --apparent-size -B1K "$kept" | cut -f1) KiB"
}
if [ "$seconds" = --keep ]; then
    touch "$directory/keep-begun"
    keep "$1"
    exit
fi

options="-max_total_time=$seconds -print_final_stats=1 -artifact_prefix=$found/"
[ "$target" != oom ] || options="$options -max_len=65536"
if [ "$target" != symbols ]; then
    exec "$directory/fuzz_$target" $options "$@" "$corpus" "$seeds"
fi

rm -f "$found"/*
"$directory/fuzz_symbols" $options -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -timeout=10 \
    -rss_limit_mb=1024 -max_len=65536 "$@" "$corpus" "$seeds" >"$directory/symbols.log" 2>&1 </dev/null
status=$?
tail -30 "$directory/symbols.log"
if grep -E '^SUMMARY: .*(analyzer|tests)/|^fuzz_symbols: ' "$directory/symbols.log"; then
    grep -B40 -E '^SUMMARY: .*(analyzer|tests)/|^fuzz_symbols: ' "$directory/symbols.log" | head -120
    exit 1
fi
[ $status -eq 0 ] || exit $status
bad=$(find "$found" -type f | head -200)
[ -z "$bad" ] || FUZZ_WORKER=1 exec "$directory/fuzz_symbols" -timeout=60 $bad
