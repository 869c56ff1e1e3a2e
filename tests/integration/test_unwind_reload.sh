#!/bin/bash
# test_unwind_reload.sh -- modules that come and go at the same addresses never give frames by the
# rules of their predecessors, and modules without unwind data.  RELOADS=12000 (make unwind-check)
# instead of 300; a multiple of 12.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
loads=${RELOADS:-300}
reload=$LR_ORACLE/unwind_reload

# Three plugins of equal layout: the same code addresses, frames of other sizes.
cat >plugin.c <<'C'
#define USE(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")
static __attribute__((noinline)) void inner(void (*back)(const char *), const char *name)
{
    char space[SIZE];
    USE(space);
    back(name);
    USE(space);
}
void enter(void (*back)(const char *), const char *name)
{
    char space[SIZE / 2];
    USE(space);
    inner(back, name);
    USE(space);
}
C
for size in 400 1200 2800; do
    cc -O2 -fPIC -shared -fomit-frame-pointer -DSIZE=$size -o "frame$size.so" plugin.c || exit 1
done
none='-fno-asynchronous-unwind-tables -fno-exceptions -Wl,--no-ld-generated-unwind-info -nostartfiles'
cc -O2 -fPIC -shared $none -fno-omit-frame-pointer -DSIZE=400 -o bare-fp.so plugin.c || exit 1
cc -O2 -fPIC -shared $none -fomit-frame-pointer -DSIZE=400 -o bare.so plugin.c || exit 1

# field NAME LINE
field() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" <<<"$2"; }

for threads in 1 4; do
    line=$("$reload" "$loads" $threads ./frame400.so ./frame1200.so ./frame2800.so)
    tap_is "$(field loads "$line")" "$loads" "$threads threads: $loads modules came and went"
    [ "$(field reused "$line")" -gt $((loads / 20)) ]
    tap_ok $? "$threads threads: many at the address of another" "$line"
    tap_is "$(field different "$line")" 0 "$threads threads: every walk was right"
done

# LR_UNWIND_OUTERMOST is 0, LR_UNWIND_LOST is 3.
whole=$(field frames "$("$reload" 0 1 ./frame400.so)")
tap_is "$("$reload" 0 1 ./bare-fp.so)" "end 0 frames $whole" \
    "no unwind data, but frame pointers: walked through"
tap_like "$("$reload" 0 1 ./bare.so)" '^end (0|3) frames [1-9]' "neither: the walk ends, and says so"

# The same under the tracer: each block is credited to the plugin that made it.
cat >host.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static void leak(const char *name)
{
    char *volatile block = malloc(64);
    block[0] = name[0];
}
int main(int argc, char **argv)
{
    for (int i = 0; i < atoi(argv[1]); i++) {
        const char *path = argv[2 + i % (argc - 2)];
        void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        ((void (*)(void (*)(const char *), const char *))dlsym(plugin, "enter"))(leak, path);
        dlclose(plugin);
    }
    return 0;
}
C
cc -O2 -fno-optimize-sibling-calls -o host host.c -ldl || exit 1
traced host.lkr ./host "$loads" ./frame400.so ./frame1200.so ./frame2800.so
report host.lkr >host.json
tap_is "$(jq -r '[.sites[] | select(.live_bytes.value >= 64 and any(.stack[]; .function == "leak"))
        | {m: [.stack[] | select(.function == "inner") | .module | sub(".*/"; "")] | join(","),
           n: .live_count.value}] | group_by(.m)[] | "\(.[0].m) \(map(.n) | add)"' host.json)" \
    "$(printf 'frame%d.so '$((loads / 3))'\n' 1200 2800 400)" "each block belongs to its plugin"
tap_done
