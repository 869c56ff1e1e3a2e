#!/bin/bash
# test_contracts.sh -- what the manual pages promise of malloc, mmap, brk, new and delete is kept with us
# as without us, on every allocator that is installed: a thousand questions of tests/suites/contract_*.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"
PROGRAMS=$LR_BUILD/test/suites
TOTAL=0

# same NAME PROGRAM [ARGUMENT…]: the same answers, recorded; the promises that aren't kept are in NAME.broken.
same() {
    local name=$1
    both "$name" timeout -s KILL 300 "$PROGRAMS/$2" "${@:3}"
    tap_is "$(cat "$name.plain.status"),$(tail -1 "$name.plain.out")" "0,end" "$name: comes to its end"
    tap_same "$name.plain.out" "$name.traced.out" "$name: $(grep -c . "$name.plain.out") answers as without us"
    was_traced "$name" "$2"
    grep '^not ok' "$name.traced.out" >"$name.broken"
    TOTAL=$((TOTAL + $(wc -l <"$name.plain.out")))
}

export LR_KEYS=budget=off
for way in straight young; do
    [ $way = young ] || LR_KEYS+=,young=0
    for program in malloc glibc mmap new; do
        same "$program-$way" contract_$program
        tap_is "$(head -5 $program-$way.broken)$(cat $program-$way.traced.err)" "" \
            "$program-$way: every promise is kept, and nothing is said"
    done
    LR_KEYS=budget=off
done
LR_KEYS=interval=64K same malloc-sampled contract_malloc
tap_is "$(head -5 malloc-sampled.broken)" "" "malloc-sampled: every promise is kept"

# Other allocators keep their own promises; what they break is theirs, and the same with us.
for allocator in jemalloc tcmalloc_minimal mimalloc; do
    library=$(ldconfig -p | awk -v name="lib$allocator.so." 'index($1, name) == 1 { print $NF; exit }')
    if [ -z "$library" ]; then
        tap_skip "$allocator" "lib$allocator is not installed"
        continue
    fi
    nm -D --defined-only "$library" | grep -q ' pvalloc$' && option= || option=no-pvalloc
    LR_BEHIND=$library same malloc-$allocator contract_malloc $option
    LR_BEHIND=$library same mmap-$allocator contract_mmap
    LR_BEHIND=$library same new-$allocator contract_new no-failing
    tap_diag "$allocator itself breaks $(cat {malloc,mmap,new}-$allocator.broken | wc -l)"
done
tap_diag "$TOTAL questions, each with and without us"
tap_done
