#!/bin/bash
# test_lucene_trend.sh -- LUCENE-7647 over time: what reports say of Lucene 6.3.0, which loses eight
# Inflaters and three Deflaters a cycle, and of 6.4.1, which loses none.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
. "$LR_ROOT/tests/lib/lucene.sh"
. "$LR_ROOT/tests/lib/cases.sh"
tap_need jq
lucene_setup
PACE=2 # cycles a second; an hour of the recording is a minute, or with REAL_TIME an hour
[ -n "${REAL_TIME:-}" ] && CYCLES=$((PACE * 3600)) || CYCLES=$((PACE * 60))

start() { # VERSION NAME
    lucene_command "$1" $PACE
    case_start "$2" "${COMMAND[@]}" paced "$STOP"
}
start_jdk() {
    local jdk
    jdk=$(lr_jdk_version "$JDK")
    start 6.3.0 bad$jdk
    start 6.4.1 good$jdk
}

# So many a cycle are lost at all sites of a class; the rates of all of them are within a third.
grows() { # NAME CLASS PER_CYCLE
    tap_is "$(case_seen "$1" "[.pairs[] | select(.pair == \"java.util.zip.$2\").sites[] | select(.class == \"leak\")]
        | (map(.trend) | unique), ((map(.rate_per_hour.value) | add) / ($3 * $CYCLES) | . > 0.67 and . < 1.5),
          (map(.rate_per_hour | .low <= .value and .value <= .high and .low > 0) | all),
          (map(.rate_bytes_per_hour.low > 0) | all) | tostring")" \
        "[\"growing\"]
true
true
true" "$label: ${2}s grow, by as many as are lost" "$(case_seen "$1" '.pairs[].sites[] | [.class, .trend, .rate_per_hour]')"
}

check_jdk() {
    local jdk label text
    jdk=$(lr_jdk_version "$JDK")
    label="$JDK_NAME, 6.3.0"
    case_await bad$jdk '.verdict.kind == "leak" and .projection != null
        and ([.pairs[].sites[] | select(.class == "leak") | .trend] == ([range(6)] | map("growing")))'
    grows bad$jdk Inflater 8
    grows bad$jdk Deflater 3
    tap_is "$(case_seen bad$jdk '.projection | .limit != null and .hours.low <= .hours.value and .hours.value <= .hours.high')" \
        true "$label: when a limit is met" "$(case_seen bad$jdk .projection)"
    text=$("$LR_CLI" report bad$jdk.lkr)
    tap_like "$text" '^LEAK: .*Inflater and .*Deflater were never ended, from 6 places' "$label: what is said"
    tap_like "$text" '^Next: call end\(\).* for what .*\(CompressionMode.java:(191|245)\) acquires' "$label: the line to fix"
    tap_like "$text" 'growing by [0-9,]+ and .*B an hour \(.* to .*; .* to .*\)' "$label: the rate, and how sure it is"
    tap_like "$text" '^Growing by .* an hour, it .* limit' "$label: the limit"

    label="$JDK_NAME, 6.4.1"
    case_pass good$jdk 600
    case_holds good$jdk true
    tap_is "$(case_seen good$jdk '[.pairs[].sites[] | select(.class == "leak"), (select(.trend == "growing"))] | length')" \
        0 "$label: no stream leaks or grows" "$(case_seen good$jdk '.pairs[].sites[] | [.class, .trend, .culprit]')"
    tap_is "$(case_seen good$jdk '[.sites[] | select(.leaks)] | length')" 0 "$label: nor does plain memory"
    tap_is "$(case_seen good$jdk '.projection')" null "$label: and nothing is foretold"
    tap_like "$("$LR_CLI" report good$jdk.lkr | head -1)" '^NO LEAK: .* streams acquired, all ended' "$label: what is said"
}

java_each_jdk start_jdk
java_each_jdk check_jdk
case_end
tap_is "$(grep -h '^collections' ./*.out | sort -u)" "collections	0" "no collection came in between"
tap_done
