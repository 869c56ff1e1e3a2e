#!/bin/bash
# test_diff.sh -- `leakring diff`: Lucene 6.3.0 and 6.4.1 both ways round, equal runs, a program that
# was built anew with its lines shifted and its functions inlined, and unusable input.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/java.sh"
. "$LR_ROOT/tests/lib/lucene.sh"
export LR_KEYS=budget=off
CYCLES=20

# states FILE: how many places are new, grown, unclear, shrunk and gone, behind the verdict.
states() { jq -r '[.verdict, (.counts | .new, .grown, .unclear, .shrunk, .gone)] | map(tostring) | join(" ")' "$1"; }

# changes FILE: per changed place the resource, its state, by how many streams, and the culprit.
changes() {
    jq -r '.pairs[] | select(.state != "equal") | [(.pair | split(".") | last), .state,
        .never_ended.delta.value, .never_ended.delta.low, .culprit.function] | map(tostring) | join(" ")' "$1" | sort
}

# The six places of 6.3.0 (lucene.sh), as `changes` prints them: STATE SIGN.
six_places() {
    lucene_truth $CYCLES | awk -v state="$1" -v sign="$2" '{ print $1, state, sign $2, sign $2, $3 }' | sort
}

# diff_is OLD NEW WANTED LABEL: JSON in diff.json.
diff_is() {
    "$LR_CLI" diff --format=json "$1.lkr" "$2.lkr" >diff.json 2>diff.err
    tap_is "$?,$(cat diff.err)" 0, "$4: leakring diff"
    tap_is "$(states diff.json)" "$3" "$4: new, grown, unclear, shrunk, gone" "$(jq -c '.pairs[], .sites[] | select(.state != "equal")' diff.json | head -20)"
}

lucene_traces() {
    local name
    for name in 6.3.0:old 6.3.0:again 6.4.1:new; do
        lucene_command "${name%:*}" $CYCLES
        java_run exit "${name#*:}" "${COMMAND[@]}"
        tap_is "$?" 0 "$JDK_NAME: Lucene ${name%:*} runs"
    done
}

jdk_test() {
    lucene_traces
    diff_is old again "same 0 0 0 0 0" "$JDK_NAME: two runs of 6.3.0"
    diff_is old new "improvement 0 0 0 0 6" "$JDK_NAME: 6.3.0 to 6.4.1"
    tap_is "$(changes diff.json)" "$(six_places gone -)" "$JDK_NAME: 6.3.0 to 6.4.1: the six places"
    diff_is new old "regression 6 0 0 0 0" "$JDK_NAME: 6.4.1 to 6.3.0"
    tap_is "$(changes diff.json)" "$(six_places new '')" "$JDK_NAME: 6.4.1 to 6.3.0: the six places"
    tap_is "$(jq '[.pairs[] | .regression] | map(select(.)) | length' diff.json)" 6 "$JDK_NAME: regressions"
    "$LR_CLI" diff new.lkr old.lkr >diff.txt
    tap_like "$(head -1 diff.txt)" '^REGRESSION: of all places 6 new' "$JDK_NAME: the text's first line"
    tap_like "$(cat diff.txt)" "^ +new +#40 +\+40 .* java.util.zip.Deflater never ended" "$JDK_NAME: figures and changes"
    "$LR_CLI" diff --format=folded new.lkr old.lkr >diff.folded
    tap_like "$(cat diff.folded)" '_\[j\];org.*DeflateDecompressor\.<init>_\[j\];.* 0 [1-9][0-9]*$' \
        "$JDK_NAME: the folded difference has what is new"
    tap_is "$(grep -vcE '^[^ ].* [0-9]+ [0-9]+$' diff.folded)" 0 "$JDK_NAME: every line has two figures"
}

# The same program: `keep` and `grow` inlined into `fill` or not, no debug information.
native_test() {
    { cat >program.c; } <<'END'
#include <stdlib.h>
static char *kept[1000];
static void *grow(size_t size) { return malloc(size); }
static void keep(int i, size_t size) { kept[i] = grow(size); }
__attribute__((noinline)) void fill(int count)
{
    for (int i = 0; i < count; i++)
        keep(i, 2000);
}
__attribute__((noinline)) int serve(int count) { fill(count); return kept[0] != NULL; }
int main(int argc, char **argv) { return serve(atoi(argv[1])) ? 0 : 1; }
END
    { printf '\n%.0s' {1..40}; cat program.c; } >shifted.c
    cc -O0 -fno-omit-frame-pointer -o first program.c && cc -O2 -o second shifted.c &&
        cc -g -O1 -o third shifted.c
    tap_ok $? "the program builds three times"
    traced first.lkr ./first 500 && traced second.lkr ./second 500 && traced third.lkr ./third 500 &&
        traced more.lkr ./second 900
    tap_ok $? "and runs"
    tap_is "$("$LR_CLI" report --format=json first.lkr | jq -r '.sites[0].culprit.function')" grow "the first build has the innermost function"
    tap_is "$("$LR_CLI" report --format=json second.lkr | jq -r '.sites[0].culprit.function')" fill "the second has it inlined"
    diff_is first second "same 0 0 0 0 0" "built anew with optimization"
    diff_is second third "same 0 0 0 0 0" "built anew with debug information"
    diff_is first more "regression 0 1 0 0 0" "built anew, and holds more"
    tap_is "$(jq -c '[.sites[0] | .live_bytes.delta.low, .live_bytes.delta.high, .live_count.delta.value]' diff.json)" \
        '[800000,800000,400]' "by so much, exactly"
    "$LR_CLI" diff --floor=2M first.lkr more.lkr | grep -q ^SAME
    tap_ok $? "--floor: less is no change"
    "$LR_CLI" diff --noise=90 first.lkr more.lkr | grep -q ^SAME
    tap_ok $? "--noise: less is no change"
}

usage() { # WANTED REGEX LABEL ARGUMENT…
    local wanted=$1 regex=$2 label=$3 out
    shift 3
    out=$("$LR_CLI" diff "$@" 2>&1)
    tap_is "$?" "$wanted" "$label: exit code"
    tap_like "$out" "$regex" "$label: why"
}

tap_need jq
native_test
usage 2 'two traces are needed' "one trace" first.lkr
usage 2 'missing.lkr: ' "no such trace" first.lkr missing.lkr
usage 2 '--by is auto, total or rate' "--by=nonsense" --by=nonsense first.lkr first.lkr
usage 2 '--noise is a percentage' "--noise=nonsense" --noise=-1 first.lkr first.lkr
usage 2 '--floor is a size' "--floor=nonsense" --floor=x first.lkr first.lkr
usage 2 '--format is' "--format=nonsense" --format=pdf first.lkr first.lkr
usage 2 'is to be read' "no trace is overwritten" -o second.lkr first.lkr second.lkr
usage 0 'wrote changes.txt' "-o" -o changes.txt first.lkr second.lkr
lucene_setup
java_each_jdk jdk_test
tap_done
