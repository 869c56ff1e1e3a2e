#!/bin/bash
# test_symbol_worker_death.sh -- the process that reads ELF and DWARF is killed, stopped, or waits for
# ever, through no fault of the file's or by it: the report comes, and what is only nameless for that
# reason is neither a failure nor a suppression that nobody needs.
# timeout: 600
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3 cc jq

unset DEBUGINFOD_URLS DEBUGINFOD_TIMEOUT
python3 -B "$LR_ROOT/tests/lib/hostile_elf.py" files plain fifo-alternate 2>make.err ||
    tap_fail "the files are made" "$(cat make.err)"
"$LR_BUILD/test/unit/test_symbol_worker" "$PWD/files"

# As the process begins to read a file, it gets the signals whose files are there, one at a time.
cat >strike.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
int setitimer(__itimer_which_t which, const struct itimerval *new, struct itimerval *old)
{
    int (*real)(__itimer_which_t, const struct itimerval *, struct itimerval *) =
        (int (*)(__itimer_which_t, const struct itimerval *, struct itimerval *))dlsym(RTLD_NEXT, "setitimer");
    char name[32];
    for (int i = 1; i < 20; i++) {
        snprintf(name, sizeof(name), "KILL.%d", i);
        if (unlink(name) == 0)
            raise(SIGKILL);
        snprintf(name, sizeof(name), "STOP.%d", i);
        if (unlink(name) == 0)
            raise(SIGSTOP);
    }
    return real(which, new, old);
}
C
cc -shared -fPIC -o strike.so strike.c -ldl || tap_fail "strike.so is made"

# struck SIGNAL TIMES COMMAND…: its output in `out`; prints its exit status and how many were spared.
struck() {
    local signal=$1 times=$2 i
    shift 2
    for i in $(seq "$times"); do : >"$signal.$i"; done
    LD_PRELOAD=$T/strike.so timeout 120 "$LR_CLI" "$@" >out 2>err
    echo "$?,$(ls "$signal".* 2>/dev/null | wc -l)"
    rm -f "$signal".*
}
plain=files/plain.lkr
name=$("$LR_CLI" report --format=json $plain | jq -r '.sites[0].culprit.function')
printf '#: reason="known"\nleak:^%s$\n' "$name" >known.supp
check() { struck "$@" check --growth=off --limit-leaks=100k --suppressions=known.supp $plain; }

tap_is "$(struck KILL 0 check --growth=off --limit-leaks=100k $plain)" "1,0" "a leak fails"
tap_is "$(check KILL 0)" "0,0" "a suppressed one passes"
tap_is "$(check KILL 1)" "0,0" "so it does where the process that reads its names is killed once"
tap_unlike "$(cat out)" 'can be removed|names are missing' "which isn't noticed"
tap_is "$(check KILL 2)" "3,0" "where it is killed again, nobody can tell"
tap_like "$(cat out)" 'names are missing' "and that is said"
tap_unlike "$(cat out)" 'can be removed' "the rule isn't called useless"
tap_is "$(struck KILL 2 report --suppressions=known.supp $plain)" "0,0" "the report comes"
tap_like "$(cat out)" 'plain.so: functions have no names: the process that reads it was killed' "and says why it has no names"
tap_unlike "$(cat out)" 'can be removed' "nor does it call the rule useless"
struck KILL 2 report --format=json --suppressions=known.supp $plain >/dev/null
tap_is "$(jq -r '.suppressions[] | select(.default | not).state' out)" "cannot-tell" "JSON has it as a state"
tap_is "$(struck KILL 2 check --growth=off --limit-leaks=100k --no-default-suppressions $plain)" "1,0" "without any rule a leak is one, whatever its name"
printf '#: reason="known" pair=java.util.zip.Inflater\nleak:^%s$\n' "$name" >other.supp
tap_is "$(struck KILL 2 check --growth=off --limit-leaks=100k --no-default-suppressions --suppressions=other.supp $plain)" "1,0" \
    "so it is where rules are for other resources"
tap_is "$(struck KILL 2 check --baseline=$plain --growth=off $plain)" "3,0" "nothing is called new whose name was lost in the baseline"
tap_is "$(struck STOP 1 report $plain)" "0,0" "one that is stopped isn't waited for"
tap_like "$(cat out)" 'plain.so: functions have no names: the process that reads it was stopped' "but said to be"

# Distributions set DEBUGINFOD_URLS for everybody; nothing is there that would answer.
for urls in "" " " http://127.0.0.1:9/; do
    DEBUGINFOD_TIMEOUT=2 DEBUGINFOD_URLS=$urls timeout 120 "$LR_CLI" report files/fifo-alternate.lkr >out 2>err
    tap_is "$?" 0 "DEBUGINFOD_URLS='$urls': a file that makes its reader wait for ever doesn't"
    tap_like "$(cat out)" 'fifo-alternate.so: functions have no names: its file is damaged' "and is said to be damaged"
done
tap_done
