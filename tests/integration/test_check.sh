#!/bin/bash
# test_check.sh -- leakring check: exit codes, files of rules, hostile input, several files.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq gcc

check() { "$LR_CLI" check "$@"; }

# leak.lkr forgets zlib streams at known lines, fine.lkr ends them all.
LR_KEYS=budget=off traced leak.lkr "$LR_ORACLE/forgets" 50 450 >/dev/null
LR_KEYS=budget=off traced fine.lkr "$LR_ORACLE/forgets" 0 500 >/dev/null

check leak.lkr >out 2>err
tap_is "$?" 1 "a forgotten stream fails"
tap_like "$(cat out)" '^  FAIL unended: .*never ended, acquired at .*forgets\.c:[0-9]+' "and its line is named"
tap_is "$(cat err)" "" "nothing on stderr"
check --growth=off fine.lkr >out
tap_is "$?,$(head -c 4 out)" 0,PASS "what ends its streams passes, where growth isn't asked"
check fine.lkr >out
tap_is "$?" 0 "so does it by the default rules: nothing of it grew"
tap_like "$(cat out)" 'pass growth: no place grew .*slower leaks want a longer recording' "which is all that is said"
tap_is "$(check -q leak.lkr 2>&1)" "" "--quiet"

# Forgets a session, is warm, then keeps 4 MB: whether that is growth can't be told in no time.
cat >warm.c <<END
#include <stdlib.h>
#include "$LR_ROOT/include/leakring/leakring.h"
static void *volatile kept;
static void keep(void)
{
    kept = malloc(4096);
}
int main(void)
{
    lr_acquire("demo.Session", (void *)1);
    lr_mark("warm");
    for (int i = 0; i < 1000; i++)
        keep();
    return 0;
}
END
gcc -g -O0 -o warm warm.c || tap_fail "warm.c compiles"
LR_KEYS=budget=off traced warm.lkr ./warm
check --growth=off warm.lkr >out
tap_is "$?" 1 "a session is forgotten"
check --growth=off --from=warm warm.lkr >out
tap_is "$?" 0 "before the mark"
check --from=warm warm.lkr >out
tap_is "$?" 3 "what may be growth never passes"
tap_like "$(cat out)" 'cannot tell growth: 4.10 MB are live that were acquired at .*warm\.c:6' "its place is named"
tap_like "$(cat out)" 'too short to tell growth .*--limit-leaks' "and what settles it"
check --growth=off --limit-unended=off --limit-live=Sitzung=0 warm.lkr >out
tap_is "$?" 3 "a limit on what nothing is called: cannot tell"
tap_like "$(cat out)" 'nothing is called Sitzung in this recording, which knows .*demo.Session' "and what there is"

