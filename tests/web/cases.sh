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
. "$(dirname "$0")/../lib/web.sh"
web_setup

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

web_pages
web_browse "$LR_BUILD/test/web-cases"
tap_done
