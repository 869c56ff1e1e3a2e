#!/bin/bash
# sqlite.sh -- SQLite's own tests (testfixture, built from its Debian source): each test's outcome is that
# without us.  The test files are those of memory, mappings, threads, faults and large data; FILES="…" names
# others, FILES=veryquick takes all of that permutation (half an hour).
# timeout: 7200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"
. "$(dirname "$0")/../lib/sources.sh"

tree=$(source_of sqlite3) || tap_skip_all "SQLite's source: $(tail -1 source.err)"
built=$LR_SOURCES/sqlite3/built
if [ ! -x "$built/testfixture" ]; then
    mkdir -p "$built"
    (cd "$built" && "$tree/configure" --disable-readline CFLAGS='-O1 -g' && make -j2 testfixture) >build.log 2>&1 ||
        tap_skip_all "SQLite's testfixture can't be built here: $(tail -1 build.log)"
fi
tap_diag "SQLite: source $(basename "$(ls "$LR_SOURCES"/sqlite3/*.dsc)")"

files=${FILES:-memsubsys1 mmap1 mmap2 mmap3 mmapfault
    thread001 thread002 thread003 pagerfault walfault vacuum shared blob bigrow incrblob zerodamage select1 insert
    index join trans savepoint lock fts3aa rtree1}

outcomes() {
    grep -aE '\.\.\. |errors out of|^! ' "$1" |
        grep -avE '^(Memory used|Page-cache|Allocation count|Maximum|Time:|Number of)' |
        sed -E 's/^[.]+//; s/ +$//; s/on [^ ]+ Linux.*$//; s/[0-9.]+ (ms|seconds?)$//'
}
for file in $files; do
    path=$(ls "$tree"/{test,ext/*}/"$file.test" 2>/dev/null | head -1)
    [ -n "$path" ] || { tap_skip "$file" "no $file.test in this version"; continue; }
    for way in plain under_us; do
        mkdir "$way.$file" && cd "$way.$file" || exit 1
        $way "../$file" timeout -s KILL 3000 "$built/testfixture" "$path"
        cd ..
    done
    tap_same "$file.plain.status" "$file.traced.status" "$file: ends as without us"
    outcomes "$file.plain.out" >"$file.plain.outcomes"
    outcomes "$file.traced.out" >"$file.traced.outcomes"
    tap_like "$(tail -20 "$file.plain.out")" 'errors out of [1-9]' "$file: there are tests"
    tap_same "$file.plain.outcomes" "$file.traced.outcomes" \
        "$file: $(grep -ahoE '[0-9]+ errors out of [0-9]+' "$file.traced.out" | tail -1) as without us"
    was_traced "$file" testfixture
    rm -rf "$file.traces" "plain.$file" "under_us.$file"
done
tap_done
