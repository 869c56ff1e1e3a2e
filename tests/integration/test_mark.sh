#!/bin/bash
# test_mark.sh -- marks from outside, from C and from Java, and reports of what lies between them.
# timeout: 600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
export LR_KEYS=budget=off

marks() { "$LR_CLI" dump --format=json --section=marks "$1" | jq -r "$2"; }

# What a report of a phase counts: OPTION…
live() { report "$@" | jq -r '[(.sites[] | select(.culprit.function | test("^(warm_up|work|late)$")) |
    "\(.culprit.function)=\(.live_count.value)"), (.pairs[] | "\(.pair)=\(.live)")] | sort | join(" ")'; }

# --- C: leakring.h ------------------------------------------------------------------------------

"$LR_ORACLE/phases" >plain.out 2>&1
tap_is "$?,$(cat plain.out)" 0,READY "without the library its functions do nothing"
traced phases.lkr "$LR_ORACLE/phases" >phases.out 2>&1
tap_is "$?,$(cat phases.out)" 0,READY "with it the program says the same"
tap_is "$(marks phases.lkr '[.marks[] | "\(.source):\(.name)"] | join(" ")')" \
    "called:warm called:round called:round called:round called:done" "the marks, in order"
tap_is "$(marks phases.lkr '[.marks[].time_ms] | . == (unique | sort)')" true "at different times"
tap_is "$(marks phases.lkr '[.marks[].tid] | unique | length')" 1 "by one thread"
tap_is "$(live phases.lkr)" "demo.Session=40 late=77 warm_up=990 work=200" "the whole run"
tap_is "$(live phases.lkr --from=warm)" "demo.Session=30 late=77 work=200" "--from=warm"
tap_is "$(live phases.lkr --from=warm --to=done)" "demo.Session=30 work=200" "--from=warm --to=done"
tap_is "$(live phases.lkr --to=warm)" "demo.Session=10 warm_up=990" "--to=warm"
tap_is "$(live phases.lkr --from=done)" "demo.Session=0 late=77" "--from=done"
tap_is "$(live phases.lkr --from=warm --to=round#1)" "demo.Session=0 work=200" "--to=round#1: the first of that name"
tap_is "$(live phases.lkr --from=round --to=round)" "demo.Session=0" "from the first of a name to its last"
tap_is "$(live phases.lkr --from=round#3)" "demo.Session=30 late=77" "--from=round#3"
tap_is "$(report phases.lkr --from=warm | jq -c '[.phase.from, .phase.to, .phase.duration_s > 0]')" \
    '["warm",null,true]' "the report names the phase"
tap_is "$(report phases.lkr | jq -c '[.phase, (.marks | length)]')" '[null,5]' "and the marks"
"$LR_CLI" report --from=warm phases.lkr >phases.txt
tap_like "$(cat phases.txt)" '^Counted: only what was acquired between mark warm \(' "the text says what counts"
tap_like "$(cat phases.txt)" 'ms  round$' "and when marks were made"
tap_like "$(cat phases.txt)" '^ 1\. session \(phases\.c:' "who acquired a resource is the program's own function"

# A difference and a gate of two phases.
tap_is "$("$LR_CLI" diff --format=json --from=warm phases.lkr phases.lkr | jq -r '[.verdict, .old.phase.from] | join(" ")')" \
    "same warm" "leakring diff --from"
"$LR_CLI" check --to=warm --limit-live=demo.Session=20 --limit-unended=off --growth=off phases.lkr >check.out 2>&1
tap_is "$?" 0 "leakring check --to: 10 sessions are fewer than 20"
"$LR_CLI" check --from=warm --limit-live=demo.Session=20 --limit-unended=off --growth=off phases.lkr >check.out 2>&1
tap_is "$?" 1 "leakring check --from: 30 are more"

fails() { # WANTED REGEX LABEL ARGUMENT…
    local wanted=$1 regex=$2 label=$3 out
    shift 3
    out=$("$LR_CLI" "$@" 2>&1)
    tap_is "$?" "$wanted" "$label: exit code"
    tap_like "$out" "$regex" "$label: why"
}
fails 2 'there is no mark cold' "an unknown mark" report --from=cold phases.lkr
fails 2 'its marks: warm, round, done' "an unknown mark: which there are" report --to=cold phases.lkr
fails 2 'no mark warm behind that' "phases go forward" report --from=done --to=warm phases.lkr
fails 2 'a name for the mark' "no name" mark phases.lkr
fails 2 'text of 1 to 191 bytes' "an empty name" mark phases.lkr ''
fails 2 'text of 1 to 191 bytes' "a name with a line's end" mark phases.lkr $'a\nb'
fails 3 'its process is gone' "a process that is gone" mark phases.lkr late

# --- From outside, without a JVM ----------------------------------------------------------------

traced_exec outside.lkr "$LR_ORACLE/phases" wait >outside.out 2>&1 &
pid=$!
wait_line 120 outside.out READY
"$LR_CLI" mark --timeout=300 "$pid" "après, warm #2" >mark.out 2>&1
tap_is "$?,$(cat mark.out)" 0, "leakring mark PID, of a program that had no helper thread"
"$LR_CLI" mark --timeout=300 outside.lkr end >mark.out 2>&1
tap_is "$?,$(cat mark.out)" 0, "leakring mark FILE"
tap_is "$(marks outside.lkr '[.marks[] | select(.source == "asked") | .name] | join("|")')" \
    "après, warm #2|end" "they are in the trace"
tap_is "$(live outside.lkr --from="après, warm #2")" "demo.Session=0" "nothing is held behind them"
kill "$pid"
wait "$pid" 2>/dev/null

# --- Java ---------------------------------------------------------------------------------------

# Live Inflaters of a phase: OPTION…
inflaters() { report "$@" | jq '[.pairs[] | select(.pair | endswith(".Inflater")) | .sites[]
    | select(.culprit.function == "Marks.hold") | .live] | add // 0'; }

jdk_test() {
    local out
    out=$("$JDK/bin/java" -cp "$JAVA_CLASSES" Marks 2>&1)
    tap_like "$out" READY "$JDK_NAME: without the library a mark does nothing"
    tap_is "$(grep -vcE '^(pid.*|READY)$' <<<"$out")" 0 "$JDK_NAME: and says nothing"
    java_run kill java "$JDK/bin/java" -cp "$JAVA_CLASSES" Marks
    tap_is "$(cat java.err)" "" "$JDK_NAME: with it, silence on stderr"
    tap_is "$(marks java.lkr '[.marks[] | "\(.source):\(.name)"] | join(" ")')" \
        "java:départ java:warm java:done" "$JDK_NAME: the marks"
    tap_is "$(inflaters java.lkr)" 13 "$JDK_NAME: the whole run"
    tap_is "$(inflaters java.lkr --to=warm)" 5 "$JDK_NAME: --to=warm"
    tap_is "$(inflaters java.lkr --from=warm --to=done)" 5 "$JDK_NAME: --from=warm --to=done"
    tap_is "$(inflaters java.lkr --from=done)" 3 "$JDK_NAME: --from=done"
}

tap_need jq
java_each_jdk jdk_test
tap_done
