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

# --- jemalloc's own functions aren't ours ---
# A program may refer to them weakly to find out whether jemalloc is there, and then call others of them.
cat >weak.c <<'END'
#include <stddef.h>
#include <stdio.h>
#pragma weak mallocx
#pragma weak sdallocx
#pragma weak mallctl
void *mallocx(size_t size, int flags);
void sdallocx(void *block, size_t size, int flags);
int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);
int main(void)
{
    size_t version_size = sizeof(char *);
    const char *version = "";
    if (mallocx || sdallocx)
        mallctl("version", &version, &version_size, NULL, 0);
    printf("%s\n", mallocx ? "jemalloc" : "none");
    return 0;
}
END
jemalloc=$(jemalloc_path)
gcc -o weak weak.c
tap_is "$(traced weak.lkr ./weak)" none "who looks for jemalloc's functions finds none of ours"
if [ -n "$jemalloc" ]; then
    tap_is "$(LR_BEHIND=$jemalloc traced behind.lkr ./weak)" jemalloc "and jemalloc's where it is"
    tap_like "$("$LR_CLI" report --format=json behind.lkr | jq -r '.completeness.notes[]')" "mallocx.*isn't recorded" \
        "which the report says isn't recorded"
else
    tap_skip "jemalloc's functions where it is" "libjemalloc.so.2 is not installed"
fi

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
