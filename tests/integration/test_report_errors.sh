#!/bin/bash
# test_report_errors.sh -- what is no trace gets one clear line and exit code 2; nothing is
# overwritten by accident; a terminal gets no more than its width, a pipe gets everything.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq script

"$LR_BUILD/test/unit/test_golden" "$T" || tap_skip_all "test_golden can't write its traces"

# refused NAME REGEX ARGUMENT…: `leakring report ARGUMENT…` fails with one line that says why.
refused() {
    local name=$1 regex=$2 status
    shift 2
    "$LR_CLI" report "$@" >out 2>err
    status=$?
    tap_is "$status" 2 "$name: exit code 2"
    tap_is "$(cat out)" "" "$name: nothing on stdout"
    tap_is "$(grep -c '^leakring: ' err),$(grep -vc '^leakring: \|^hint: ' err)" "1,0" \
        "$name: one line, at most a hint"
    tap_like "$(cat err)" "$regex" "$name: says what"
}

refused "missing" 'nosuch\.lkr: .*[Nn]o such file' nosuch.lkr
: >empty.lkr
refused "empty" 'empty\.lkr: .*empty' empty.lkr
head -c 100000 /dev/urandom >foreign.lkr
refused "foreign" 'foreign\.lkr: .*(not a leakring trace|no leakring trace)' foreign.lkr
head -c 60 leak.lkr >short.lkr
refused "shorter than a header" 'short\.lkr: ' short.lkr
head -c $(($(stat -c %s leak.lkr) / 2)) leak.lkr >half.lkr
refused "truncated" 'half\.lkr: .*truncated' half.lkr
cp leak.lkr newer.lkr
printf '\143\000\000\000' | dd of=newer.lkr bs=1 seek=8 conv=notrunc status=none
refused "newer version" 'newer\.lkr: .*(newer|version)' newer.lkr
cp leak.lkr scratched.lkr
printf '\377\377' | dd of=scratched.lkr bs=1 seek=150 conv=notrunc status=none
refused "damaged header" 'scratched\.lkr: ' scratched.lkr
refused "directory" ': .*(directory|regular file|not a)' "$T"
refused "unknown option" 'unknown option --nosuch' --nosuch leak.lkr
refused "wrong format" 'text, short, json or html' --format=xml leak.lkr
refused "wrong top" '--top is a number' --top=0 leak.lkr

# One bad file among good ones: the good ones are reported, the exit code tells.
"$LR_CLI" report --format=json leak.lkr nosuch.lkr clean.lkr >two.json 2>err
tap_is "$?,$(jq -r .verdict.kind two.json | tr '\n' ' ')" "2,leak none " "good files are reported, a bad one told"

# -o
"$LR_CLI" report -o page.txt leak.lkr 2>err
tap_is "$?,$(cat err)" "0,leakring: wrote page.txt" "-o writes, and says so"
"$LR_CLI" report leak.lkr | cmp -s - page.txt
tap_ok $? "-o writes what stdout gets"
cp page.txt before.txt
refused "taken name" 'page\.txt: already exists' -o page.txt clean.lkr
tap_same page.txt before.txt "a taken name is not touched"
"$LR_CLI" report -f -o page.txt clean.lkr 2>/dev/null
tap_like "$(head -1 page.txt)" '^NO LEAK' "-f overwrites"
refused "output over input" 'leak\.lkr: .*trace' -f -o leak.lkr leak.lkr
"$LR_CLI" report leak.lkr >/dev/null
tap_ok $? "the trace survives that"
refused "unwritable output" '/nonexistent/x: ' -o /nonexistent/x leak.lkr
refused "no half report" 'nosuch\.lkr' -o half.txt nosuch.lkr
tap_is "$(ls half.txt 2>/dev/null)" "" "a failed report leaves no file"
if [ -e /dev/full ]; then
    "$LR_CLI" report leak.lkr >/dev/full 2>err
    tap_is "$?" 2 "a full disk is no success"
fi

# Without FILE: the newest here, else in TMPDIR.
mkdir here empty tmp
cp clean.lkr here/old.lkr && touch -d '2 hours ago' here/old.lkr
cp leak.lkr here/new.lkr && touch -d '1 hour ago' here/new.lkr
tap_is "$(cd here && "$LR_CLI" report 2>&1 >/dev/null)" "leakring: reading new.lkr" "the newest trace is read"
cp clean.lkr tmp/other.lkr
tap_is "$(cd empty && TMPDIR=$T/tmp "$LR_CLI" report 2>&1 >/dev/null)" \
    "leakring: reading $T/tmp/other.lkr" "else the newest of TMPDIR"

# Terminal and pipe.
on_terminal() { LEAKRING_PAGER= COLUMNS=$1 script -qec "$2" /dev/null </dev/null | tr -d '\r'; }
longest() { sed 's/\x1b\[[0-9;]*m//g' | awk '{ if (length > max) max = length } END { print max }'; }
[ "$(on_terminal 60 "$LR_CLI report leak.lkr" | longest)" -le 60 ]
tap_ok $? "lines fit a terminal of 60 columns"
tap_like "$(on_terminal 45 "$LR_CLI report --color=never leak.lkr")" \
    '^ 1\. c\.acme\.codec\.Codec\.<init>\(Codec\.java:31\)$' "packages are shortened, never the method"
[ "$("$LR_CLI" report leak.lkr | longest)" -gt 100 ]
tap_ok $? "a pipe gets whole lines"
escape=$(printf '\033')
tap_like "$(on_terminal 80 "$LR_CLI report leak.lkr")" "$escape" "colour on a terminal"
tap_unlike "$(NO_COLOR=1 on_terminal 80 "$LR_CLI report leak.lkr")" "$escape" "NO_COLOR is respected"
tap_unlike "$("$LR_CLI" report leak.lkr)" "$escape" "no colour in a pipe"
tap_like "$("$LR_CLI" report --color=always leak.lkr)" "$escape" "--color=always"
tap_unlike "$("$LR_CLI" report hostile.lkr)" "$escape" "names can't command the terminal"
tap_is "$("$LR_CLI" report --format=json hostile.lkr | jq -r .schema)" leakring.report/1 \
    "nor leave their JSON string"

# The schema's keys, all of them.
"$LR_CLI" report --format=json leak.lkr >leak.json
tap_is "$(jq -c '[has("schema", "run", "completeness", "verdict", "pairs", "sites", "ledger", "series",
    "gc_pressure")] | all' leak.json)" true "top-level keys"
tap_is "$(jq -c '[(.run | has("pid", "exe", "cmdline", "start", "end", "duration_s", "ended", "host", "java")),
    (.run.java | has("version", "vendor", "gc")), (.completeness | has("verdict", "mode", "dropped", "notes")),
    (.verdict | has("kind", "summary", "evidence"))] | all' leak.json)" true "keys of run, completeness, verdict"
tap_is "$(jq -c '[.pairs[] | has("pair", "acquired", "released", "released_by_cleaner", "live", "live_bytes",
    "sites"), (.sites[] | has("culprit", "acquired", "released", "released_by_cleaner", "live",
    "live_bytes", "class", "expected", "stack"))] | all' leak.json)" true "keys of pairs and their sites"
tap_is "$(jq -c '[.sites[] | has("kind", "culprit", "live_bytes", "live_count", "total_bytes", "class",
    "rate_bytes_per_hour", "threads", "stack"), (.live_bytes | has("value", "low", "high")),
    (.stack[] | has("kind", "function", "file", "line", "module", "inlined"))] | all' leak.json)" true \
    "keys of sites"
tap_done
