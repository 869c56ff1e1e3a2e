#!/bin/bash
# test_stress.sh -- stress-ng's stressors of memory, mappings, processes, threads, modules and zlib, with --verify: they
# succeed with us as without.
# A stressor is a child of fork, which runs with the library but isn't recorded; the process that starts it is.
# OPS are counted, not seconds, so that a slow machine does the same.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"
tap_need stress-ng

# stressor, how many operations in make check (-: none), and in full
stressors='malloc 2000 200000
mremap 2 100
fork 200 20000
vfork 200 20000
clone 200 20000
pthread 200 20000
dynlib 100 10000
zlib 5 500
brk 2000 500000
bigheap - 500
mmap - 4
mmapaddr - 5000
mmapfixed - 5000
mmapfork - 4
mmapmany - 20
munmap - 100
memfd - 50
shm - 20
stack - 20
memcpy - 500
tmpfs - 20
vforkmany - 500
daemon - 500
exec - 500
spawn - 500
sigsegv - 20000
switch - 50000'

# outcome LOG: what is said without pids, times and addresses.
outcome() { sed -nE 's/^stress-ng: (fail|error): *\[[0-9]+\] /\1 /p' "$1" | sed -E 's/0x[0-9a-f]+|[0-9]+/N/g' | sort -u; }

while read -r name few many; do
    [ -z "${WHOLE:-}" ] || few=$many
    [ "$few" != - ] || continue
    stress-ng --help 2>&1 | grep -qE -- "--$name N" || { tap_skip "$name" "this stress-ng has none"; continue; }
    both "$name" timeout -s KILL 900 stress-ng "--$name" 2 "--$name-ops" "$few" \
        --verify --no-rand-seed --timeout 600 --temp-path "$PWD"
    outcome "$name.plain.err" >"$name.plain.outcome"
    outcome "$name.traced.err" >"$name.traced.outcome"
    tap_same "$name.plain.outcome" "$name.traced.outcome" "$name: says what it says without us"
    was_traced "$name" 'stress-ng*'
    rm -rf "$name.traces"
done <<<"$stressors"
tap_done
