#!/bin/bash
# update.sh -- rewrites the golden reports from today's `leakring report`.  Review the difference
# (git diff tests/golden) before you commit it: it is what users will see.
#
#     make golden-update
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${LEAKRING_BUILD:-$root/build}
. "$root/tests/golden/render.sh"

make -s -C "$root" --no-print-directory BUILD="$build" "$build/leakring" "$build/test/unit/test_golden"
rm -f "$root"/tests/golden/*.txt "$root"/tests/golden/*.json
golden_render "$build/leakring" "$build/test/unit/test_golden" "$root/tests/golden"
git -C "$root" --no-pager diff --stat -- tests/golden
