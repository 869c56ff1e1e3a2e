#!/bin/bash
# test_cases_java.sh -- the verdict on Java programs: direct buffers, Unsafe memory, mapped files,
# JNI references and JVMTI memory that leak; an allocator that keeps what was freed, memory that
# comes at the start only, threads, a JVM that warms up, and bounded caches, which don't.
# timeout: 5400
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
. "$LR_ROOT/tests/lib/cases.sh"

# start CASE [ARGUMENT]
start() {
    case_start "$1" "$JDK/bin/java" -Xmx128m -cp "$T/classes" Cases "$1" "$STOP" "${@:2}"
}

# named FUNCTION WHAT: each place is told with what its memory is of.
named() {
    tap_like "$(case_seen leaks '.verdict.evidence[]')" "^$2 in $1 ?\([Cc]ases[A-Za-z_.]*:[0-9]+\) grows by" \
        "$JDK_NAME: $1: $2"
}

# not_leaking CASE KINDS WHAT: that was the verdict, and in the end nothing of plain memory leaks.
not_leaking() {
    tap_like "$(case_seen "$1" .verdict.kind)" "^($2)\$" "$JDK_NAME: $1: verdict"
    tap_is "$(case_say "$1" '[.sites[] | select(.leaks)] | length')" 0 "$JDK_NAME: $1: nothing leaks"
    tap_like "$(case_seen "$1" '[.verdict.summary, .verdict.next[]] | join(" ")')" "$3" \
        "$JDK_NAME: $1: what is said"
}

jdk_test() {
    local name function
    local early='.sites[] | select(.culprit.function == "Cases.startup") | .class == "startup"'
    local all='["Cases.direct","Cases.mapped","Cases.unsafe","allocate","refer"]'
    local bounded='[.pairs[].sites[] | select(.live > 0) | [.live, .class]] | sort'
    rm -rf classes
    "$JDK/bin/javac" -nowarn -XDignore.symbol.file -d classes "$LR_ROOT/tests/oracle/cases/Cases.java" \
        >javac.log 2>&1 || { tap_fail "$JDK_NAME: Cases compiles" "$(cat javac.log)"; return; }
    start leaks "$T/mapped.file" "$LR_ORACLE/cases_jni"
    start retention
    start threads
    start quiet
    start startup
    # The same with the machine's own clock: what most runs in CI are, a JVM that is still warming up.
    LR_LIB=$LR_BUILD/libleakring.so case_start young "$JDK/bin/java" -Xmx128m -cp "$T/classes" Cases quiet "$STOP"
    case_pass leaks 600
    case_await leaks "([.sites[] | select(.leaks) | .culprit.function] | sort) == $all"
    case_await retention '.verdict.kind == "retention"'
    case_await threads '.verdict.kind == "jvm-other" and (.verdict.next | tostring | test("Cases"))'
    case_pass quiet 600
    case_await startup "($early) and .verdict.kind == \"none\""
    case_await quiet "($bounded) == [[300,\"expected\"],[300,\"expected\"]]"
    case_end
    for name in leaks retention threads startup quiet young; do
        case_report $name
        tap_like "$(cat $name.out)" '^END$' "$JDK_NAME: $name ran to its end" "$(cat $name.err)"
    done

    case_check leaks leak "$JDK_NAME: leaks" 'memory of mapped files grows by .* in Cases.mapped.* 4 other places.* let go of the mapped buffers'
    named Cases.direct 'memory of direct buffers'
    named Cases.unsafe 'memory of Unsafe'
    named Cases.mapped 'memory of mapped files'
    named refer 'memory of JNI global references'
    named allocate 'memory of JVMTI'
    case_grows leaks Cases.direct "$JDK_NAME: direct buffers" 200000
    case_grows leaks Cases.unsafe "$JDK_NAME: Unsafe memory" 200000
    case_grows leaks Cases.mapped "$JDK_NAME: mapped files" $((20 * 65536))
    tap_is "$(case_place leaks allocate | cut -f2,3)" "$(case_truth leaks Cases.jvmti | cut -f2,3)" \
        "$JDK_NAME: JVMTI: exact count and bytes, at C's line"
    # 64 references are a block; the first ones fill those of the VM.
    tap_is "$(case_say leaks "[.sites[] | select(.culprit.function == \"refer\").live_count.value] | max
        > $(case_truth leaks Cases.references | cut -f2) - 3")" true "$JDK_NAME: JNI references: so many blocks"

    not_leaking retention retention 'keeps .* freed.*MALLOC_ARENA_MAX'
    tap_is "$(case_say retention '.ledger[] | select(.name | test("freed")) | .bytes > 32000000')" true \
        "$JDK_NAME: retention: the ledger has what was freed"
    not_leaking threads jvm-other 'Java threads grows by .* threads that Cases[.]thread\(Cases.java:[0-9]+\) starts'
    tap_is "$(case_say threads '.ledger[] | select(.name | test("Thread")) | .bytes > 200 * 8192')" true \
        "$JDK_NAME: threads: the ledger knows their stacks"

    # Compilers give back what they used, and the allocator may keep it; class metadata grows.
    not_leaking quiet 'none|jvm-other|retention|cannot-tell' .
    tap_like "$(case_say young .verdict.kind)" '^(none|jvm-other|retention|cannot-tell)$' \
        "$JDK_NAME: a JVM that warms up in real time: verdict" "$(case_say young .verdict.summary)"
    tap_is "$(case_say young '[.sites[] | select(.leaks)] | length'),$(case_say young "$bounded | tostring")" \
        '0,[[300,"expected"],[300,"expected"]]' "$JDK_NAME: ... and nothing leaks, its caches are caches"
    not_leaking startup none 'no plain memory was seen to grow'
    tap_is "$(case_seen startup "$early"),$(case_place startup Cases.startup)" \
        "true,$(case_truth startup Cases.startup)" "$JDK_NAME: start-up: a megabyte that came early"
    tap_is "$(case_seen quiet "$bounded | tostring")" '[[300,"expected"],[300,"expected"]]' \
        "$JDK_NAME: caches of 300 streams: both are bounded"
}

java_each_jdk jdk_test
tap_done
