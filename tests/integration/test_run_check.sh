#!/bin/bash
# test_run_check.sh -- leakring run --check: whose exit code it is, how short the verdict, signals,
# several processes, and being process 1 of a container.
. "$(dirname "$0")/../lib/tap.sh"
tap_need gcc

forgets=$LR_ORACLE/forgets
gate() { "$LR_CLI" run --check --budget=off "$@" 2>err; }
lines() { [ "$(wc -l <err)" -le 10 ] && echo short || cat err; }

gate --growth=off -- "$forgets" 5 100 >out
tap_is "$?,$(cat out),$(lines)" "1,forgot 5 of 105,short" "a leak: 1, and the command's output"
tap_like "$(cat err)" '^leakring: FAIL: leakring\.forgets\.[0-9]+\.lkr' "the verdict names the trace"
tap_like "$(cat err)" '^  FAIL unended: .*forgets\.c:[0-9]+' "and the line"
tap_like "$(cat err)" '^leakring: next: leakring report leakring\.forgets' "and what to do next"
gate --growth=off -- "$forgets" 0 100 >out
tap_is "$?,$(wc -l <err)" "0,2" "no leak: 0"
gate -- "$forgets" 0 100 >out
tap_is "$?,$(lines)" "0,short" "nor by the default rules: nothing of it grew"
gate -q --growth=off -- "$forgets" 5 0 >out
tap_is "$?,$(cat err)" "1," "--quiet: the exit code only"
gate --growth=off -- sh -c "$forgets 5 5; exit 7" >out
tap_is "$?" 7 "the command's own failure comes first"
tap_like "$(cat err)" '^leakring: FAIL' "with the verdict nonetheless"
gate --growth=off -- sh -c "$forgets 5 5; kill -9 \$\$" >out
tap_is "$?" 137 "so does its death"
gate --growth=off -- /nonexistent/command
tap_is "$?" 127 "no such command"
gate --growth=off --exe=nosuch -- "$forgets" 0 5 >out
tap_is "$?" 3 "no trace at all: cannot tell"
gate --growth=off --baseline=nosuch.lkr -- "$forgets" 0 5 >out
tap_is "$?" 2 "a baseline that isn't there"
gate --growth=maybe -- "$forgets" 0 5 >out
tap_is "$?,$(cat out)" "2," "a wrong rule: nothing is run"
"$LR_CLI" run --growth=off -- "$forgets" 0 5 >out 2>err
tap_is "$?,$(cat out)" "2," "nor with rules but without --check"
printf 'growth=off\nlimit-unended=10\n' >rules.ini
gate --rules=rules.ini -- "$forgets" 5 5 >out
tap_is "$?" 0 "rules from a file"

# --- several processes: all are judged, and it is said which ---
rm -f ./*.lkr
gate --growth=off -- sh -c "$forgets 0 5; $forgets 6 5; $forgets 0 5; $forgets 0 5; $forgets 0 5" >out
tap_is "$?,$(lines)" "1,short" "one of five leaks"
tap_like "$(head -1 err)" 'FAIL: .*/forgets, pid [0-9]+' "it is told first, with its pid"
tap_like "$(cat err)" 'and 3 more of 5 processes' "the others are counted"
cat >parent.c <<END
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0)
        execl("$forgets", "forgets", "7", "3", (char *)0);
    while (wait(0) > 0)
        ;
    return 0;
}
END
gcc -o parent parent.c || tap_fail "parent.c compiles"
gate --growth=off ./parent >out
tap_is "$?" 0 "children aren't traced"
gate --growth=off --children ./parent >out
tap_is "$?" 1 "unless that is asked"
gate --growth=off -- sh -c "exec $forgets 0 5" >out
tap_is "$?" 0 "an exec"
cat >launch.c <<'END'
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    return execvp(argv[1], argv + 1);
}
END
gcc -o launch launch.c || tap_fail "launch.c compiles"
gate --growth=off -- ./launch env -u LD_PRELOAD "$forgets" 5 5 >out
tap_is "$?" 3 "a traced launcher of what isn't traced: cannot tell"
tap_like "$(cat err)" 'cannot tell completeness: what the command itself did .*it was, or became, forgets' "and why"
if gcc -static -o alone -x c - <<<'int main(void) { return 0; }' 2>gcc.log; then
    gate --growth=off -- sh -c "$forgets 0 5; exec ./alone" >out
    tap_is "$?" 3 "the command became a static program: another's trace is no pass"
    tap_like "$(cat err)" 'became, alone, which left no trace' "and why"
    gate --growth=off -- sh -c "$forgets 5 5; exec ./alone" >out
    tap_is "$?" 1 "a leak of another is one, though"
    gate --growth=off --junit=alone.xml -- sh -c "$forgets 0 5; exec ./alone" >out
    tap_like "$(cat alone.xml)" '<error type="completeness" message="what the command itself did' "JUnit says so, too"
    printf '#!/bin/sh\n%s 0 5\nexec ./alone\n' "$forgets" >script.sh && chmod +x script.sh
    gate --growth=off -- ./script.sh >out
    tap_is "$?" 3 "behind a script, too"
    gate --growth=off --exe=forgets -- ./script.sh >out
    tap_is "$?" 0 "unless it was said what is to be traced"
