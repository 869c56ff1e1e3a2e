#!/bin/bash
# test_html.sh -- the HTML report in a real browser: synthesized traces, hostile names, five thousand
# places, a JVM that leaks, and what changed since it leaked less.  Screenshots are kept in the build
# directory's test/web.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/web.sh"
web_setup

mkdir samples
"$LR_BUILD/test/unit/test_golden" "$T/samples" >/dev/null || exit 1
mv samples/{blind,clean,hostile,incomplete,leak,noisy}.lkr pages || exit 1
JDK=$(head -1 <<<"$LR_JDKS")
JDK_NAME="the JDK"
java_compile || exit 1
traced less.lkr "$JDK/bin/java" -Xmx128m -cp "$JAVA_CLASSES" ForgetfulService 60 &
traced pages/service.lkr "$JDK/bin/java" -Xmx128m -cp "$JAVA_CLASSES" ForgetfulService
wait $!
LR_KEYS=budget=off traced pages/many.lkr "$LR_BUILD/test/bench/many_stacks" 5000 >/dev/null
web_pages
# Of totals, since it is the machine's doing how long the runs took.
"$LR_CLI" diff --by=total --format=html -o pages/diff.html less.lkr pages/service.lkr 2>/dev/null &&
    "$LR_CLI" diff --by=total --format=html -o pages/diff-back.html pages/service.lkr less.lkr 2>/dev/null &&
    "$LR_CLI" report --format=html --baseline=less.lkr -o pages/diff-report.html pages/service.lkr 2>/dev/null
tap_ok $? "pages with a baseline are written"
"$LR_CLI" report --format=html --baseline=none.lkr pages/service.lkr >/dev/null 2>none.err
tap_is "$?:$(cat none.err)" "2:leakring: pages/service.lkr: baseline none.lkr: No such file or directory" \
    "a baseline that isn't there is refused by name"
"$LR_CLI" report --baseline=less.lkr pages/service.lkr >/dev/null 2>text.err
tap_is "$?" 2 "as text, the difference is another command's"
tap_like "$(cat text.err)" "leakring diff OLD NEW" "and it is named"

web_browse "$LR_BUILD/test/web"
tap_ok "$WEB_CHECKED" "the page's script has no wrong types" "$(tail -5 "$T/web-check.log")"
tap_done
