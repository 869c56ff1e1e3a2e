#!/bin/bash
# The names of the threads that allocated are at each site, native ones and Java's.
. "$(dirname "$0")/../lib/tap.sh"
LR_KEYS=budget=off # figures are compared exactly
. "$(dirname "$0")/../lib/java.sh"
tap_need cc jq

cat >named.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

static void *volatile kept;
__attribute__((noinline)) static void shared_site(int times)
{
    for (int i = 0; i < times; i++)
        kept = malloc(100);
}
static void *worker(void *number)
{
    char name[16];
    kept = malloc(3000); /* before it has a name of its own */
    snprintf(name, sizeof(name), "worker-%d", (int)(long)number);
    pthread_setname_np(pthread_self(), name);
    shared_site(2);
    return NULL;
}
static void *flusher(void *unused)
{
    prctl(PR_SET_NAME, "flusher");
    shared_site(5);
    return unused;
}
int main(void)
{
    pthread_t thread;
    for (long i = 1; i <= 12; i++)
        if (pthread_create(&thread, NULL, worker, (void *)i) || pthread_join(thread, NULL))
            return 1;
    if (pthread_create(&thread, NULL, flusher, NULL) || pthread_join(thread, NULL))
        return 1;
    shared_site(1);
    return 0;
}
C
cc -g -O1 -o named named.c -lpthread || { tap_fail "cc"; tap_done; }
traced named.lkr ./named 2>named.err
tap_is "$?,$(cat named.err)" "0," "a program with named threads runs, silently"
report named.lkr >named.json
tap_is "$(jq -r '.sites[] | select(.culprit.function == "shared_site") | .threads[] | "\(.name) \(.alike) \(.live)"' named.json)" \
    "$(printf 'worker-1 12 24\nflusher 1 5\nnamed 1 1')" "names that differ in digits are a group, the others their own"

jdk_test() {
    local native=
    [ "$(lr_jdk_version "$JDK")" -lt 22 ] || native=--enable-native-access=ALL-UNNAMED
    java_run exit Culprits "$JDK/bin/java" $native -cp "$JAVA_CLASSES" Culprits
    report Culprits.lkr >Culprits.json
    tap_is "$(jq -r '[.sites[] | select(.kind == "malloc" and .live_bytes.value > 0 and .live_bytes.value % 70608 == 0) | .threads[].name[:14]] | unique[]' Culprits.json)" \
        "pool-1-thread-" "$JDK_NAME: a direct buffer's site has the executor's thread"
    tap_is "$(jq -r '[.pairs[].sites[] | select(.culprit.function == "Culprits.streams") | .threads[].name] | unique[]' Culprits.json)" \
        "java" "$JDK_NAME: streams of the main thread have its name"
    # The VM's own threads: C++ functions of libjvm, which keeps its symbol table.
    jq -r '.sites[] | select(any(.threads[]; .name // "" | test("^(C[12] Comp|VM |GC |G1 )"))) |
        .culprit.function' Culprits.json | sort -u >vm.functions
    tap_is "$([ -s vm.functions ] && grep -E '[+]0x|^0x' vm.functions)" "" \
        "$JDK_NAME: compiler, GC and VM threads have C++ names ($(grep -c :: vm.functions) of methods)"
    tap_ok "$([ "$(grep -c :: vm.functions)" -gt 0 ]; echo $?)" "$JDK_NAME: and there are some"
    "$LR_CLI" report Culprits.lkr >Culprits.txt
    tap_like "$(cat Culprits.txt)" '^ +site [0-9a-f]{8}.*; threads: java$' "$JDK_NAME: and so has the text of a finding"
}
java_each_jdk jdk_test
tap_done
