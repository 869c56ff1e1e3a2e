#!/bin/bash
# The tarball in a foreign root file system: an older Debian, made by debootstrap (cached in
# LEAKRING_ROOTS, default /var/tmp/leakring-roots), without any of our libraries.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/dist.sh"

[ "$(id -u)" -eq 0 ] || tap_skip_all "chroot and debootstrap need root"
export PATH=$PATH:/usr/sbin:/sbin
tap_need debootstrap chroot

roots=${LEAKRING_ROOTS:-/var/tmp/leakring-roots}
# The mirror that this machine's own packages come from; not the one of security updates.
mirror=${LEAKRING_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
    grep -v security | sort -u | head -n 1)}

[ -n "$mirror" ] || tap_skip_all "no Debian mirror is configured (LEAKRING_MIRROR names one)"

# make_root RELEASE: its path in $root; 1 when it can't be had.
make_root() {
    root=$roots/$1
    mkdir -p "$roots"
    exec 9>"$roots/$1.lock"
    flock 9
    [ -e "$root/.complete" ] && return 0
    rm -rf "$root"
    timeout 400 debootstrap --variant=minbase "$1" "$root" "$mirror" >"debootstrap.$1.log" 2>&1 || {
        rm -rf "$root"
        return 1
    }
    touch "$root/.complete"
}

dist_tarball || { tap_fail "make dist" "$(tail -20 dist.log)"; tap_done; }

for release in buster bullseye; do
    make_root $release && break
    tap_diag "$release: $(tail -1 "debootstrap.$release.log")"
    root=
done
[ -n "$root" ] || tap_skip_all "no older Debian from $mirror: $(tail -1 "debootstrap.$release.log")"
tap_pass "a $release root file system"

# A copy of the place where we write, so that the cached root stays as it is.
place=$root/srv/leakring-test.$$
mkdir -p "$place"
trap 'rm -rf "$place"; tap_cleanup' EXIT
tar xzf "$DIST_TARBALL" -C "$place" --strip-components=1
inside=/srv/leakring-test.$$

# Inside a chroot the root is no mount point, whose propagation unshare could change.
own_mounts='unshare -m'
$own_mounts true 2>/dev/null || own_mounts='unshare -m --propagation unchanged'
$own_mounts true 2>/dev/null || tap_skip_all "no mount namespaces here"
in_root() { # with /proc, as in a container
    $own_mounts sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
bare_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

glibc=$(in_root ldd --version 2>/dev/null | sed -n '1s/.* //p')
tap_diag "C library there: $glibc"
tap_is "$(in_root sh -c 'ls /usr/lib/*/libdw.so* /usr/lib/*/libjson-c.so* 2>/dev/null')" "" \
    "our libraries are not there"
tap_like "$(in_root $inside/bin/leakring --version)" '^leakring [0-9]' "leakring --version, glibc $glibc"

# A program for the older C library.  The crt1.o here refers to a newer one, so it has its own
# start, which calls the old __libc_start_main.
cat >foreign.c <<'C'
#include <stdlib.h>
#include <unistd.h>
void *volatile kept;
__attribute__((noinline)) void foreign_site(unsigned i) { kept = malloc(500 + i); }
int main(void)
{
    for (unsigned i = 0; i < 20; i++)
        foreign_site(i);
    return write(1, "done\n", 5) == 5 ? 0 : 1;
}
__asm__(".symver __libc_start_main,__libc_start_main@GLIBC_2.2.5\n"
        ".globl _start\n_start: xor %ebp,%ebp\n mov %rdx,%r9\n pop %rsi\n mov %rsp,%rdx\n"
        "and $-16,%rsp\n push %rax\n push %rsp\n xor %r8,%r8\n xor %rcx,%rcx\n"
        "lea main(%rip),%rdi\n call __libc_start_main@PLT\n hlt\n");
C
if [ "$(uname -m)" = x86_64 ] &&
    cc -g -O1 -fno-stack-protector -nostartfiles -no-pie -o "$place/foreign" foreign.c 2>cc.err; then
    in_root LEAKRING=file=$inside/foreign.lkr LD_PRELOAD=$inside/lib/leakring/libleakring.so \
        $inside/foreign >foreign.out 2>foreign.err
    tap_is "$?,$(cat foreign.out),$(cat foreign.err)" "0,done," "a program runs under the preload there, silently"
    in_root $inside/bin/leakring report --format=json $inside/foreign.lkr >foreign.json 2>report.err
    tap_ok $? "leakring report there" "$(cat report.err)"
    tap_is "$(sites foreign.json malloc | grep foreign_site)" "$(printf 'foreign_site\t20\t10190')" \
        "20 blocks and 10,190 bytes, by name"
    tap_is "$(ended_of foreign.json)" exit "and that it ended by itself"
    in_root $inside/bin/leakring report $inside/foreign.lkr >foreign.txt 2>&1
    tap_like "$(cat foreign.txt)" 'foreign_site' "and as text"
    in_root sh -c "cd $inside && bin/leakring run -- ./foreign" >run.out 2>run.err
    tap_is "$?,$(cat run.out)" "0,done" "leakring run there"
    bare_root LEAKRING=file=$inside/bare.lkr LD_PRELOAD=$inside/lib/leakring/libleakring.so \
        $inside/foreign >bare.out 2>bare.err
    tap_is "$?,$(cat bare.out),$(cat bare.err)" "0,done," "without /proc: runs, silently"
    report "$place/bare.lkr" >bare.json
    tap_is "$(jq '[.sites[].live_bytes.value] | add' bare.json)" 10190 "and its bytes are recorded"
else
    tap_skip "a native program there" "not built: $(head -1 cc.err 2>/dev/null)"
fi

# Programs of that system: shells, a dynamic language, the package manager.
in_root LEAKRING="file=$inside/perl.lkr" LD_PRELOAD=$inside/lib/leakring/libleakring.so \
    perl -e 'my @a = map { "x" x $_ } 1..2000; print scalar(@a), "\n"' >perl.out 2>perl.err
tap_is "$?,$(cat perl.out),$(cat perl.err)" "0,2000," "that system's perl runs under the preload"
report "$place/perl.lkr" >perl.json 2>perl.report-err
tap_is "$(completeness_of perl.json)" complete "and its trace is complete, read here"

rm -rf "$place"
tap_done
