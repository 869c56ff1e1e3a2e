#!/bin/bash
# test_report_terminal.sh -- the text report before a person: the pager, progress, and the parts that
# can be asked for.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq python3 cc
"$LR_BUILD/test/unit/test_golden" "$T" >/dev/null || tap_skip_all "test_golden can't write its traces"
unset LEAKRING_PAGER PAGER LESS NO_COLOR COLUMNS
export TERM=xterm

# on_terminal ROWS COMMAND: on a terminal of so many rows, by a shell; `screen` is what it got.
on_terminal() {
    local status
    python3 -B "$LR_ROOT/tests/lib/on_terminal.py" "$1" 80 sh -c "$2" >typescript
    status=$?
    tr -d '\r' <typescript >screen
    return $status
}
# paged ROWS COMMAND: with a pager that keeps what it is given in `paged`.
paged() {
    rm -f paged
    PAGER='cat >paged' on_terminal "$@"
}

paged 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' paged),$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' screen)" "0,2,0" "what is longer than the terminal goes to PAGER"
tap_like "$(cat paged)" "$(printf '\033')" "with its colours"
tap_is "$(awk '{ gsub(/\033\[[0-9;]*m/, ""); if (length > max) max = length } END { print max <= 80 }' paged)" 1 \
    "and lines as wide as the terminal"
python3 -B "$LR_ROOT/tests/lib/on_terminal.py" 200 40 sh -c "NO_COLOR=1 '$LR_CLI' report leak.lkr" | tr -d '\r' >narrow
tap_is "$(awk '{ if (length > max) max = length } END { print max }' narrow)" 40 "40 columns: no line is wider, whatever names are"
tap_is "$(tr -d '\n' <narrow | grep -c 'for what  com.acme.codec.Codec.<init>  (Codec.java:31) acquires')" 1 \
    "and what is broken is broken between the parts of a name"
paged 200 "$LR_CLI report leak.lkr"
tap_is "$?,$(ls paged 2>/dev/null),$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' screen)" "0,,2" "what fits isn't paged"
for no in "--no-pager leak.lkr" "-o -f.txt leak.lkr" "--format=json leak.lkr" "leak.lkr | cat" "leak.lkr >plain.txt"; do
    paged 12 "$LR_CLI report $no"
    tap_is "$?,$(ls paged 2>/dev/null)" "0," "report $no: no pager"
done
"$LR_CLI" report leak.lkr | cmp -s - plain.txt
tap_ok $? "a file and a pipe get the same"

paged 12 "$LR_CLI diff clean.lkr leak.lkr"
tap_is "$?,$([ -s paged ]; echo $?)" "0,0" "diff goes there, too"
paged 12 "$LR_CLI diff --no-pager clean.lkr leak.lkr"
tap_is "$?,$(ls paged 2>/dev/null)" "0," "but for --no-pager"
LEAKRING_PAGER='cat >other' paged 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(ls paged other 2>/dev/null)" "0,other" "LEAKRING_PAGER comes before PAGER"
LEAKRING_PAGER= paged 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(ls paged 2>/dev/null),$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' screen)" "0,,2" "an empty one is none"
TERM=dumb paged 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(ls paged 2>/dev/null)" "0," "a terminal that can't go back has none"
PAGER='echo "$LESS" >less.env; cat' on_terminal 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(cat less.env)" "0,FRX" "less stays out of the way of what is short, and keeps colours"

# 100 reports are more than a pipe holds.
many=$(printf 'leak.lkr %.0s' $(seq 100))
PAGER=true on_terminal 12 "$LR_CLI report $many"
tap_is "$?,$(cat screen)" "0," "a pager that ends early is no error"
PAGER=/nowhere/pager on_terminal 12 "$LR_CLI report leak.lkr"
tap_is "$?,$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' screen)" "0,2" "a pager that isn't there: the report is shown"
cat >ignoring.py <<'P'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # which a shell's trap doesn't hand on
os.execv(sys.argv[1], sys.argv[1:])
P
PAGER=/nowhere/pager on_terminal 12 "exec python3 ignoring.py $LR_CLI report leak.lkr"
tap_is "$?,$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' screen)" "0,2" "nor where the caller ignores SIGCHLD: the report is shown"
cp leak.lkr '$(touch pwned);`touch pwned`.lkr'
paged 12 "$LR_CLI report '\$(touch pwned);\`touch pwned\`.lkr'"
tap_is "$?,$(ls pwned 2>/dev/null)" "0," "a trace's name is no command"
tap_like "$(cat paged)" '^  trace \$\(touch pwned\)' "but is shown"
paged 12 "$LR_CLI report nowhere.lkr leak.lkr"
tap_is "$?,$(grep -c '^leakring: nowhere.lkr: ' screen),$(grep -c '^.\{0,12\}[12]\. .*Codec.<init>' paged)" "2,1,2" \
    "the exit code is the report's, its messages aren't paged"

# less itself, as it is when nobody chose a pager.
trap 'tmux -S "$T/tmux" kill-server 2>/dev/null; tap_cleanup' EXIT
trap 'exit 143' TERM INT
screen_of() { tmux -S "$T/tmux" capture-pane -p -t pager 2>/dev/null; }
on_screen() { screen_of | grep -q -- "$1"; }
if tap_have tmux && tap_have less; then
    tmux -S "$T/tmux" -f /dev/null new-session -d -s pager -x 80 -y 20 \
        "env LC_ALL=C.UTF-8 TERM=screen '$LR_CLI' report leak.lkr; echo status \$?; read -r line"
    wait_for 60 on_screen '^:'
    tap_ok $? "less shows the first screen" "$(screen_of)"
    tap_is "$(screen_of | head -1 | cut -c1-9)" "LEAK: 62 " "which begins with the verdict"
    tmux -S "$T/tmux" send-keys -t pager q
    wait_for 60 on_screen 'status 0'
    tap_ok $? "q ends it; that is no error" "$(screen_of)"
    tmux -S "$T/tmux" kill-server 2>/dev/null
