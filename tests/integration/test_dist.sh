#!/bin/bash
# make dist: one tarball that works unpacked anywhere, and is the same when made again.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/dist.sh"

dist_tarball || { tap_fail "make dist" "$(tail -20 dist.log)"; tap_done; }
tap_pass "make dist"
tap_like "$(basename "$DIST_TARBALL")" '^leakring-[0-9.]+-linux-(x86_64|aarch64)\.tar\.gz$' "the tarball's name"

list=$(tar tzf "$DIST_TARBALL")
for file in bin/leakring lib/leakring/libleakring.so LICENSE README.md CHANGELOG.md; do
    tap_like "$list" "^[^/]+/$file\$" "it has $file"
done
tap_like "$list" '/share/man/man1/leakring-report\.1$' "it has man pages"
tap_like "$list" '/share/bash-completion/completions/leakring$' "and bash completion"
tap_is "$(echo "$list" | cut -d/ -f1 | sort -u | wc -l)" 1 "everything is below one directory"
tap_is "$(tar tvzf "$DIST_TARBALL" | awk '$2 != "0/0"')" "" "files belong to nobody in particular"

mkdir -p "some where" elsewhere/deep
tar xzf "$DIST_TARBALL" -C elsewhere/deep
home=$(echo "$PWD"/elsewhere/deep/leakring-*)
tap_like "$("$home/bin/leakring" --version)" '^leakring [0-9]' "the command runs from where it lies"
tap_is "$(ldd "$home/bin/leakring" 2>&1 | grep -c '=>')" 0 "the command needs no library"
tap_is "$(grep -aoF -e "$LR_ROOT" -e "${HOME%/work}" "$home/bin/leakring" "$home/lib/leakring/libleakring.so" |
    sort -u)" "" "no path of the build machine is in the binaries"

# LD_PRELOAD can't name a path with a blank: one clear line.
cp -r "$home" "some where/"
"$PWD/some where/$(basename "$home")/bin/leakring" run -- true >blank.out 2>blank.err
tap_is "$?" 2 "unpacked below a name with a blank: leakring run refuses"
tap_like "$(head -1 blank.err)" '^leakring: .*blank' "and says why"

# `leakring run` finds the library that came with it.
mkdir run
(cd run && "$home/bin/leakring" run -- "$LR_ORACLE/leak50" exit 1) >run.out 2>run.err
tap_ok $? "leakring run works from there" "$(cat run.err)"
trace=$(find run -name '*.lkr')
tap_ok $([ -n "$trace" ]; echo $?) "and leaves a trace" "$(cat run.err)"
truth_of run.out >truth
"$home/bin/leakring" report --format=json "$trace" >report.json
sites report.json malloc new >figures
only_known truth figures >known
tap_same truth known "its report has the 50 sites"
if [ -s "$LR_ROOT/build/web/report.js" ]; then
    "$home/bin/leakring" report --format=html -o report.html "$trace" 2>/dev/null
    tap_is "$(head -c 15 report.html; tail -c 15 report.html | head -c 7)" "<!doctype html></body>" \
        "and it makes a page"
else
    tap_skip "and it makes a page" "built without Node.js (see build/web/npm.log)"
fi
tap_done
