#!/bin/bash
# Children: not traced unless asked for, inert after a fork, and nothing of ours in their way.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

hello=$LR_ORACLE/say_hello

# Every way of making a child; the parent's trace holds the parent's blocks only.
for end in exit kill; do
    mkdir $end
    run_oracle $end $PWD/$end/parent.lkr "$LR_ORACLE/fork_oracle" "$hello"
    tap_ok $? "fork, vfork, clone, posix_spawn, system, popen: the parent runs, $end"
    matches_truth $PWD/$end/parent.lkr 'sites malloc' "children leave the parent's record alone, $end"
    tap_is "$(count_traces $end)" 1 "no child left a file, $end"
    tap_is "$(grep -c '^hello world$' $end/parent.lkr.out)" 5 "all five programs ran, $end"
    tap_is "$(cat $end/parent.lkr.err)" "" "nothing on stderr, $end"
done
tap_is "$(ended_of kill/parent.lkr.json)" killed "a child's exit doesn't end the parent's trace"
tap_like "$(jq -c .run kill/parent.lkr.json)" '"exe":.*fork_oracle' "the trace is the parent's"

mkdir all
LR_KEYS=children=1 traced "$PWD/all/%e.%p.lkr" "$LR_ORACLE/fork_oracle" exit "$hello" >all.out 2>all.err
tap_ok $? "children=1 runs"
tap_is "$(find all -name 'say_hello.*.lkr' | wc -l)" 5 "children=1 traces the five programs"
tap_is "$(find all -name 'fork_oracle.*.lkr' | wc -l)" 1 "a mere fork makes no file"

# Shells and launchers pass the preload on without a file of their own.
mkdir shells
for shell in sh dash bash; do
    tap_have $shell || continue
    traced "$PWD/shells/%e.%p.lkr" $shell -c "exec '$hello' 0" >shell.out 2>shell.err
    tap_is "$(cat shell.out)" "hello world" "$shell -c exec runs the program"
    tap_is "$(find shells -name 'say_hello.*.lkr' | wc -l),$(count_traces shells)" 1,1 \
        "$shell leaves no file, the program it becomes does"
    rm -f shells/*
done
traced "$PWD/shells/%e.%p.lkr" sh -c "'$hello'; :" >shell.out 2>shell.err
tap_is "$(find shells -name 'say_hello.*.lkr' | wc -l),$(count_traces shells)" 1,1 \
    "a program that a shell starts is traced: the shell is a launcher, not a target"
rm -f shells/*

# What a traced program's children see of us: nothing in LD_PRELOAD, others' entries kept.
cat >run_env.c <<'C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    pid_t pid = fork();
    if (pid == 0)
        execlp("env", "env", (char *)0);
    int status;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}
C
if cc -O1 -o run_env run_env.c 2>cc.err; then
    traced env.lkr ./run_env >env.out 2>env.err
    tap_unlike "$(cat env.out)" 'libleakring' "a child's LD_PRELOAD is free of us"
    jemalloc=$(jemalloc_path)
    if [ -n "$jemalloc" ]; then
        LR_BEHIND=$jemalloc traced env2.lkr ./run_env >env2.out 2>env2.err
        tap_like "$(cat env2.out)" '^LD_PRELOAD=[^ :]*libjemalloc' "and keeps what others put there"
    else
        tap_skip "others' LD_PRELOAD entries" "libjemalloc.so.2 is not installed"
    fi
    tap_is "$(grep -c . env.err)" 0 "nothing on stderr"
else
    tap_fail "run_env.c compiles" "$(cat cc.err)"
fi

# A forked child's end asks the system nothing once it has a filter.
"$LR_ORACLE/guest_fork_filter" >plain.out
if [ $? = 77 ]; then
    tap_skip "a forked child shuts itself in" "no system call filters here"
else
    traced filter.lkr "$LR_ORACLE/guest_fork_filter" >filter.out
    tap_same plain.out filter.out "a forked child that allows itself next to nothing ends as without us"
fi

# A library may call a variable of its own as a function of the C library is called.
echo 'int daemon = 1;' >variable.c
cat >uses_variable.c <<'C'
#include <stdio.h>
extern int daemon;
int main(void)
{
    daemon = 2;
    printf("%d\n", daemon);
    return 0;
}
C
cc -shared -fPIC -o libvariable.so variable.c &&
    cc -fPIC -fno-builtin -o uses_variable uses_variable.c -L. -lvariable -Wl,-rpath,"$PWD" || exit 1
traced variable.lkr ./uses_variable >variable.out 2>variable.err
tap_is "$?:$(cat variable.out)" 0:2 "a variable named daemon stays the program's" "$(cat variable.err)"
tap_done
