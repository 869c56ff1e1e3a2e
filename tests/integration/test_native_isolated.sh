#!/bin/bash
# test_native_isolated.sh -- plugins whose allocations don't come by us: they work as without us, and what
# can't be seen is told.
# ROUNDS: calls of each (make check-faults: 2,000).
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

ROUNDS=${ROUNDS:-200}
cat >apart.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
void *make(size_t size) { return malloc(size); }
void drop(void *block) { free(block); }
int work(void (*back)(void))
{
    char *text = NULL;
    z_stream stream = {0};
    for (int i = 0; i < 20; i++) {
        text = realloc(text, 100 * (i + 1));
        memset(text, i, 100 * (i + 1));
    }
    free(text);
    if (asprintf(&text, "%d", 42) != 2)
        return 1;
    free(text);
    if (inflateInit(&stream) != Z_OK || inflateEnd(&stream) != Z_OK)
        return 2;
    back();
    return 0;
}
C
cc -D_GNU_SOURCE -O1 -shared -fPIC -o apart.so apart.c -lz || tap_fail "apart.c compiles"
counter() { "$LR_CLI" dump --section=counters "$1" | sed -n "s/.*name=$2 .*value=//p"; }

for way in deepbind dlmopen; do
    timeout 120 "$LR_ORACLE/isolated" exit $way ./apart.so "$ROUNDS" >plain.out 2>plain.err
    if [ $? -ne 0 ]; then
        tap_skip "$way" "not even without us: $(cat plain.out plain.err)"
        continue
    fi
    for young in 100 0; do
        trace=$way-$young.lkr
        LR_KEYS=$(exact_keys young=$young) run_oracle exit $trace "$LR_ORACLE/isolated" $way ./apart.so "$ROUNDS"
        tap_is "$?,$(cat $trace.err)" "0," "$way: runs, silent, young=$young"
        tap_same plain.out $trace.out "$way: as without us, young=$young"
        matches_truth $trace 'sites malloc' "$way: the host's blocks exactly, young=$young"
        tap_is "$(ended_of $trace.json)" exit "$way: ended by exit, young=$young"
    done
done
# The host freed what the plugin made.
seen=$(counter deepbind-0.lkr unknown_frees)
[ "${seen:-0}" -ge $((ROUNDS / 2)) ]
tap_ok $? "deepbind: frees of blocks that were never seen are counted" "${seen:-0} of $ROUNDS"
tap_done