# --- recordings that never pass ---
head -c $(($(stat -c %s fine.lkr) / 2)) fine.lkr >cut.lkr
check --growth=off cut.lkr >out 2>err
tap_is "$?" 3 "a truncated recording: cannot tell"
tap_like "$(cat out)" 'cannot tell completeness: .*truncated' "and why"
: >empty.lkr
check --growth=off empty.lkr >/dev/null 2>&1
tap_is "$?" 3 "one that was never written"
jemalloc=$(ls /usr/lib/*/libjemalloc.so.2 2>/dev/null | head -1)
if [ -n "$jemalloc" ]; then
    LEAKRING=file=blind.lkr LD_PRELOAD="$jemalloc:$LR_LIB" "$LR_ORACLE/forgets" 0 500 >/dev/null
    check --growth=off blind.lkr >out
    tap_is "$?" 3 "a blind one"
    tap_like "$(cat out)" 'cannot tell completeness: the tracer was blind' "and why"
else
    tap_skip "a blind recording" "no jemalloc"
fi
check --growth=off --min-duration=1h fine.lkr >/dev/null
tap_is "$?" 3 "one shorter than is wanted"
printf 'no trace' >other.lkr
check other.lkr >/dev/null 2>err
tap_is "$?" 2 "no recording at all: unreadable"

cat >launch.c <<'END'
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    return execv(argv[1], argv + 1);
}
END
gcc -o launch launch.c || tap_fail "launch.c compiles"
LR_KEYS=budget=off traced launched.lkr ./launch "$LR_ORACLE/forgets" 0 500 >/dev/null
check --growth=off launched.lkr >out
tap_is "$?" 3 "one that ends where another program began, without that one's"
tap_like "$(cat out)" 'cannot tell completeness: it became another program by exec' "and why"
check --growth=off launched.lkr launched.1.lkr >out
tap_is "$?" 0 "both together can be told"

# --- several files: 1, then 2, then 3, then 0 ---
codes() { check --growth=off "$@" >/dev/null 2>&1; echo $?; }
tap_is "$(codes fine.lkr fine.lkr)$(codes fine.lkr cut.lkr)$(codes cut.lkr nosuch.lkr fine.lkr)$(codes nosuch.lkr leak.lkr cut.lkr)" \
    0321 "of several files the worst counts"
check --growth=off fine.lkr leak.lkr cut.lkr -F json 2>/dev/null >out.json
tap_is "$(jq -r '[.schema, .outcome, (.files | map(.outcome) | join("+"))] | join(" ")' out.json)" \
    "leakring.check/1 fail pass+fail+cannot-tell" "JSON has each file's outcome"
tap_is "$(jq '[.files[].results[0].rule] | unique | join(" ")' out.json)" '"completeness"' "completeness comes first"
tap_is "$(jq -r '[.files[1].results[] | select(.outcome == "fail") | .culprit.file] | unique | .[0]' out.json)" \
    tests/oracle/forgets.c "with the culprit"

# --- limits ---
tap_is "$(check --growth=off --limit-live=inflate=0 -F json fine.lkr | jq -r '.files[0].results[] | select(.rule == "limit-live") | .outcome')" \
    pass "no stream of a kind is live"
tap_is "$(codes --limit-unended=100000 leak.lkr)" 0 "--limit-unended puts up with some"
tap_is "$(codes --limit-unended=off leak.lkr)" 0 "or all"
tap_is "$(codes --limit-unended=off --limit-leaks=1 leak.lkr)" 1 "--limit-leaks"

# --- a baseline ---
tap_is "$(codes --baseline=leak.lkr leak.lkr)" 0 "what leaks in the baseline, too, is put up with"
tap_is "$(codes --baseline=fine.lkr leak.lkr)" 1 "what doesn't fails"
tap_is "$(codes --baseline=leak.lkr fine.lkr)" 0 "an improvement passes"
tap_is "$(codes --baseline=leak.lkr --limit-unended=0 leak.lkr)" 1 "unless a limit is asked"
tap_is "$(codes --baseline=nosuch.lkr fine.lkr)" 2 "a baseline that isn't there"

# --- files of rules ---
cat >good.ini <<'END'
# what may be
[rules]
growth = off
limit-unended = 100000   ; enough
END
tap_is "$(codes --rules=good.ini leak.lkr)" 0 "rules from a file"
tap_is "$(codes --rules=good.ini --limit-unended=0 leak.lkr)$(codes --limit-unended=0 --rules=good.ini leak.lkr)" 11 \
    "options win over it, wherever they stand"
mkdir -p ci
printf 'growth=off\nbaseline=../leak.lkr\n' >ci/rules.ini
tap_is "$(codes --rules=ci/rules.ini leak.lkr)" 0 "a baseline beside it, without a section"
bad() { # NAME TEXT WANTED-MESSAGE
    printf "$2" >bad.ini
    check --rules=bad.ini fine.lkr >out 2>err
    tap_is "$?,$(grep -c '^leakring: ' err)" 2,1 "$1"
    tap_like "$(cat err)" "$3" "is told"
}
bad "an unknown key" 'growth=off\nlimit-leek=1\n' "bad.ini: line 2: there is no rule 'limit-leek'"
tap_like "$(cat err)" "^hint: did you mean limit-leaks" "with what was meant"
bad "a wrong value" 'limit-rss=much\n' "line 1: limit-rss is a size"
bad "another section" '[other]\ngrowth=off\n' 'the section is \[rules\]'
bad "no key at all" 'nonsense\n' 'line 1: a rule is one line'
bad "a line too long" "# $(printf '%0300d')\n" 'line 1: a rule is one line'
bad "a value cut short would be another" "growth=off ; $(printf '%0190d')\n" 'line 1'
bad "control sequences" '[\033]0;x\007]\na=1\n' 'the section is'
tap_unlike "$(cat err)" $'\033' "are not passed on to the terminal"
bad "binary" 'growth=\0off\n' "no file of rules|is not"
head -c 70000 /dev/zero | tr '\0' '\n' >bad.ini
check --rules=bad.ini fine.lkr >/dev/null 2>err
tap_is "$?" 2 "a file too large"
mkfifo fifo.ini
timeout 60 "$LR_CLI" check --rules=fifo.ini fine.lkr >/dev/null 2>err
tap_is "$?" 2 "a FIFO isn't waited for"
check --rules=/nonexistent.ini fine.lkr >/dev/null 2>err
tap_is "$?" 2 "no such file"

# --- usage ---
check --no-such >/dev/null 2>&1
tap_is "$?" 2 "an unknown option"
check --format=xml fine.lkr >/dev/null 2>&1
tap_is "$?" 2 "an unknown format"
check --growth=off -o out.txt leak.lkr 2>err
tap_is "$?,$(head -c 4 out.txt)" 1,FAIL "-o keeps what failed"
check --growth=off -o out.txt leak.lkr 2>err
tap_is "$?" 2 "-o doesn't overwrite"
check --growth=off -o leak.lkr -f leak.lkr 2>err
tap_is "$?" 2 "least of all a recording"
tap_done
