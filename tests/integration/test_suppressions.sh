#!/bin/bash
# Suppressions in whole reports: what is covered is no leak and is listed with its reason; what has
# expired or holds too much is a leak again; what covers nothing is named.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq
"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"

# judged RULES…: the verdict, leaking sites, and each rule's state, of a leak at three places.
judged() {
    printf '%s\n' "$@" >x.supp
    report leak.lkr --suppressions=x.supp >leak.json 2>err &&
        jq -r '[.verdict.kind, ([.pairs[].sites[] | select(.class == "leak")] | length),
                (.suppressions[] | select(.default | not).state)] | join(" ")' leak.json
}
codec='leak:^com.acme.codec.Codec.*$'
tap_is "$(judged '#: reason=x' leak:nothing)" "leak 3 unused" "three places leak"
tap_is "$(judged '#: reason="warm codecs"' "$codec")" "none 0 used" "what is covered is no leak"
tap_is "$(jq -c '[.pairs[].sites[] | select(.expected_reason == "warm codecs") | .class] | unique' leak.json)" \
    '["expected"]' "but expected, for that reason"
tap_is "$(judged '#: reason=x pair=java.util.zip.Deflater' "$codec")" "leak 2 used" "one resource only"
tap_is "$(judged '#: reason=x until=2026-01-01' "$codec")" "leak 3 expired" "an expired rule covers nothing"
tap_is "$(judged '#: reason=x until=2026-01-02' "$codec")" "none 0 used" "it holds on its last day"
tap_is "$(judged '#: reason=x max=1MiB' "$codec")" "leak 3 over" "nor does one whose cap is exceeded"
tap_is "$(judged '#: reason=x max=2MiB' "$codec")" "none 0 used" "which is for all of its places"
tap_is "$(judged "$codec")" "none 0 used" "a plain LeakSanitizer file"

# A check wants reasons, and lists what has none.
printf '%s\n' "$codec" >x.supp
check_plain() { "$LR_CLI" check --growth=off --suppressions=x.supp "$@" leak.lkr >out 2>err; echo $?; }
tap_is "$(check_plain)" 1 "in a check a plain file covers nothing"
tap_like "$(cat out)" 'leak:.*Codec.* has no reason and covers none of 69 live .* reason: no reason given' "and is listed so"
tap_is "$(check_plain --suppressions-reason='from LSan, until the move')" 0 "until a reason is given for it"
tap_like "$(cat out)" 'covers 69 live .* reason: from LSan, until the move' "which is shown"
tap_is "$(check_plain --suppressions-reason=' ')" 2 "blank is none"
printf '#: reason="warm codecs" owner=ann\n%s\n#: reason=old\nleak:gone\n' "$codec" >x.supp
"$LR_CLI" report --suppressions=x.supp leak.lkr >text
tap_like "$(cat text)" '^NO LEAK' "the text says no leak"
tap_like "$(cat text)" 'covers 3 places, 69 live or never ended, 1[.]65 MB' "what is covered"
tap_like "$(cat text)" 'reason: warm codecs; owner: ann' "why, and who answers for it"
tap_like "$(cat text)" 'leak:gone  [(]x[.]supp:4[)]' "which rule of which line"
tap_like "$(cat text)" 'matched nothing that is live: it can be removed' "and what is of no use"
printf '#: reason=x until=2026-01-01\n%s\n' "$codec" >x.supp
tap_like "$("$LR_CLI" report --suppressions=x.supp leak.lkr)" 'EXPIRED on 2026-01-01' "that one has expired"

# The starter set.
tap_is "$(report clean.lkr | jq -r '[.verdict.kind, .suppressions[0].state, .suppressions[0].default] | join(" ")')" \
    "none used true" "the jar cache is expected by a rule, too"
tap_is "$(report clean.lkr --no-default-suppressions | jq -r '[.verdict.kind, (.suppressions | length)] | join(" ")')" \
    "leak 0" "which can be turned off"

# A rule for each finding; it is refused until somebody gives the reason.
"$LR_CLI" report --gen-suppressions -o new.supp leak.lkr 2>err
tap_is "$(grep -c '^leak:' new.supp)" 2 "a rule for each finding, one for two at the same function"
"$LR_CLI" report --suppressions=new.supp leak.lkr >out 2>err
tap_is "$? $(sed q err)" "2 leakring: leak.lkr: new.supp:6: leak:^com.acme.codec.Codec.<init>\$ has no reason; write #: reason=\"…\" above it" \
    "refused as long as its reason is empty"
sed 's/reason=""/reason="known"/' new.supp >good.supp
tap_is "$(report leak.lkr --suppressions=good.supp | jq -c '[.verdict.kind, .suppressions[].state]')" \
    '["none","used","used","used"]' "with reasons it covers all, and no rule is of no use"
tap_like "$(cat new.supp)" 'until=2026-04-02 max=4MiB' "for ninety days and twice as much"
"$LR_CLI" report --suppressions=none.supp leak.lkr >out 2>err
tap_is "$? $(wc -c <out)" "2 0" "a missing file is an error, and no report"
tap_done
