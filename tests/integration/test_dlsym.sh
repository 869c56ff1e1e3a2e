#!/bin/bash
# test_dlsym.sh -- what dlsym answers under the preload: the family's functions by handle are ours
# (Java's foreign functions find malloc so), and everything else is as it was, RTLD_NEXT of other
# interposers before all.
. "$(dirname "$0")/../lib/tap.sh"

answers=$LR_ORACLE/dlsym_answers
ours=$(basename "$LR_LIB")
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -DINTERPOSER -shared -fPIC -O1 -o interposer.so \
    "$LR_ROOT/tests/oracle/dlsym_answers.c" -ldl || tap_fail "dlsym_answers.c compiles"

# asked FILE HOW NAME: who answered
asked() { awk -v how="$2" -v name="$3" '$1 == how && $2 == name { print $3 }' "$1"; }

"$answers" >plain 2>&1
traced plain.lkr "$answers" >traced 2>traced.err
tap_is "$?" 0 "the program runs under the preload"
tap_is "$(cat traced.err)" "" "nothing on stderr"
for name in malloc calloc realloc free mmap munmap posix_memalign; do
    tap_is "$(asked traced libc "$name")" "$ours" "libc's $name by handle is ours"
done
tap_is "$(asked traced libc strlen)" "$(asked plain libc strlen)" "strlen by handle is libc's"
tap_is "$(asked traced next malloc)" "$ours" "RTLD_NEXT of the program is the first library, us"
tap_is "$(asked traced default JNI_CreateJavaVM)" nothing "no JVM is there, and none is found"
tap_is "$(grep -c '^unknown nothing named$' traced)" 3 "an unknown name is reported as ever"

# The trace stands between the program and an interposer: both orders must end.
LR_BEHIND=$PWD/interposer.so traced behind.lkr timeout -s KILL 120 "$answers" >behind
tap_is "$?" 0 "an interposer behind us: ends"
tap_is "$(grep ^interposer behind)" "interposer called" "an interposer behind us is called"
tap_is "$(asked behind libc malloc)" "$(asked plain libc malloc)" \
    "behind us another's malloc: libc's own by handle stays libc's"
tap_is "$(asked behind libc calloc)" "$ours" "behind us no other calloc: ours by handle"
LEAKRING="file=$T/ahead.lkr" LD_PRELOAD="$PWD/interposer.so:$LR_LIB" \
    timeout -s KILL 120 "$answers" >ahead 2>ahead.err
tap_is "$?" 0 "an interposer ahead of us: ends"
tap_is "$(grep ^interposer ahead)" "interposer called" "an interposer ahead of us is called"

# Inert, we change nothing but our own exports in the global scope.
LEAKRING="exe=nothing-like-it" LD_PRELOAD="$LR_LIB" "$answers" >inert
tap_is "$(asked inert libc malloc)" "$(asked plain libc malloc)" "untraced: libc's by handle"
tap_done
