#!/bin/bash
# test_without_node.sh -- a build where there is no npm has everything but pages, and says so; nothing
# without them is released by mistake.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

# What is built is linked again with an empty bundle; the library isn't touched.
mkdir -p bin build
printf '#!/bin/sh\nexit 127\n' >bin/npm
chmod +x bin/npm
cp -a "$LR_BUILD/analyzer" build
make_there() {
    PATH=$T/bin:$PATH make -C "$LR_ROOT" --no-print-directory BUILD="$T/build" WEB="$T/web" "$@"
}
make_there "$T/build/leakring" >make.log 2>&1
tap_ok $? "it builds" "$(tail -5 make.log)"
tap_like "$(cat make.log)" "built without report --format=html" "and says what is missing"

traced trace.lkr "$LR_ORACLE/leak50" exit 1 >/dev/null
tap_like "$(build/leakring report trace.lkr 2>&1)" "forgets|malloc|place" "text reports are there"
for command in "report --format=html trace.lkr" "diff --format=html trace.lkr trace.lkr"; do
    build/leakring $command >page.out 2>page.err
    tap_is "$?:$(wc -c <page.out)" "2:0" "${command%% *}: there is no page"
    tap_like "$(cat page.err)" "built without Node.js" "${command%% *}: the message says why"
done

make_there dist >dist.log 2>&1
tap_is "$?" 2 "make dist refuses to leave pages out"
tap_like "$(cat dist.log)" "make dist: no Node.js.*HTML=no" "and says how to do it all the same"
tap_done
