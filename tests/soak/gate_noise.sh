#!/bin/bash
# gate_noise.sh -- how often does the gate call a flat but noisy program red?  RUNS=100 short runs on
# each JDK (tests/surefire's NoisyCodec: a pool, bursts, native buffers, threads in the middle of it),
# half of them to their end and half killed, judged by the default rule on streams, and by both
# default rules.  Prints a line for each JDK, what didn't pass by the first, and why it didn't by both.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

runs=${RUNS:-100}

count() { # OUTCOME FILE: of the results in FILE
    jq -s --arg outcome "$1" '[.[].files[] | select(.outcome == $outcome)] | length' "$2"
}

counts() { # FILE
    echo "$(count fail "$1") fail, $(count cannot-tell "$1") cannot tell, $(count pass "$1") pass"
}

# FILE: without the figures, how often each
reasons() {
    jq -r '.files[].results[] | select(.outcome != "pass") | .outcome + " " + .rule + ": " + .message' "$1" |
        sed -E 's/[0-9][0-9.,]*( (kB|MB|B|s|ms|min|KiB|MiB))?/N/g' | sort | uniq -c | sort -rn | sed 's/^/    /'
}

one_run() { # NUMBER
    rm -f noisy.lkr
    LEAKRING=file=noisy.lkr LD_PRELOAD=$LR_LIB "$JDK/bin/java" -cp classes com.acme.Soak \
        Noisy $((500 + $1 % 7 * 250)) 1 >out 2>err &
    pid=$!
    if [ $(($1 % 2)) = 1 ]; then
        sleep 2.$(($1 % 10))
        kill -KILL $pid 2>/dev/null
    fi
    wait $pid 2>/dev/null
    "$LR_CLI" check --growth=off -F json noisy.lkr >>streams.json 2>>errors.txt
    "$LR_CLI" check -F json noisy.lkr >>both.json 2>>errors.txt
    "$LR_CLI" check --growth=off noisy.lkr 2>&1 | grep -E '^ +(FAIL|cannot tell)' | sed "s/^/    run $1: /"
}

jdk_test() {
    local number
    mkdir -p classes && "$JDK/bin/javac" -d classes "$LR_ROOT"/tests/surefire/src/main/java/com/acme/*.java ||
        return
    rm -f streams.json both.json
    for number in $(seq "$runs"); do one_run "$number"; done
    red=$(count fail streams.json)
    echo "$JDK_NAME: $runs runs of 2 to 5 s: $(counts streams.json); with growth: $(counts both.json)"
    echo "  by the rule on streams:"; reasons streams.json
    echo "  by both:"; reasons both.json
    tap_ok $([ $((red * 100)) -le $((3 * runs)) ]; echo $?) "$JDK_NAME: at most 3 of 100 noisy runs are red"
    rm -rf classes
}

java_each_jdk jdk_test
tap_done
