#!/bin/bash
# jdk.sh -- OpenJDK's own tests of java.util.zip and java.util.jar, run by jtreg on each JDK: each test's outcome is
# that without us.  jtreg itself isn't recorded; the JVMs that run the tests are (its -e option hands them
# the preload).
# TESTS="java/util/zip/GZIP …": other tests, below test/jdk.
# timeout: 14000
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"
. "$(dirname "$0")/../lib/sources.sh"

jtreg=$(ls /usr/share/jtreg*/bin/jtreg 2>/dev/null | head -1)
[ -n "$jtreg" ] || tap_skip_all "jtreg is not installed"
tree=$(source_of openjdk-17) || tap_skip_all "OpenJDK's source: $(tail -1 source.err)"
tests=()
for test in ${TESTS:-java/util/zip java/util/jar}; do tests+=("$tree/test/jdk/$test"); done

# outcomes LOG: `Passed: java/util/zip/X.java`, sorted.
outcomes() { grep -E '^(Passed|FAILED|Error|Not run)[:.]' "$1" | sed 's/ *$//' | sort; }

for jdk in $LR_JDKS; do
    label=$(basename "$jdk")
    for way in plain traced; do
        rm -rf work report
        options=()
        if [ $way = traced ]; then
            mkdir "$label.traces"
            options=("-e:LD_PRELOAD=$LR_LIB" "-e:LEAKRING=file=$PWD/$label.traces/%e.%p.lkr")
        fi
        timeout -s KILL 6000 "$jtreg" -agentvm -automatic -concurrency:1 -timeoutFactor:8 -verbose:summary -ignore:quiet \
            -w:"$PWD/work" -r:"$PWD/report" -jdk:"$jdk" "${options[@]}" "${tests[@]}" \
            >"$label.$way.out" 2>"$label.$way.err" </dev/null
        echo $? >"$label.$way.status"
        outcomes "$label.$way.out" >"$label.$way.outcomes"
    done
    tap_same "$label.plain.status" "$label.traced.status" "$label: jtreg ends as without us"
    tap_ok "$([ "$(grep -c ^Passed "$label.plain.outcomes")" -gt 10 ]; echo $?)" "$label: there are tests" \
        "$(tail -n 5 "$label.plain.out"; tail -n 5 "$label.plain.err")"
    tap_same "$label.plain.outcomes" "$label.traced.outcomes" \
        "$label: $(grep -c ^Passed "$label.traced.outcomes") passed, $(grep -vc ^Passed "$label.traced.outcomes") not, as without us"
    tap_diag "not passed: $(grep -v ^Passed "$label.traced.outcomes" | tr '\n' ' ')"
    was_traced "$label" java
    rm -rf "$label.traces"
done
tap_done
