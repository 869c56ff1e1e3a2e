#!/bin/bash
# aarch64.sh -- the preload on the other machine: compiled by a cross compiler with every warning an
# error, linked, and run under qemu: its walker against glibc's backtrace() through every shape of
# frame, and a whole trace, which the analyzer here reads.
#
#     tests/soak/aarch64.sh     (make check-aarch64)
#
# Wants Debian's gcc-aarch64-linux-gnu, g++-aarch64-linux-gnu and qemu-user-static.  libunwind isn't
# there, so unwinder=libunwind stays out.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-aarch64-static
java_home=$(head -1 <<<"$LR_JDKS")
cross="aarch64-linux-gnu-gcc -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow"
cross="$cross -Wno-unused-parameter"
emulated() { timeout 300 qemu-aarch64-static -L /usr/aarch64-linux-gnu "$@"; }
cd "$LR_ROOT" || exit 1

preload="-Wstrict-prototypes -Wmissing-prototypes -Iinclude $(printf -- "-I%s " preload/*/) -DLEAKRING_VERSION=\"cross\"
    -fPIC -fvisibility=hidden -fno-omit-frame-pointer -fexceptions -fno-stack-protector
    -ftls-model=initial-exec -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc
    -mbranch-protection=standard -isystem $java_home/include -isystem $java_home/include/linux"
failed=
for source in preload/*/*.c preload/*/*.S; do
    [ "$source" != preload/unwind/unwind_libunwind.c ] || continue
    $cross $preload -c -o "$T/$(basename "$source").o" "$source" 2>>"$T/errors" ||
        failed="$failed $source"
done
tap_is "$failed" "" "every file compiles without a warning" "$(head -20 "$T/errors")"
cat >"$T/no_libunwind.c" <<'C'
#include "unwind.h"
static bool init(void)
{
    return false;
}
const struct lr_unwinder lr_unwinder_libunwind = {"libunwind", init, 0, 0};
C
$cross $preload -c -o "$T/no_libunwind.o" "$T/no_libunwind.c" &&
    aarch64-linux-gnu-gcc -shared -nostartfiles -Wl,-z,now -Wl,--no-undefined -Wl,-Bsymbolic \
        -o "$T/libleakring.so" "$T"/*.o
tap_ok $? "the library links"

walker_flags=$(sed -n 's/^ \* build: //p' tests/oracle/unwind_everywhere.c)
$cross -fno-omit-frame-pointer -o "$T/walker.so" tests/oracle/unwind_everywhere.c $walker_flags -ldl
tap_ok $? "the walker builds"
aarch64-linux-gnu-g++ -std=gnu++17 -O2 -g -o "$T/shapes" tests/oracle/unwind_shapes.cc -lpthread
aarch64-linux-gnu-g++ -std=gnu++17 -O2 -g -mbranch-protection=standard -march=armv8.3-a \
    -o "$T/signed" tests/oracle/unwind_shapes.cc -lpthread
tap_ok $? "programs for it build"

# qemu's page for the return from signal handlers belongs to no module, so walks end there (the
# kernel's, the vDSO, does): as many may be shorter as ended in "generated code".
for program in shapes signed; do
    out=$(emulated -E LD_PRELOAD="$T/walker.so" -E UNWIND_REPORT="$T/$program.report" \
        "$T/$program" 20)
    tap_is "$out" "done 20" "$program: ran to its end"
    tap_diag "$(cat "$T/$program.report")"
    tap_is "$(awk '/ours shorter/ { gsub(/[,;]/, ""); shorter = $3; worse = $6 + $9 }
        /our ends/ { gsub(/,/, ""); print shorter - $9, worse }' "$T/$program.report")" "0 0" \
        "$program: walks as backtrace() finds them"
    tap_like "$(cat "$T/$program.report")" 'followed wrong 0; reads [0-9]+, outside the stack 0' \
        "$program: following finds the same, no read outside the stack"
done

aarch64-linux-gnu-gcc -O1 -g -fno-inline -std=gnu11 -D_GNU_SOURCE -o "$T/leak50" \
    tests/oracle/leak50.c -lpthread
tap_ok $? "leak50 builds"
cd "$T" || exit 1
emulated -E LD_PRELOAD="$T/libleakring.so" -E LEAKRING="file=$T/leak.lkr" "$T/leak50" exit 4 \
    >leak.out 2>leak.err
tap_ok $? "leak50 runs under the tracer" "$(tail -5 leak.err)"
report leak.lkr >leak.json
truth_of leak.out >leak.truth
sites leak.json malloc new >leak.sites
tap_is "$(only_known leak.truth leak.sites)" "$(cat leak.truth)" "and its report has the 50 sites, exactly"
tap_done
