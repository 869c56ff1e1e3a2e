#!/bin/bash
# The same pid becomes another program: each image has its own file, and tracing goes on.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

# chain_site of image N of 2: N + 1 blocks of 1000 + N bytes.
image_truth() { printf 'chain_site\t%d\t%d\n' $(($1 + 1)) $((($1 + 1) * (1000 + $1))); }
image_figures() { sites "$1" malloc | grep '^chain_site'; }

for way in execv execve execvp execl fexecve; do
    run_oracle exit $way.lkr "$LR_ORACLE/exec_chain" 2 $way
    tap_ok $? "three images by $way"
    number=2
    for file in $way.lkr $way.1.lkr $way.2.lkr; do
        if report $file >$file.json 2>report.err; then
            tap_is "$(image_figures $file.json)" "$(image_truth $number)" "$file has its own image's blocks"
        else
            tap_fail "$file has its own image's blocks" "$(cat report.err)"
        fi
        number=$((number - 1))
    done
    tap_is "$(count_traces .)" 3 "and there is no other file, $way"
    tap_is "$(ended_of $way.lkr.json),$(ended_of $way.2.lkr.json)" exec,exit \
        "the first ended by exec, the last by exit"
    rm -f *.lkr*
done

run_oracle kill chain.lkr "$LR_ORACLE/exec_chain" 1
report chain.1.lkr >chain.1.json
tap_is "$(image_figures chain.1.json)" "$(image_truth 0)" "the second image, killed"
rm -f *.lkr

# An exec that fails: the program goes on, and so does its trace.
cat >failing.c <<'C'
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) static void before_exec(void) { kept = malloc(1111); }
__attribute__((noinline)) static void after_exec(void) { kept = malloc(2222); }
int main(void)
{
    before_exec();
    execl("/nonexistent", "x", (char *)0);
    after_exec();
    return 0;
}
C
cc -g -O1 -o failing failing.c
traced failing.lkr ./failing
report failing.lkr >failing.json
tap_is "$(sites failing.json malloc | grep _exec)" "$(printf 'after_exec\t1\t2222\nbefore_exec\t1\t1111')" \
    "a failed exec leaves the trace going"
tap_is "$(ended_of failing.json),$(count_traces .)" exit,1 "and it ends by exit, in one file"
rm -f *.lkr

# Started through init and privilege-dropping launchers, which exec or fork it.
if tap_have tini; then
    run_tini() { traced "$1" tini -s -- "${@:2}"; }
    run_tini "$PWD/tini.%e.lkr" "$LR_ORACLE/leak50" exit 1 >tini.lkr.out 2>tini.lkr.err
    tap_is "$(find . -name 'tini.leak50*.lkr' | wc -l),$(count_traces .)" 1,1 \
        "through tini: the program has a file, tini has none"
    mv tini.leak50*.lkr tini.lkr
    matches_truth tini.lkr 'sites malloc' "through tini: 50 sites exactly"
else
    tap_skip "through tini" "tini is not installed"
fi
if tap_have gosu && [ "$(id -u)" -eq 0 ]; then
    open=$(mktemp -d /tmp/leakring-gosu.XXXXXX) # a place that nobody can reach
    chmod 777 "$open"
    traced "$open/gosu.%e.lkr" gosu nobody "$LR_ORACLE/leak50" exit 1 >gosu.lkr.out 2>gosu.lkr.err
    tap_is "$(count_traces "$open")" 1 "through gosu: one file"
    mv "$open"/gosu.leak50*.lkr gosu.lkr 2>/dev/null
    rm -rf "$open"
    matches_truth gosu.lkr 'sites malloc' "through gosu: 50 sites exactly"
else
    tap_skip "through gosu" "gosu is not installed, or this isn't root"
fi
tap_done
