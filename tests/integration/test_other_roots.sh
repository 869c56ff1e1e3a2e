#!/bin/bash
# Native names when the program's files are elsewhere: in the container of a process that still
# runs, below --sysroot, replaced by others, unloaded.
. "$(dirname "$0")/../lib/tap.sh"
LR_KEYS=budget=off # figures are compared exactly
tap_need cc jq

cat >app.c <<'C'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) void SITE(void) { kept = malloc(700); }
int main(int argc, char **argv)
{
    for (int i = 0; i < 10; i++)
        SITE();
    puts("ready");
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
C
build() { cc -g -O1 -Wl,--build-id -DSITE="$1" -o "$2" app.c -ldl; }
# The function with the 7,000 bytes, offsets left out; then notes on modules.
culprit() {
    jq -r '[.sites[] | select(.kind == "malloc" and .live_bytes.value == 7000) | .culprit.function |
        sub("[+]0x.*"; "+")][0], (.completeness.notes[] | select(contains("no names")) | sub(".*: "; ""))' "$1"
}

build first_site app || { tap_fail "cc"; tap_done; }

# --- a process in a mount name space ----------------------------------------------------------
namespaces='unshare -m'
$namespaces true 2>/dev/null || namespaces='unshare -m --propagation unchanged'
if [ "$(id -u)" -eq 0 ] && $namespaces mount -t tmpfs none /mnt 2>/dev/null; then
    mkdir -p inside
    env LEAKRING="file=$T/inside.lkr" LR_PRELOAD="$LR_LIB" $namespaces sh -c \
        'mount -t tmpfs none inside && cp app inside && exec env LD_PRELOAD="$LR_PRELOAD" inside/app wait' \
        >inside.out 2>inside.err &
    process=$!
    wait_line 100 inside.out '^ready$' || tap_diag "never ready: $(cat inside.err)"
    tap_is "$(ls inside)" "" "a program whose file only its container has"
    # The young window may hold the blocks back a moment.
    wait_for 60 sh -c "'$LR_CLI' report -F json inside.lkr | jq -e '[.sites[].live_bytes.value] | any(. == 7000)'"
    report inside.lkr >inside.json
    tap_is "$(jq -r .run.ended inside.json),$(culprit inside.json)" "running,first_site" "has names while it runs"
    kill -KILL $process
    wait $process 2>/dev/null
    report inside.lkr >gone.json
    tap_is "$(culprit gone.json)" "$(printf 'app+\nits file is not on this machine')" "and offsets, with the reason, when it is gone"
else
    tap_skip "a process in a mount name space" "needs root and a mount name space"
fi

# --- another machine's root directory -----------------------------------------------------------
mkdir -p here
cp app here/app
traced moved.lkr "$T/here/app" >/dev/null
mkdir -p "root$T" root/store
mv here root/store/here
ln -s /store/here "root$T/here"
report moved.lkr >moved.json
tap_is "$(culprit moved.json | head -1)" "app+" "a program that is not here has offsets"
report --sysroot=root moved.lkr >sysroot.json
tap_is "$(culprit sysroot.json)" "first_site" "--sysroot finds it, through a link of that root"
"$LR_CLI" export --sysroot=root --format=folded moved.lkr >moved.folded
tap_like "$(cat moved.folded)" 'first_site' "and so does export"
mkdir -p other
build other_site "root/store/here/app"
report --sysroot=root moved.lkr >other.json
tap_is "$(culprit other.json | head -1)" "app+" "another program of that name is not used"

# --- replaced after the run ----------------------------------------------------------------------
traced replaced.lkr "$T/app" >/dev/null
build second_site app
report replaced.lkr >replaced.json
tap_is "$(culprit replaced.json)" "$(printf 'app+\nits file changed since the trace (other build-id)')" \
    "a file that was replaced gives no names, and the report says so"

# --- two libraries at one address, one after the other ---------------------------------------------
cat >library.c <<'C'
#include <stdlib.h>
static void *volatile kept;
__attribute__((noinline)) void SITE(size_t size) { kept = malloc(size); }
C
cat >loader.c <<'C'
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    static const char *const names[] = {"./one.so", "one_site", "./two.so", "two_site"};
    uintptr_t where[2];
    for (int i = 0; i < 2; i++) {
        void *library = dlopen(names[2 * i], RTLD_NOW);
        void (*site)(size_t) = library ? (void (*)(size_t))dlsym(library, names[2 * i + 1]) : NULL;
        if (!site)
            return 1;
        site(1000 + i);
        where[i] = (uintptr_t)site;
        dlclose(library);
    }
    printf("%s\n", where[0] == where[1] ? "same address" : "other address");
    return 0;
}
C
for which in one two; do
    cc -g -O1 -shared -fPIC -DSITE=${which}_site -o $which.so library.c
done
cc -g -O1 -o loader loader.c -ldl
traced loader.lkr ./loader >loader.out
report loader.lkr >loader.json
tap_is "$(jq -r '.sites[] | select(.live_bytes.value == 1000 or .live_bytes.value == 1001) | "\(.live_bytes.value) \(.culprit.function)"' loader.json | sort)" \
    "$(printf '1000 one_site\n1001 two_site')" "libraries loaded one after the other ($(cat loader.out)) keep their names"
tap_is "$(jq '[.sites[].stack[] | select(.kind == "native" and .module == null and (.function | startswith("0x") | not))] | length' loader.json)" 0 \
    "every native frame that is named has its module"
tap_done
