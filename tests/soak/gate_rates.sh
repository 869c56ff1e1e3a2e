#!/bin/bash
# gate_rates.sh -- how long until the gate finds a leak of streams: a codec that forgets each Inflater,
# one in 10 and one in 100, 20 calls a second, looked at every second while it runs (LIMIT=300 s).
# Prints a table for docs/CI.md: seconds since the start of the JVM, and how many were forgotten then.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

limit=${LIMIT:-300}

rate() { # CODEC TITLE
    local start=$SECONDS status=0 found forgotten pid
    rm -f rate.lkr
    LEAKRING=file=rate.lkr LD_PRELOAD=$LR_LIB "$JDK/bin/java" -cp classes com.acme.Soak "$1" 1000000 50 >out 2>&1 &
    pid=$!
    while [ $((SECONDS - start)) -lt "$limit" ] && [ $status != 1 ]; do
        sleep 1
        "$LR_CLI" check --growth=off -F json rate.lkr >rate.json 2>/dev/null
        status=$?
    done
    kill -KILL $pid
    wait $pid 2>/dev/null
    found=$(jq -r '.files[0].run.duration_s | floor' rate.json)
    forgotten=$(jq -r '[.files[0].results[] | select(.rule == "unended" and .outcome == "fail") | .value] | add // "none"' rate.json)
    [ $status = 1 ] || found="not within $limit"
    echo "| $JDK_NAME | $2 | $found s | $forgotten |"
    tap_is $status 1 "$JDK_NAME: $2: found"
}

jdk_test() {
    mkdir -p classes && "$JDK/bin/javac" -d classes "$LR_ROOT"/tests/surefire/src/main/java/com/acme/*.java ||
        return
    rate Leaking "each, 20 a second"
    rate Rare10 "one in 10, 2 a second"
    rate Rare100 "one in 100, 12 a minute"
    rm -rf classes
}

echo "| JDK | forgotten | found after | forgotten then |"
echo "|---|---|---|---|"
java_each_jdk jdk_test
tap_done
