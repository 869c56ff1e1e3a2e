#!/bin/bash
# cases.sh -- pages of real programs in a real browser: Lucene 6.3.0 on each JDK, memory that an
# allocator keeps, a recording that is incomplete, one of a program that does nothing, five thousand
# places.  Too long for every check: `make web-cases`.  Screenshots: test/web-cases in the build
# directory.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"
. "$(dirname "$0")/../lib/cases.sh"
tap_need node jq
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    tap_skip_all "no Chromium; install the package chromium"
web=$LR_ROOT/build/web
make -s -C "$LR_ROOT" web-check >"$T/web-check.log" 2>&1
[ -s "$web/report.js" ] && [ -e "$web/node_modules/axe-core/axe.min.js" ] ||
    tap_skip_all "no Node.js packages (see build/web/npm.log)"
mkdir -p pages "$LR_BUILD/test/web-cases"

case_start retention "$LR_ORACLE/cases_native" retention "$STOP"
case_await retention '.verdict.kind == "retention"'
case_end
mv retention.lkr pages/arena.lkr
lucene_pages() {
    lucene_command 6.3.0 600
    traced "pages/lucene-$(lr_jdk_version "$JDK").lkr" "${COMMAND[@]}" >/dev/null
    tap_ok $? "$JDK_NAME: Lucene 6.3.0 runs"
}
lucene_setup
java_each_jdk lucene_pages
traced pages/nothing.lkr "$LR_ORACLE/say_hello" >/dev/null
traced pages/many.lkr "$LR_BUILD/test/bench/many_stacks" 5000 >/dev/null
"$LR_BUILD/test/unit/test_golden" "$T" >/dev/null && mv incomplete.lkr pages

for trace in pages/*.lkr; do
    "$LR_CLI" report --format=html -o "${trace%.lkr}.html" "$trace" 2>/dev/null &&
        "$LR_CLI" report --format=json "$trace" >"${trace%.lkr}.json" || exit 1
    echo "# ${trace#pages/}: $(stat -c %s "${trace%.lkr}.html") bytes"
done
node "$LR_ROOT/tests/web/pages.mjs" "$web/node_modules" "$chromium" "$T/pages" \
    "$LR_BUILD/test/web-cases" >"$T/browser.log" 2>&1
status=$?
tap_take "$T/browser.log"
tap_ok "$status" "the browser's tests ran to their end" "$(tail -5 "$T/browser.log")"
tap_done
