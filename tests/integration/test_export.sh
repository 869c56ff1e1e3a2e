#!/bin/bash
# test_export.sh -- leakring export: the formats, byte for byte and as jeprof reads them.
# `tests/integration/test_export.sh --update` rewrites tests/golden/*.folded; review the difference.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq

"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"
export_to() { "$LR_CLI" export --format="$1" -o "$3" "$2" 2>export.err; }

# What the report calls live memory, pairs' included, in bytes.
live_bytes() {
    report "$1" | jq '[(.sites[] | select(.kind != "mmap") | .live_bytes.value), .pairs[].live_bytes, 0] | add'
}

golden_test() {
    local name
    for name in leak native hostile blind; do
        export_to folded $name.lkr $name.folded
        tap_ok $? "$name: folded" "$(cat export.err)"
        [ "${1:-}" != --update ] || cp $name.folded "$LR_ROOT/tests/golden/"
        tap_same "$LR_ROOT/tests/golden/$name.folded" $name.folded "$name.folded"
        tap_is "$(awk '{ sum += $NF } END { print sum + 0 }' $name.folded)" \
            "$(live_bytes $name.lkr)" "$name: folded has all live bytes"
    done
    tap_is "$(grep -cvE '^[^;]+(;[^;]+)* [0-9]+$' hostile.folded)" 0 "each line is one stack"
    tap_like "$("$LR_CLI" export -F folded --lines leak.lkr)" \
        ';com\.acme\.codec\.Codec\.<init>:31_\[j\];' "names with their lines"
}

file_test() {
    local before
    export_to folded leak.lkr leak.folded
    tap_is "$? $(sed q export.err)" "2 leakring: leak.folded: already exists" "nothing is overwritten"
    "$LR_CLI" export -f -F folded -o leak.folded native.lkr 2>/dev/null
    tap_same native.folded leak.folded "unless it is asked for"
    before=$(cksum <leak.lkr)
    "$LR_CLI" export -f -F folded -o leak.lkr leak.lkr 2>/dev/null
    tap_is "$? $(cksum <leak.lkr)" "2 $before" "the trace itself never"
    "$LR_CLI" export leak.lkr >out 2>err
    tap_is "$? $(wc -c <out) $(sed q err)" "2 0 leakring: export: --format is needed: pprof, jeprof, gperftools, folded, folded-diff, csv or openmetrics" \
        "a format is needed"
    "$LR_CLI" export -F prof leak.lkr >out 2>err
    tap_is "$? $(wc -c <out)" "2 0" "and must be known"
    "$LR_CLI" export -F folded-diff leak.lkr native.lkr >out 2>err
    tap_is "$? $(awk '{ old += $(NF - 1); new += $NF } END { print old, new }' out)" \
        "0 $(live_bytes leak.lkr) $(live_bytes native.lkr)" "folded-diff has both sums"
    "$LR_CLI" export -F folded-diff leak.lkr >out 2>err
    tap_is "$? $(wc -c <out)" "2 0" "and takes two traces"
    echo old >kept.folded
    "$LR_CLI" export -f -F folded -o kept.folded none.lkr 2>/dev/null
    tap_is "$? $(cat kept.folded) $(ls kept.folded*)" "2 old kept.folded" \
        "an old file stays what it was when nothing can be written"
    chmod 600 kept.folded
    "$LR_CLI" export -f -F folded -o kept.folded native.lkr 2>/dev/null
    tap_is "$? $(stat -c %a kept.folded) $(ls kept.folded*)" "0 600 kept.folded" "else its rights stay"
    echo junk >junk.lkr
    export_to folded junk.lkr junk.folded
    tap_is "$? $(ls junk.folded 2>/dev/null)" "2 " "no output from what is no trace"
    export_to jeprof incomplete.lkr incomplete.heap
    tap_like "$(cat export.err)" 'the trace is incomplete' "an incomplete trace is no silent one"
}

# bytes_of PROFILE FUNCTION: what jeprof counts below a function, the line of all included.
bytes_of() {
    jeprof --text --cum --show_bytes "$1" 2>jeprof.err |
        awk -v name="$2" '$6 == name { print $4 }'
}

jeprof_test() {
    if ! tap_have jeprof; then
        tap_skip "jeprof reads the export" "jeprof is not installed (libjemalloc-dev)"
        return
    fi
    export_to jeprof leak.lkr leak.heap
    tap_is "$(jeprof --text --show_bytes leak.heap 2>/dev/null | sed -n 's/^Total: \([0-9]*\) B/\1/p')" \
        "$(live_bytes leak.lkr)" "jeprof: total"
    tap_is "$(bytes_of leak.heap 'com.acme.codec.Codec.[init]')" $((40 * (7160 + 32768))) \
        "jeprof: the culprit's bytes"
    native_jeprof
    java_each_jdk java_jeprof
}

# Native frames have their names from us, too.
native_jeprof() {
    local site
    traced leak50.lkr "$LR_ORACLE/leak50" exit >leak50.out 2>&1
    export_to jeprof leak50.lkr leak50.heap
    site=$(report leak50.lkr | jq -r '[.sites[] | select(.culprit.function | startswith("site_"))][0]
        | "\(.culprit.function) \(.live_bytes.value)"')
    tap_like "$site" '^site_[0-9]+ [1-9]' "leak50 leaks"
    tap_is "${site% *} $(bytes_of leak50.heap "${site% *}")" "$site" "jeprof: a native culprit"
}

java_jeprof() {
    local site wanted
    java_run exit Unended "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
    rm -f Unended.heap
    export_to jeprof Unended.lkr Unended.heap
    report Unended.lkr >Unended.json
    site=$(jq -r '[.pairs[].sites[] | select(.class == "leak" and .live > 0)]
        | max_by(.live_bytes).culprit.function' Unended.json)
    tap_like "$site" '^Unended[.]' "$JDK_NAME: Unended leaks"
    # Below that line the JVM allocates, too: class loading, mostly.
    wanted=$(jq --arg site "$site" '[(.pairs[].sites[] | [.stack, .live_bytes]),
        (.sites[] | select(.kind != "mmap") | [.stack, .live_bytes.value])]
        | map(select(any(.[0][]; .function == $site))[1]) | add' Unended.json)
    tap_is "$(bytes_of Unended.heap "$site")" "$wanted" "$JDK_NAME: jeprof: the culprit, $site"
}

golden_test "$@"
file_test
jeprof_test
tap_done
