#!/bin/bash
# test_module_reuse.sh -- libraries that come and go, thousands of times, at each other's addresses: what
# they leave is told under the right library, function and line; modules in the trace stay few, and
# when there is no room for more that is counted.
# LOADS: how many times (make check-faults: 10,000); a multiple of 12.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

LOADS=${LOADS:-1200}

# Of equal layout; each leaks in a function, a file and a line of its own.
for name in first second; do
    {
        [ $name = first ] || printf '\n\n\n\n'
        cat <<C
#include <stdlib.h>
static void *volatile sink;
__attribute__((noinline)) void leak_of_$name(void)
{
    sink = malloc(77);
    sink = sink ? sink : 0;
}
void go(void)
{
    leak_of_$name();
    sink = 0;
}
C
    } >$name.c
    cc -g -O1 -shared -fPIC -fno-optimize-sibling-calls -o $name.so $name.c || tap_fail "$name.c compiles"
done
cat >host.c <<'C'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static unsigned long loads, reused;
static int argument_count;
static char **arguments;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void note(void *go, int which)
{
    static struct { void *go; int which; } seen[4096];
    pthread_mutex_lock(&lock);
    size_t at = ((size_t)go >> 12) % 4096;
    reused += seen[at].go == go && seen[at].which != which;
    seen[at].go = go;
    seen[at].which = which;
    pthread_mutex_unlock(&lock);
}
static void *run(void *offset)
{
    for (unsigned long i = 0; i < loads; i++) {
        int which = (int)((i + (size_t)offset) % (size_t)argument_count);
        void *library = dlopen(arguments[which], RTLD_NOW | RTLD_LOCAL);
        void *go = library ? dlsym(library, "go") : NULL;
        if (!go)
            abort();
        ((void (*)(void))go)();
        note(go, which);
        dlclose(library);
    }
    return NULL;
}
int main(int argc, char **argv)
{
    pthread_t threads[8];
    size_t count = (size_t)atoi(argv[2]);
    loads = strtoul(argv[1], NULL, 10) / count;
    arguments = argv + 3;
    argument_count = argc - 3;
    for (size_t i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("reused %lu\n", reused);
    return 0;
}
C
cc -O1 -o host host.c -ldl -lpthread || tap_fail "host.c compiles"

counter() { "$LR_CLI" dump --section=counters "$1" | sed -n "s/.*name=$2 .*value=//p"; }
# places NAME.json: `function file line count` of the plugins' blocks.
places() {
    jq -r '[.sites[] | select(.culprit.function | test("^leak_of_"))
        | {p: "\(.culprit.function) \(.culprit.file | sub(".*/"; "")) \(.culprit.line)", n: .live_count.value}]
        | group_by(.p)[] | "\(.[0].p) \(map(.n) | add)"' "$1"
}

for threads in 1 3; do
    LR_KEYS=$(exact_keys size=16M)
    traced plugins$threads.lkr ./host "$LOADS" $threads ./first.so ./second.so >host.out 2>host.err
    tap_is "$?,$(cat host.err)" "0," "$threads threads: $LOADS libraries came and went, silent"
    reused=$(sed -n 's/^reused //p' host.out)
    tap_diag "$reused of them at an address where the other one had been"
    # With more threads that is chance: they hold each other's libraries.
    [ "$threads" -gt 1 ] || [ "$reused" -gt $((LOADS / 20)) ]
    tap_ok $? "$threads threads: many where the other one had been" "$reused"
    report plugins$threads.lkr >plugins.json
    tap_is "$(places plugins.json)" "leak_of_first first.c 5 $((LOADS / 2))
leak_of_second second.c 9 $((LOADS / 2))" "$threads threads: each block under its library's function and line"
    tap_is "$(completeness_of plugins.json)" complete "$threads threads: complete"
    modules=$("$LR_CLI" dump --section=modules plugins$threads.lkr | grep -c 'path=')
    [ "$modules" -lt 20 ]
    tap_ok $? "$threads threads: modules in the trace are those that there are" "$modules"
done

# As programs do that unpack a library anew each time: other files, at the same addresses.
mkdir copies
for ((i = 0; i < LOADS; i++)); do
    if [ $((i % 2)) -eq 0 ]; then cp first.so copies/$i.so; else cp second.so copies/$i.so; fi
done
mapfile -t copies < <(ls copies | sort -n | sed 's,^,copies/,')
LR_KEYS=$(exact_keys size=4M)
traced copies.lkr ./host "$LOADS" 1 "${copies[@]}" >host.out 2>host.err
tap_is "$?,$(cat host.err)" "0," "$LOADS files, each once: silent"
report copies.lkr >copies.json
room=$("$LR_CLI" dump --section=modules copies.lkr | grep -c 'path=')
full=$(counter copies.lkr modules_full)
tap_diag "$room modules found room, $full didn't"
[ "$full" -gt 0 ]
tap_ok $? "not all of them find room in a small trace, and that is counted" "$room found room"
tap_is "$(completeness_of copies.json)" incomplete "and the report says so"
wrong=$(places copies.json | grep -v '^leak_of_first first.c 5 \|^leak_of_second second.c 9 ')
tap_is "$wrong" "" "those that did are told under their own function and line"
named=$(places copies.json | awk '{ sum += $4 } END { print sum + 0 }')
unnamed=$(jq '[.sites[] | select(.kind == "malloc" and .live_bytes.value % 77 == 0) | .live_count.value] | add' copies.json)
tap_is "$unnamed" "$LOADS" "and no block is missing" "$named of them with a name"
tap_done
