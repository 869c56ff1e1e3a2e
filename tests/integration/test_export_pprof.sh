#!/bin/bash
# leakring export --format=pprof and gperftools, as the tools themselves read them, and as a reader
# of our own does.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq python3
export HOME=$T PPROF_TMPDIR=$T

"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"
export_to() { "$LR_CLI" export --format="$1" -f -o "$3" "$2" 2>export.err; }
read_pprof() { python3 -B "$LR_ROOT/tests/lib/read_pprof.py" "$@"; }
live_bytes() {
    report "$1" | jq '[(.sites[] | select(.kind != "mmap") | .live_bytes.value), .pairs[].live_bytes, 0] | add'
}
live_blocks() {
    "$LR_CLI" dump --format=json "$1" | jq '[.live[] | select(.kind != "mmap")] | length'
}
allocated() { # TRACE FIELD
    "$LR_CLI" dump --format=json "$1" | jq "[.stacks[].$2] | add"
}

own_reader_test() {
    local name json
    for name in leak native hostile blind incomplete; do
        export_to pprof $name.lkr $name.pb.gz
        json=$(read_pprof $name.pb.gz)
        tap_ok $? "$name: a well-formed profile" "$(cat export.err)"
        tap_is "$(jq .sums.inuse_space <<<"$json")" "$(live_bytes $name.lkr)" "$name: all live bytes"
        tap_is "$(jq .sums.inuse_objects <<<"$json")" "$(live_blocks $name.lkr)" "$name: all live blocks"
    done
    tap_is "$(read_pprof leak.pb.gz | jq -c '[.types, .period_type, .default]')" \
        '[["alloc_objects/count","alloc_space/bytes","inuse_objects/count","inuse_space/bytes"],"space/bytes",["inuse_space"]]' \
        "the types, and which one comes first"
    tap_is "$(read_pprof native.pb.gz | jq -c .mappings[0:2])" '["/opt/tool/bin/tool","[java]"]' \
        "the program, then [java], though it has none"
    tap_like "$(read_pprof incomplete.pb.gz | jq -c .comments)" 'recording is incomplete' \
        "the comments say what is missing"
    tap_is "$(read_pprof leak.pb.gz com.acme.codec.Codec.open | jq -c .)" \
        '{"alloc_objects":80,"alloc_space":1597120,"inuse_objects":80,"inuse_space":1597120}' \
        "what a method holds"
    export_to pprof leak.lkr again.pb.gz
    tap_same leak.pb.gz again.pb.gz "the same bytes each time"
}

# What was allocated and freed again is in the alloc_ columns.
totals_test() {
    local json
    LR_KEYS=budget=off traced leak50.lkr "$LR_ORACLE/leak50" exit >leak50.out 2>&1
    export_to pprof leak50.lkr leak50.pb.gz
    json=$(read_pprof leak50.pb.gz)
    tap_is "$(jq -c '[.sums.alloc_objects, .sums.alloc_space]' <<<"$json")" \
        "[$(allocated leak50.lkr alloc_count),$(allocated leak50.lkr alloc_bytes)]" \
        "leak50: everything that was allocated"
    tap_is "$(jq -c '[.sums.inuse_space, .sums.inuse_space < .sums.alloc_space]' <<<"$json")" \
        "[$(live_bytes leak50.lkr),true]" "leak50: and what of it is live"
    tap_is "$(jq -r --arg exe "$LR_ORACLE/leak50" '.build_ids[$exe]' <<<"$json")" \
        "$(readelf -n "$LR_ORACLE/leak50" | sed -n 's/.*Build ID: //p')" "leak50: its build-id"
    export_to folded leak50.lkr leak50.folded
    tap_is "$(awk '{ sum += $NF } END { print sum }' leak50.folded)" "$(live_bytes leak50.lkr)" \
        "leak50: folded has the same sum"
}

# go_bytes FUNCTION [OPTION…]: cumulated bytes, as pprof prints them.
go_bytes() {
    local function=$1
    shift
    go tool pprof -top -cum -unit=B -nodecount=0 -nodefraction=0 "$@" 2>go.err |
        awk -v name="$function" '$6 == name { sub(/B$/, "", $4); print $4; exit }'
}

