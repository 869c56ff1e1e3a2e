#!/bin/bash
# Allocators that the program is linked with: as shared libraries they are behind us and traced with
# the same truth as glibc's; linked in statically they answer first, which the report and doctor say.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need jq gcc g++
LR_KEYS=budget=off

library_path() { ldconfig -p | awk -v name="lib$1.so." 'index($1, name) == 1 { print $NF; exit }'; }

# build NAME LINK…: leak50 and leak_new, each linked so.
build() {
    local name=$1
    shift
    gcc -std=gnu11 -D_GNU_SOURCE -w -g -O1 -fno-inline -o "leak50-$name" "$LR_ROOT/tests/oracle/leak50.c" "$@" -lpthread \
        2>build.err &&
        g++ -std=gnu++17 -w -g -O1 -fno-inline -o "new-$name" "$LR_ROOT/tests/oracle/leak_new.cc" "$@" -lpthread 2>>build.err
}

for name in jemalloc tcmalloc_minimal mimalloc; do
    library=$(library_path $name)
    if [ -z "$library" ]; then
        tap_skip "$name" "lib$name is not installed"
        continue
    fi
    build $name -Wl,--no-as-needed "$library" || { tap_fail "$name: programs are linked with it" "$(cat build.err)"; continue; }
    run_oracle exit $name.exit.lkr "./leak50-$name" 3
    tap_ok $? "leak50 linked with $name"
    matches_truth $name.exit.lkr 'sites malloc new' "50 sites exactly, linked with $name"
    run_oracle exit $name.new.lkr "./new-$name" no-failing
    tap_ok $? "leak_new linked with $name"
    matches_truth $name.new.lkr 'sites malloc new' "every form of new exactly, linked with $name"
    tap_is "$(cat $name.*.lkr.err)" "" "nothing on stderr, linked with $name"
    tap_is "$(completeness_of $name.exit.lkr.json)" complete "complete, linked with $name"
    tap_like "$("$LR_CLI" dump --section=meta $name.exit.lkr)" "allocator.*lib$name" "the trace names $name"
done

# --- jemalloc's own functions ---
oracle=$LR_ORACLE/mallocx_oracle
jemalloc=$(jemalloc_path)
"$oracle" exit >plain.out
tap_is "$?,$(cat plain.out)" "77,no jemalloc" "mallocx: the program looks whether jemalloc is there"
for behind in ${jemalloc:+jemalloc} glibc; do
    [ $behind = jemalloc ] && LR_BEHIND=$jemalloc || LR_BEHIND=
    run_oracle exit mallocx.$behind.lkr "$oracle"
    tap_is "$?,$(grep ^wrong mallocx.$behind.lkr.out)" "0,wrong: 0" "mallocx and its kin do what they promise, $behind"
    matches_truth mallocx.$behind.lkr 'sites malloc' "mallocx: blocks exactly, $behind"
done
LR_BEHIND=
if [ -n "$jemalloc" ]; then
    LD_PRELOAD=$jemalloc "$oracle" exit | grep -v extended >je.plain
    grep -v extended mallocx.jemalloc.lkr.out >je.traced
    tap_same je.plain je.traced "mallocx: as without us on jemalloc"
else
    tap_skip "mallocx on jemalloc" "libjemalloc.so.2 is not installed"
fi
# Who looks by dlsym finds nothing of ours where there is no jemalloc.
cat >look.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
    printf("%d %d\n", dlsym(RTLD_DEFAULT, "mallocx") != 0, dlsym(RTLD_DEFAULT, "sdallocx") != 0);
    return 0;
}
END
gcc -o look look.c -ldl
tap_is "$(./look),$(traced look.lkr ./look)" "0 0,0 0" "mallocx: dlsym finds none on glibc, as without us"
[ -z "$jemalloc" ] || tap_is "$(LD_PRELOAD=$jemalloc ./look),$(LR_BEHIND=$jemalloc traced look2.lkr ./look)" "1 1,1 1" \
    "mallocx: and jemalloc's where it is"

# A plugin that has a jemalloc for itself: its calls mean its own, though our names come first.
for name in first second; do
    gcc -shared -fPIC -O1 -o "own-mallocx-$name.so" -x c - <<C
#include <stddef.h>
static char place[64][64];
static int next;
void *mallocx(size_t size, int flags) { return place[next++ % 64]; }
void sdallocx(void *block, size_t size, int flags) { *(char *)block = ${#name}; }
void dallocx(void *block, int flags) { *(char *)block = 2 * ${#name}; }
int go(void)
{
    char *volatile one = mallocx(10, 0), *volatile two = mallocx(10, 0);
    dallocx(one, 0);
    sdallocx(two, 10, 0);
    return *one * 10 + *two + 1000 * (one >= place[0] && one < place[64]);
}
C
done
"$LR_ORACLE/guest_plugins" keep ./own-mallocx-first.so ./own-mallocx-second.so ./own-mallocx-first.so >plain.out 2>&1
echo "status $?" >>plain.out
traced plugin.lkr "$LR_ORACLE/guest_plugins" keep ./own-mallocx-first.so ./own-mallocx-second.so ./own-mallocx-first.so >traced.out 2>&1
echo "status $?" >>traced.out
tap_same plain.out traced.out "mallocx: plugins with a jemalloc of their own: as without us"
tap_like "$(cat plain.out)" '1105' "mallocx: each reached its own"

# --- linked in statically ---
for name in jemalloc tcmalloc_minimal; do
    archive=$(ls /usr/lib/*-linux-gnu/lib$name.a /usr/lib/*-linux-gnu/*/lib$name.a 2>/dev/null | head -1)
    if [ -z "$archive" ]; then
        tap_skip "$name linked in" "there is no lib$name.a"
        continue
    fi
    build $name-in -Wl,--whole-archive "$archive" -Wl,--no-whole-archive -lstdc++ -lm -ldl ||
        { tap_fail "$name: linked in" "$(cat build.err)"; continue; }
    for program in "leak50-$name-in exit 3" "new-$name-in exit no-failing"; do
        ./$program >plain.out 2>plain.err
        echo "status $?" >>plain.out
        rm -f in*.lkr
        traced in.lkr ./$program >traced.out 2>traced.err
        echo "status $?" >>traced.out
        tap_same plain.out traced.out "$program: as without us"
        tap_same plain.err traced.err "$program: silent"
        report in.lkr >in.json 2>&1
        tap_is "$(jq -r '.completeness.verdict, .verdict.kind' in.json)" "blind
cannot-tell" "$program: blind, and so no verdict"
        tap_like "$(jq -r '.completeness.notes[]' in.json)" 'a malloc of its own linked in' "$program: the report says why"
        "$LR_CLI" doctor in.lkr >doctor.out
        tap_is "$?,$(grep -c '^problem .*BLIND.* its own malloc came first' doctor.out)" "1,1" "$program: doctor says it of the file"
        "$LR_CLI" doctor -- "./${program%% *}" >doctor.out
        tap_like "$(cat doctor.out)" 'has a malloc of its own' "$program: and of the program"
        "$LR_CLI" check in.lkr >check.out 2>&1
        tap_is "$?" 3 "$program: check can't tell"
    done
done
tap_done
