#!/bin/bash
# test_inject.sh -- every n-th mmap, open, fallocate, … of the library's own fails, on and on, while
# real programs run: their status and output stay what they are, at most one line is said, and
# nothing false is recorded.  WHOLE=1 (make check-faults): every n and offset, and each call alone.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"

FAULTY=$LR_BUILD/test/faulty/libleakring.so

# steady: what a program printed, without what differs from run to run.
steady() { sed '/^pid\t/d' "$@"; }

# inject FIRST STEP COMMAND…: one run; what is wrong with it is added to `bad`.
inject() {
    local fault=$1,$2 status lines completeness
    shift 2
    rm -f faults.log got.lkr*
    timeout -s KILL 300 env LEAKRING="file=$PWD/got.lkr,$keys" LR_FAULT=$fault,$PWD/faults.log \
        LD_PRELOAD=$FAULTY "$@" >got.out 2>got.err </dev/null
    status=$?
    lines=$(grep -c '^leakring: ' got.err)
    runs=$((runs + 1))
    [ ! -s faults.log ] || refused=$((refused + $(wc -c <faults.log)))
    [ "$status" -eq "$wanted" ] || blame "$fault" "status $status"
    steady got.out | cmp -s - plain.out || blame "$fault" "$(steady got.out | diff - plain.out | head -3)"
    sed '/^leakring: /d' got.err | cmp -s - plain.err || blame "$fault" "$(head -3 got.err)"
    [ "$lines" -le 1 ] || blame "$fault" "$lines lines: $(grep '^leakring: ' got.err | head -2)"
    if [ ! -e got.lkr ]; then
        [ "$lines" -eq 1 ] || blame "$fault" "neither a trace nor a line"
        return
    fi
    if ! report got.lkr >got.json 2>report.err; then
        blame "$fault" "$(head -1 report.err)"
        return
    fi
    completeness=$(completeness_of got.json)
    [ "$completeness" != complete ] || whole=$((whole + 1))
    "$LR_CLI" dump --section=header got.lkr | grep -q 'damaged_sections=0 damaged_references=0 damaged_values=0' ||
        blame "$fault" "damaged: $("$LR_CLI" dump --section=header got.lkr | grep damaged)"
    [ "$completeness" != complete ] || [ -z "$truth" ] || $truth ||
        blame "$fault" "says complete, and isn't right: $(diff got.truth got.known | head -3)"
}
blame() { bad="$bad
LR_FAULT=$1: $2"; }

# True when the sites of got.json are those that the program printed.
native_truth() {
    truth_of got.out >got.truth
    sites got.json malloc new >got.figures
    only_known got.truth got.figures >got.known
    cmp -s got.truth got.known
}

# injected LABEL STEPS COMMAND…: for each n of STEPS, every n-th fails, from each of the first n on;
# and all of them from a later one on, when recording has begun or is about to.
injected() {
    local label=$1 steps=$2 step first
    bad= runs=0 refused=0 whole=0
    shift 2
    "$@" >plain.raw 2>plain.err </dev/null
    wanted=$?
    steady plain.raw >plain.out
    for step in $steps; do
        for ((first = 1; first <= step; first++)); do inject $first $step "$@"; done
    done
    for first in ${LATER:-20 32}; do inject $first 1 "$@"; done
    if [ -n "${WHOLE:-}" ]; then each_alone "$@"; fi
    tap_is "$bad" "" "$label: as without us, at most one line$(head -2 <<<"$bad" | tail -1 | cut -c1-150 | sed 's/^./: &/')"
    tap_ok $((refused < runs / 2)) "$label: calls were refused" "$refused in $runs runs"
    tap_diag "$label: $runs runs, $refused calls refused, $whole traces complete all the same"
}

# Each call alone, until there is no such call (a JVM makes them to its end: the first 150).
each_alone() {
    local first
    for ((first = 1; first <= 150; first++)); do
        inject $first 0 "$@"
        [ -s faults.log ] || break
    done
}

jdk_test() {
    truth=
    injected "$JDK_NAME" "${STEPS:-1 2}" "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
}

keys=$(exact_keys size=8M)
truth=
injected "a small program" "${STEPS:-1 2 3}" "$LR_ORACLE/say_hello" 3
truth=native_truth
injected "50 sites" "${STEPS:-1 2 3 5}" "$LR_ORACLE/leak50" exit 2
injected "threads" "${STEPS:-2 3}" "$LR_ORACLE/many_threads" exit 200
injected "children" "${STEPS:-1 2}" "$LR_ORACLE/fork_oracle" exit "$LR_ORACLE/say_hello"
truth=
python=$(python3 -c 'import sys; print(sys.executable)') # what is behind a script of that name
injected "python3" "${STEPS:-1 2}" "$python" -c 'import json, zlib; print(len(zlib.compress(b"x" * 100000)))'
keys=$(exact_keys size=32M)
java_each_jdk jdk_test
tap_done
