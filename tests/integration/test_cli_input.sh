#!/bin/bash
# Wrong command lines and unreadable files: one clear line on stderr, nothing on stdout, the
# documented exit code; help and version where they are looked for.
. "$(dirname "$0")/../lib/tap.sh"

# refused NAME REGEX ARGUMENT…: status 2, one `leakring: …` line that matches, no data.
refused() {
    local name=$1 pattern=$2 status=0
    shift 2
    "$LR_CLI" "$@" >out 2>err </dev/null || status=$?
    if [ "$status" -eq 2 ] && [ ! -s out ] && grep -Eq -- "$pattern" err &&
        [ "$(grep -c '^leakring: ' err)" -eq 1 ] && ! grep -Evq '^(leakring|hint): ' err; then
        tap_pass "$name"
    else
        tap_fail "$name" "status $status; stdout: $(head -c 300 out); stderr: $(cat err)"
    fi
}

# patch FILE OFFSET BYTES: BYTES as printf's \x escapes.
patch() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

traced "$PWD/good.lkr" "$LR_ORACLE/say_hello" 0 >/dev/null 2>&1
if [ ! -s good.lkr ]; then
    tap_fail "a trace to damage" "the oracle left none"
    tap_done
fi
: >empty.lkr
seq 1000 >text.lkr
head -c 5000 /dev/zero >zeros.lkr
head -c 1000000 good.lkr >cut.lkr
head -c 20 good.lkr >stub.lkr
for copy in newer foreign checksum incompat; do cp --sparse=always good.lkr $copy.lkr; done
patch newer.lkr 8 '\x02'
patch foreign.lkr 12 '\x01\x02\x03\x04'
patch incompat.lkr 24 '\x40'
patch checksum.lkr 29 '\x5a\xa5'

for command in dump report; do
    refused "$command: missing file" '^leakring: none\.lkr: No such file' $command none.lkr
    refused "$command: a directory" '^leakring: /tmp: is a directory' $command /tmp
    refused "$command: a device" 'is not a regular file' $command /dev/null
    refused "$command: zero length" '^leakring: empty\.lkr: is empty' $command empty.lkr
    refused "$command: something else" '^leakring: text\.lkr: is not a leakring trace' $command text.lkr
    refused "$command: zeros" 'is not a leakring trace' $command zeros.lkr
    refused "$command: cut short" 'is truncated: 1000000 of [0-9]+ bytes' $command cut.lkr
    refused "$command: less than a header" 'is truncated: 20 bytes' $command stub.lkr
    refused "$command: newer version" 'written by a newer leakring \(format 2\); this one reads up to 1' \
        $command newer.lkr
    refused "$command: other byte order" 'other byte order' $command foreign.lkr
    refused "$command: unknown features" "features that this leakring doesn't know \(0x40\)" \
        $command incompat.lkr
    refused "$command: damaged header" 'checksum is wrong' $command checksum.lkr
    refused "$command: unknown option" "^leakring: $command: unknown option --bogus" \
        $command --bogus good.lkr
    refused "$command: unknown letter" "^leakring: $command: unknown option -Q" $command -Q good.lkr
    refused "$command: value missing" "needs a value" $command --format
    refused "$command: wrong format" "xml" $command --format=xml good.lkr
done
refused "dump: no file" 'which file' dump
refused "dump: two files" 'one file at a time' dump good.lkr good.lkr
refused "dump: unknown section" 'did you mean live' dump --section=liv good.lkr
refused "unknown command" '^hint: did you mean `leakring report`' reprot
refused "unknown command, none near" 'leakring --help' xyzzy
refused "help for an unknown command" 'no such command' help xyzzy

"$LR_CLI" dump good.lkr >dump.txt 2>err
tap_is "$? $(cat err)" "0 " "a good trace is dumped without a word on stderr"
"$LR_CLI" dump --format=json good.lkr | jq -e '.schema == "leakring.dump/1"' >/dev/null
tap_ok $? "the same as JSON"
tap_is "$("$LR_CLI" dump --format=json good.lkr | jq -r '.meta[] | select(.key == "exe").value')" \
    "$(readlink -f "$LR_ORACLE/say_hello")" "the executable is in it"
tap_is "$("$LR_CLI" dump good.lkr | cmp - dump.txt && echo same)" same "dumps of one file are equal"

"$LR_CLI" dump good.lkr >/dev/full 2>err
tap_is "$? $(cat err)" "2 leakring: cannot write the output" "a full disk is not success"

for command in run report dump doctor; do
    "$LR_CLI" $command --help >help1 2>&1
    status=$?
    "$LR_CLI" help $command >help2 2>&1
    tap_is "$status $(head -1 help1)" "0 Examples:" "$command --help opens with examples"
    tap_same help1 help2 "help $command says the same"
    tap_like "$("$LR_CLI" --help)" "^  $command " "leakring --help lists $command"
    [ -s "$LR_ROOT/docs/man/leakring-$command.1" ]
    tap_ok $? "$command has a manual page"
    # Every long option of the help is in the manual, and the other way round.
    options() { sed 's/\\fI.*//; s/\\//g' "$1" | grep -oE -- '--[a-z][a-z-]+' | sort -u; }
    tap_is "$(options help1 | comm -23 - <(options "$LR_ROOT/docs/man/leakring-$command.1") | xargs)" \
        "" "the manual of $command has all options of its help"
done
tap_like "$("$LR_CLI" --version)" '^leakring [0-9]+\.[0-9]+\.[0-9]+$' "--version"
"$LR_CLI" >out 2>err
tap_is "$? $(wc -c <out) $(head -1 err)" "2 0 Examples:" "no command: the overview, on stderr"
tap_done