else
    tap_skip "less" "tmux or less is not installed"
fi

# What takes longer than a second says so: a trace that can't be opened until it was seen to.
cat >hold.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static void hold(const char *path)
{
    if (strstr(path, "held.lkr"))
        while (access("go.on", F_OK) != 0)
            usleep(10000);
}
#define HELD(name)                                                                        \
    int name(const char *path, int flags, ...)                                            \
    {                                                                                     \
        int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        va_list rest;                                                                     \
        va_start(rest, flags);                                                            \
        mode_t mode = va_arg(rest, mode_t);                                               \
        va_end(rest);                                                                     \
        hold(path);                                                                       \
        return real(path, flags, mode);                                                   \
    }
HELD(open)
HELD(open64)
C
cc -shared -fPIC -o hold.so hold.c -ldl
cp leak.lkr held.lkr
has_progress() { grep -q 'leakring: held.lkr: reading' typescript; }
on_terminal 200 "LD_PRELOAD=$T/hold.so $LR_CLI report held.lkr" &
wait_for 120 has_progress
tap_ok $? "what takes longer than a second says so on a terminal" "$(cat -v typescript)"
: >go.on
wait
tap_is "$(tr -d '\n' <screen | sed 's/LEAK.*//; s/\x1b\[1;31m//' | sed 's/.*held\.lkr: [^\x1b]*//' | cat -v)" '^[[K' \
    "and is gone when the report comes"
rm go.on
(LD_PRELOAD=$T/hold.so exec "$LR_CLI" report held.lkr) >held.out 2>held.err &
sleep 1.5
: >go.on
wait $!
tap_is "$?,$(cat held.err)" "0," "what is no terminal gets no progress"
rm go.on

# A part of it.
ids=$("$LR_CLI" report --format=json leak.lkr native.lkr | jq -r '.pairs[].sites[].id, .sites[].id')
tap_is "$(sort <<<"$ids" | uniq -d)" "" "no ID names two places" # in these, which have few
tap_is "$("$LR_CLI" report --format=json leak.lkr native.lkr | jq -r '.pairs[].sites[].id, .sites[].id')" "$ids" \
    "the same place has the same ID again"
for id in $("$LR_CLI" report leak.lkr | grep -oE '\b[0-9a-f]{8}\b' | sort -u); do
    "$LR_CLI" report --site="$id" leak.lkr >site.txt
    tap_is "$?,$(head -1 site.txt),$(grep -c '^  Stack' site.txt)" "0,Site $id,1" "--site=$id, which the report shows, works"
done
tap_like "$("$LR_CLI" report --site="$(head -1 <<<"$ids")" leak.lkr)" '10  the Cleaner, after' "it says who ended them"
for wrong in --site=0123 --pair=Socket "--site=$(head -1 <<<"$ids") --pair=Inflater" "--filter=x --format=json" \
    "--site=00000000 --format=short" "--filter="; do
    "$LR_CLI" report $wrong leak.lkr >out 2>err
    tap_is "$?,$(cat out),$(grep -c '^leakring: ' err),$(grep -c '^hint: ' err)" "2,,1,1" "$wrong: refused, with a hint"
done
tap_is "$("$LR_CLI" report --pair=Deflater leak.lkr | grep -E '^ +[0-9]+\. ' | sed 's/.*\. *//')" \
    "$("$LR_CLI" report leak.lkr | grep '^ 3\. ' | sed 's/.*\. *//')" "--pair: no other findings"
tap_is "$("$LR_CLI" report --filter=merge leak.lkr | grep -E '^ +[0-9]+\. ' | wc -l)" 1 "--filter: a part of a name"
tap_is "$("$LR_CLI" report --filter='com.acme.*.merge' leak.lkr | grep -E '^ +[0-9]+\. ' | wc -l)" 1 "--filter: a glob"
tap_is "$("$LR_CLI" report --filter='merge*' leak.lkr | grep -E '^ +[0-9]+\. ' | wc -l)" 0 "a glob is of the whole name"
tap_is "$("$LR_CLI" report --filter=Codec.java leak.lkr | grep -E '^ +[0-9]+\. ' | wc -l)" 3 "--filter: a file"
tap_is "$("$LR_CLI" report --filter=libjvm.so leak.lkr | grep -c '^LEAK\|libjvm.so+0x1234$')" 3 "--filter: a library; the verdict stays"
tap_like "$("$LR_CLI" report --filter=libjvm.so leak.lkr)" 'Shown: .* 0 of 3 findings, 2 of 7 places; those left out hold 1\.77 MB' \
    "what is left out is said"
tap_is "$("$LR_CLI" report --top=1 leak.lkr | grep -c '^And 2 more places: 19 never ended, 50.1 kB held (--top=3 lists them)$')" 1 \
    "--top: what is left out is said"
tap_is "$("$LR_CLI" report --format=short leak.lkr | wc -l)" 6 "--format=short is short"
tap_is "$(on_terminal 200 "$LR_CLI report --format=short hostile.lkr"; LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]' screen)" 0 \
    "and plain, on a terminal too"
tap_done