else
    tap_skip "the command becomes a static program" "no static C library"
fi
# --- forked children aren't recorded: what passes is known to have nothing in them ---
cat >forks.c <<'END'
/* forks brief|exec|workers|daemon PROGRAM: two children each, whose work is done when it returns; a
 * worker's is CPU time, so that no machine is too slow or too busy for it. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *volatile kept;
static void work(void)
{
    while (clock() < CLOCKS_PER_SEC / 5)
        kept = malloc(100);
}
int main(int argc, char **argv)
{
    for (int i = 0; i < 2 && strcmp(argv[1], "daemon") != 0; i++)
        if (fork() == 0) {
            if (strcmp(argv[1], "exec") == 0)
                execl(argv[2], argv[2], "0", "3", (char *)0);
            if (strcmp(argv[1], "workers") == 0)
                work();
            _exit(0);
        }
    while (wait(0) > 0)
        ;
    if (strcmp(argv[1], "daemon") == 0 && daemon(1, 0) == 0)
        work();
    return argc > 2 ? 0 : 2;
}
END
gcc -o forks forks.c || tap_fail "forks.c compiles"
for kind in brief exec; do
    gate --growth=off -- ./forks $kind "$forgets" >out
    tap_is "$?" 0 "children: $kind: nothing of the program's is missing" "$(cat err)"
    tap_unlike "$(cat err)" 'forked' "and nothing is said of them"
done
for kind in workers daemon; do
    gate --growth=off -- ./forks $kind "$forgets" >out
    tap_is "$?" 3 "children: $kind: their work isn't in the recording: cannot tell" "$(cat err)"
    tap_like "$(cat err)" 'cannot tell completeness: ([12] forked child(ren)? went on|its process ended unseen)' \
        "and why"
    gate --growth=off --limit-forked=off -- ./forks $kind "$forgets" >out
    tap_is "$?" 0 "unless that doesn't matter" "$(cat err)"
done

# --- what can't be recorded at all ---
nothing() { # NAME COMMAND…
    local name=$1
    shift
    rm -f none.xml
    gate --growth=off --junit=none.xml -- "$@" >out
    tap_is "$?" 3 "$name: cannot tell" "$(cat err)"
    tap_like "$(cat err)" 'left no trace file' "$name: and why"
    tap_like "$(cat none.xml 2>&1)" '<error type="completeness" message="the command left no recording' \
        "$name: JUnit has it, too"
}
[ ! -x alone ] || nothing "a static program" ./alone
cp "$forgets" gains && if chown 65534 gains 2>/dev/null && chmod 4755 gains && ! findmnt -no OPTIONS -T . | grep -q nosuid; then
    nothing "a set-user-id program" ./gains 0 5
else
    tap_skip "a set-user-id program" "only root can make one of another's, and not where nosuid holds"
fi
if tap_have musl-gcc && musl-gcc -o other -x c - <<<'int main(void) { return 0; }' 2>gcc.log; then
    gate --growth=off -- ./other >out
    tap_is "$([ $? -ne 0 ] && echo no pass)" "no pass" "a program of another C library"
else
    tap_skip "a program of another C library" "no musl-gcc (musl-tools)"
fi

printf '#!/bin/sh\n%s 0 5\n' "$forgets" >script.sh && chmod +x script.sh
gate --growth=off -- ./script.sh >out
tap_is "$?" 0 "a script has no trace of its own"
gate --growth=off -- ./launch sh -c "$forgets 0 5" >out
tap_is "$?" 0 "nor what becomes a shell"
gate --growth=off --redact=all -- "$forgets" 5 5 >out
tap_is "$?" 1 "a trace that hides its settings is found"

# --- a phase ---
cat >warm.c <<END
#include "$LR_ROOT/include/leakring/leakring.h"
int main(void)
{
    lr_acquire("demo.Session", (void *)1);
    lr_mark("warm");
    return 0;
}
END
gcc -o warm warm.c || tap_fail "warm.c compiles"
gate -- ./warm
tap_is "$?" 1 "a session is forgotten"
gate --from=warm -- ./warm
tap_is "$?" 0 "--from: not in this phase"
gate --to=warm -- ./warm
tap_is "$?" 1 "--to: but in that one"
gate --from=warmer -- ./warm
tap_is "$?" 3 "a mark that was never made: cannot tell"
tap_like "$(cat err)" 'there is no mark warmer' "and why"

# --- signals ---
cat >patient.sh <<'END'
trap 'echo got TERM; exit 0' TERM
for signal in USR1 WINCH RTMIN+3; do trap "echo got $signal" $signal; done
echo ready
while :; do sleep 0.05; done
END
"$LR_CLI" run --check --growth=off -- bash patient.sh >signals.out 2>err &
pid=$!
wait_line 120 signals.out '^ready$'
for signal in USR1 WINCH RTMIN+3; do
    kill -s $signal $pid
    wait_line 120 signals.out "^got ${signal/+/\\+}\$"
    tap_ok $? "$signal is passed on"
done
kill -TERM $pid
wait $pid
tap_is "$?,$(tail -1 signals.out)" "3,got TERM" "TERM is passed on, and then it is judged (a shell leaves no trace)"

# --- a time limit ---
gate --growth=off --for=10s -- "$forgets" 0 100000 100000 >out
tap_is "$?" 0 "--for: that it was asked to end is no failure"
gate --growth=off --for=1h -- sh -c "kill -TERM \$\$" >out
tap_is "$?" 143 "but an end by somebody else is"
gate --for=soon -- "$forgets" 0 5 >out
tap_is "$?" 2 "--for wants a time"

# --- process 1 ---
cat >orphans.c <<'END'
/* Makes orphans that end at once, and waits until none of them is left, not even as a zombie. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
enum { ORPHANS = 20, TRIES = 2400 };
static pid_t make_orphan(void)
{
    int end[2];
    pid_t orphan = -1, middle;
    if (pipe(end) != 0)
        return -1;
    middle = fork();
    if (middle == 0) {
        orphan = fork();
        if (orphan == 0)
            _exit(3);
        _exit(write(end[1], &orphan, sizeof orphan) != sizeof orphan);
    }
    waitpid(middle, 0, 0);
    if (read(end[0], &orphan, sizeof orphan) != sizeof orphan)
        orphan = -1;
    close(end[0]);
    close(end[1]);
    return orphan;
}
int main(void)
{
    for (int i = 0; i < ORPHANS; i++) {
        char path[64];
        int tries = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)make_orphan());
        while (access(path, F_OK) == 0 && tries++ < TRIES)
            usleep(50000);
        if (tries >= TRIES) {
            puts("a zombie is left");
            return 1;
        }
    }
    printf("all reaped by %d\n", (int)getppid());
    return 0;
}
END
gcc -o orphans orphans.c 2>gcc.log || tap_fail "orphans.c compiles" "$(cat gcc.log)"
if unshare --pid --fork --mount-proc true 2>/dev/null; then
    unshare --pid --fork --mount-proc "$LR_CLI" run --check --growth=off -- ./orphans >out 2>err
    tap_is "$?,$(cat out)" "0,all reaped by 1" "as process 1 it reaps orphans, and judges"
    unshare --pid --fork --mount-proc "$LR_CLI" run --check --budget=off --growth=off -- "$forgets" 5 5 >out 2>err
    tap_is "$?" 1 "and exits with the verdict"
    unshare --pid --fork --mount-proc "$LR_CLI" run --check --growth=off -- bash patient.sh >inner.out 2>err &
    wait_line 120 inner.out '^ready$'
    one=$(pgrep -P $!)
    kill -TERM "$one"
    wait $!
    tap_is "$?,$(tail -1 inner.out)" "3,got TERM" "a signal from outside the container reaches the command"
else
    tap_skip "process 1 of a container" "no pid namespaces here (unshare --pid --mount-proc)"
fi
tap_done
