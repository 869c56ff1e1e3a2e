#!/bin/bash
# test_escapes.sh -- whatever names hold, no output has a terminal obey them, a browser run them, or a
# reader of its format lose its way: each format of each command, from a trace in which every text is
# hostile (test_evil_names.c), a library whose symbols are, files and logs whose names and lines are.
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3

evil=$LR_BUILD/test/unit/test_evil_names
esc=$'\033]0;owned\007\033[2J'
"$evil" old.lkr 20 && "$evil" new.lkr 50 && cp new.lkr "EVIL$esc.lkr"
tap_ok $? "the traces are made"
mkdir symbols && python3 -B "$LR_ROOT/tests/lib/hostile_elf.py" symbols evil-names &&
    "$LR_BUILD/test/unit/test_symbol_worker" "$PWD/symbols"
tap_ok $? "and one of a library with hostile symbols"
sed "s/java/EVIL$esc/g" "$LR_ROOT/tests/fixtures/oom/k5.4-k8s.log" >evil.log
cp evil.log "EVIL$esc.log"
echo "limit-unexplained = EVIL$esc" >evil.ini
printf 'reason: EVIL%s\nleak:nothing\nnonsense EVIL%s\n' "$esc" "$esc" >evil.supp

# clean KIND NAME COMMAND…: what it writes to stdout or `out` is harmless, and so is its stderr.
clean() {
    local kind=$1 name=$2 status why
    shift 2
    rm -f out
    "$LR_CLI" "$@" >stdout 2>stderr
    status=$?
    [ -e out ] || cp stdout out
    [ -s out ] || cp stderr out
    why=$(python3 -B "$LR_ROOT/tests/lib/check_clean.py" $kind out 2>&1)
    tap_is "$([ $status -le 3 ] || echo "status $status")$why" "" "$name"
    if LC_ALL=C grep -qaP '[\x00-\x09\x0b-\x1f\x7f]' stderr; then
        tap_fail "$name: stderr" "$(cat -v stderr)"
    fi
}

while read -r kind arguments; do
    clean $kind "leakring $arguments" $arguments
done <<'TABLE'
text report new.lkr
text report --stacks --bytes new.lkr
text report --format=short new.lkr
text report symbols/evil-names.lkr
json report --format=json new.lkr
json report --format=json symbols/evil-names.lkr
html report --format=html -o out new.lkr
html report --format=html -o out symbols/evil-names.lkr
text report --gen-suppressions new.lkr
text diff old.lkr new.lkr
json diff --format=json old.lkr new.lkr
folded diff --format=folded old.lkr new.lkr
folded export --format=folded new.lkr
folded export --format=folded symbols/evil-names.lkr
folded export --format=folded-diff old.lkr new.lkr
binary export --format=pprof -o out new.lkr
binary export --format=pprof -o out symbols/evil-names.lkr
binary export --format=gperftools -o out new.lkr
binary export --format=jeprof -o out new.lkr
csv export --format=csv new.lkr
metrics export --format=openmetrics new.lkr
text check new.lkr
text check --baseline=old.lkr new.lkr
json check --format=json new.lkr
xml check --junit=out new.lkr
markdown check --markdown=out new.lkr
json check --sarif=out new.lkr
commands check --annotations new.lkr
text check --rules=evil.ini new.lkr
text check --suppressions=evil.supp new.lkr
text top --once new.lkr
text dump new.lkr
text dump --privacy new.lkr
json dump --format=json new.lkr
json dump --privacy --format=json new.lkr
text oom evil.log
json oom --format=json evil.log
TABLE

# What names there are is told to who asks what a trace says.
"$LR_CLI" dump --privacy new.lkr >privacy
for what in "command line" "host name" "value of LEAKRING" "path of the program" "path of the allocator" "Java version" \
    "Java vendor" "Java virtual machine" collector "names of threads" "names of marks" "names of kinds of resources"; do
    tap_like "$(cat privacy)" "what=\"?$what" "dump --privacy: $what"
done

# Files' names come from others, too: of an archive that was sent.
for arguments in report "report --format=short" "diff old.lkr" check dump top\ --once; do
    clean text "leakring $arguments, of a file with such a name" $arguments "EVIL$esc.lkr"
done
clean text "an OOM kill of a trace with such a name" oom --trace="EVIL$esc.lkr" evil.log
clean json "JSON of a file with such a name" report --format=json "EVIL$esc.lkr"
clean html "a page of one" report --format=html -o out "EVIL$esc.lkr"
clean text "an OOM log with such a name" oom "EVIL$esc.log"
echo nonsense >"EVIL$esc.txt"
for command in report check doctor dump export\ --format=folded; do
    clean text "leakring $command refuses a file with such a name" $command "EVIL$esc.txt"
done
clean text "leakring report, of a file with such a name that isn't there" report "EVIL$esc.gone"
clean text "an option with such a value" report --format="EVIL$esc" new.lkr
clean text "a command of such a name" "EVIL$esc"
tap_done
