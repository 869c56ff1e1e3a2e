#!/bin/bash
# Awkward things that programs do to their threads, processes and libraries: the traced program
# does what the plain one does, and the report stays right.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

corners=$LR_ORACLE/corners

# same NAME COMMAND…: as without us, within 120 s; the trace is NAME.lkr.
same() {
    local name=$1
    shift
    timeout -s KILL 120 "$@" >plain.out 2>plain.err
    echo "status $?" >>plain.out
    (traced_exec "$PWD/$name.lkr" timeout -s KILL 120 "$@") >traced.out 2>traced.err
    echo "status $?" >>traced.out
    cat plain.err >>plain.out
    cat traced.err >>traced.out
    tap_same plain.out traced.out "$name: as without us"
}

# plugin NAME FLAGS: NAME.so of the C text on stdin.
plugin() {
    cat >$1.c
    cc -shared -fPIC -O1 -o $1.so $1.c ${2:-} 2>plugin.err || tap_diag "$1: $(cat plugin.err)"
}

plugin zplug -lz <<'C'
#include <zlib.h>
int go(void)
{
    z_stream stream = {0};
    return inflateInit(&stream) != Z_OK ? 1 : inflateEnd(&stream);
}
C
for name in first second; do
    plugin $name -DNUMBER=$([ $name = first ] && echo 1 || echo 2) <<'C'
int inflateInit_(void *stream, const char *version, int size) { return NUMBER; }
int go(void) { return inflateInit_(0, "1", 112); }
C
done
plugin deep <<'C'
#include <stdlib.h>
void drop(void *block) { free(block); }
C
# A program without zlib that looks whether there is one.
cat >nozlib.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
extern int deflateEnd(void *) __attribute__((weak));
int main(void)
{
    puts(dlsym(RTLD_DEFAULT, "inflateInit_") ? "zlib" : "no zlib");
    void *stream[20] = {0};
    if (deflateEnd)
        printf("%d\n", deflateEnd(stream));
    return 0;
}
C
cc -D_GNU_SOURCE -o nozlib nozlib.c -ldl
# A plugin host that isn't linked with zlib itself.
cat >host.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        void *plugin = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        printf("go %d\n", ((int (*)(void))dlsym(plugin, "go"))());
        if (argv[0][0] != 'k')
            dlclose(plugin);
        mmap(0, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return 0;
}
C
cc -D_GNU_SOURCE -o host host.c -ldl
ln -sf host keeping-host

same main-thread-leaves "$corners" main-thread-leaves
same ends-quickly "$corners" ends-quickly
report ends-quickly.lkr >quick.json
tap_is "$(sites quick.json malloc | grep '^quick_site')" "$(printf 'quick_site\t100\t100000')" \
    "quick_exit: what was young is in the file"
tap_is "$(ended_of quick.json)" exit "quick_exit: told as an exit"

same plugin-reloaded ./host ./zplug.so ./zplug.so ./zplug.so
report plugin-reloaded.lkr >reload.json
tap_is "$(jq -c '[.pairs[] | [.pair, .acquired, .released]]' reload.json)" '[["zlib.inflate",3,3]]' \
    "a zlib that comes and goes is recorded each time"
same plugin-reloaded-into-zlib "$corners" plugin-reloaded ./zplug.so
same plugins-apart ./keeping-host ./first.so ./second.so
# A weak reference is bound to our wrapper, which must then do no harm.
traced no-zlib.lkr ./nozlib >nozlib.out 2>nozlib.err
tap_is "$?,$(head -1 nozlib.out),$(cat nozlib.err)" "0,no zlib," "no-zlib: none is found, and a weak reference does no harm"
if [ "$(id -u)" -eq 0 ]; then
    LR_KEYS=children=1 same first-process "$corners" first-process
else
    tap_skip "first-process" "needs root"
fi
same sandboxed-to-death "$corners" sandboxed-to-death
same sandboxed-with-errors "$corners" sandboxed-with-errors
same wrong-end "$corners" wrong-end
report wrong-end.lkr >wrong.json
tap_is "$(jq -c '[.pairs[] | [.acquired, .released, .live]]' wrong.json)" '[[10,0,10]]' \
    "an end that fails ends nothing"