go_test() {
    local site
    if ! tap_have go || ! go tool -n pprof >/dev/null 2>&1; then
        tap_skip "go tool pprof reads the export" "no go tool pprof here (golang-go)"
        return
    fi
    go tool pprof -top leak.pb.gz >top 2>go.err
    tap_ok $? "go tool pprof -top" "$(cat go.err)"
    tap_like "$(cat top)" '^File: java$' "pprof: the file's name"
    tap_like "$(cat top)" '^Type: inuse_space$' "pprof: live memory comes first"
    tap_like "$(cat top)" 'recording is complete' "pprof: shows how complete it is"
    tap_is "$(go_bytes com.acme.codec.Codec.open leak.pb.gz)" 1597120 "pprof: what a method holds"
    tap_is "$(go_bytes com.acme.codec.Codec.open -sample_index=alloc_space leak.pb.gz)" 1597120 \
        "pprof: another type"
    tap_like "$(go tool pprof -top -base leak.pb.gz leak.pb.gz 2>&1)" 'Total samples = 0' \
        "pprof -base: a profile less itself is nothing"
    tap_like "$(go tool pprof -top -base leak.pb.gz native.pb.gz 2>&1)" 'flat%' "pprof -base: of another"
    go tool pprof -dot leak.pb.gz >graph.dot 2>go.err
    tap_like "$(cat graph.dot)" 'N[0-9]+ -> N[0-9]+ .*B' "pprof: a graph"
    if tap_have dot; then
        tap_like "$(go tool pprof -svg leak.pb.gz 2>go.err)" '^<svg' "pprof: the graph of \`web\`"
    else
        tap_skip "pprof: the graph of \`web\`" "dot is not installed (graphviz)"
    fi
    site=$(report leak50.lkr | jq -r '[.sites[] | select(.culprit.function == "site_26")][0].live_bytes.value')
    tap_is "$(go_bytes site_26 leak50.pb.gz)" "$site" "pprof: a native culprit"
    java_each_jdk java_pprof
}

java_pprof() {
    local site
    java_run exit Unended "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
    export_to pprof Unended.lkr Unended.pb.gz
    report Unended.lkr >Unended.json
    site=$(jq -r '[.pairs[].sites[] | select(.class == "leak" and .live > 0)]
        | max_by(.live_bytes).culprit.function' Unended.json)
    tap_like "$site" '^Unended[.]' "$JDK_NAME: Unended leaks"
    tap_is "$(go_bytes "$site" Unended.pb.gz)" "$(read_pprof Unended.pb.gz "$site" | jq .inuse_space)" \
        "$JDK_NAME: pprof: the culprit, $site"
    tap_is "$(read_pprof Unended.pb.gz | jq .sums.inuse_space)" "$(live_bytes Unended.lkr)" \
        "$JDK_NAME: pprof: all live bytes"
}

# The same profile with addresses: each reader finds the names itself.
gperftools_test() {
    local reader total
    export_to gperftools leak50.lkr leak50.hprof
    total=$(live_bytes leak50.lkr)
    for reader in jeprof google-pprof; do
        if ! tap_have $reader; then
            tap_skip "$reader reads the export with addresses" "$reader is not installed"
            continue
        fi
        $reader --text --show_bytes "$LR_ORACLE/leak50" leak50.hprof >reader.out 2>reader.err
        tap_is "$(sed -n 's/^Total: \([0-9]*\) B/\1/p' reader.out)" "$total" "$reader: total"
        tap_like "$(cat reader.out)" ' site_26$' "$reader: names"
        tap_is "$($reader --text --show_bytes --alloc_space "$LR_ORACLE/leak50" leak50.hprof 2>/dev/null |
            sed -n 's/^Total: \([0-9]*\) B/\1/p')" "$(allocated leak50.lkr alloc_bytes)" "$reader: allocated"
    done
    if tap_have go && go tool -n pprof >/dev/null 2>&1; then
        tap_like "$(go tool pprof -top -unit=B "$LR_ORACLE/leak50" leak50.hprof 2>&1)" " of ${total}B total" \
            "go tool pprof reads it, too"
    else
        tap_skip "go tool pprof reads it, too" "no go tool pprof here (golang-go)"
    fi
}

own_reader_test
totals_test
go_test
gperftools_test
tap_done