same single-threaded "$corners" single-threaded
traced unshared.lkr "$LR_ORACLE/helper_manners" unshare >unshared.out 2>unshared.err
tap_is "$?,$(cat unshared.out unshared.err)" "0,back" "after unshare the helper thread comes back"
traced realtime.lkr "$LR_ORACLE/helper_manners" realtime >realtime.out 2>realtime.err
status=$?
if grep -qx "not allowed" realtime.out; then
    tap_skip "real-time policy" "not allowed here"
else
    tap_is "$status,$(cat realtime.out realtime.err)" "0,policy 0" "the helper inherits no real-time policy"
fi
same small-stack "$corners" small-stack
same freed-elsewhere "$corners" freed-elsewhere ./deep.so
report freed-elsewhere.lkr >elsewhere.json
tap_is "$(completeness_of elsewhere.json)" complete "frees that pass us by don't fill the table"
tap_ok $(jq -e '[.sites[] | select(.kind == "malloc") | .live_count.value] | add < 1000' elsewhere.json >/dev/null; echo $?) \
    "an address is live once at most" "$(sites elsewhere.json malloc)"

# A mapping that a signal handler makes inside a hook is recorded or counted, never silent.
traced handler.lkr "$corners" mapping-handler >handler.out 2>handler.err
tap_ok $? "a handler that maps memory"
report handler.lkr >handler.json
made=$(sed -n 's/^handler_site\t//p' handler.out)
found=$(sites handler.json mmap | sed -n 's/^handler_site\t\([0-9]*\).*/\1/p')
tap_ok $([ "${found:-0}" -eq "$made" ] || [ "$(completeness_of handler.json)" = incomplete ]; echo $?) \
    "its mappings are recorded, or the loss is told" "$made made, ${found:-0} found, $(jq -c .completeness handler.json)"

# Two LD_PRELOAD entries in a hand-made environment: both keep what isn't ours.
cat >two.c <<'C'
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    char first[4096] = "LD_PRELOAD=/nonexistent/a.so:";
    strcat(strcat(first, getenv("OURS")), " /nonexistent/b.so");
    char *environment[] = {first, "LD_PRELOAD=/nonexistent/c.so", "X=1", NULL};
    char *arguments[] = {"env", NULL};
    if (fork() == 0)
        execve("/usr/bin/env", arguments, environment);
    wait(NULL);
    return 0;
}
C
cc -o two two.c
OURS=$LR_LIB traced two.lkr ./two 2>/dev/null | grep LD_PRELOAD >two.out
tap_is "$(sed 's/[: ]*$//' two.out)" "LD_PRELOAD=/nonexistent/a.so:/nonexistent/b.so
LD_PRELOAD=/nonexistent/c.so" "two LD_PRELOAD entries: ours is taken out of the first, the second stays"

# Names that make no sense for a trace.
mkdir directory
LEAKRING="file=$PWD/directory" LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" >out 2>err
tap_is "$(ls -d directory*),$(ls directory | sed 's/[0-9][0-9]*/PID/'),$(cat err)" "directory,leakring.say_hello.PID.lkr," \
    "file= names a directory: the trace goes into it under the default name"
LEAKRING="file=/dev/null" LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" >out 2>err
tap_is "$(ls /dev/null*),$(grep -c '^leakring: ' err)" "/dev/null,1" "file=/dev/null: one line, no file beside it"
[ "$(id -u)" -ne 0 ] || rm -f /dev/null.[0-9]*

# Each first touch of a page had the kernel read 31 more around it: 45 MB of page cache, most of it
# mapped and so in the target's RSS, for a trace of half a megabyte.
title="a small program's trace takes less than 8 MB of memory"
traced small.lkr python3 -c 'x = [bytearray(100) for i in range(10000)]'
if ! tap_have fincore; then
    tap_skip "$title" "fincore (util-linux) is not installed"
elif [ "$(stat -f -c %T .)" = tmpfs ]; then
    tap_skip "$title" "the scratch directory is a tmpfs, where all of a file is in memory"
else
    cached=$(fincore --bytes --noheadings --output RES small.lkr)
    tap_ok $([ "$cached" -lt 8000000 ]; echo $?) "$title" "$cached bytes"
fi
tap_done
