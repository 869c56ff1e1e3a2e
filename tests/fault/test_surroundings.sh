#!/bin/bash
# Places where something is missing that programs are used to: /proc, most of the file system (chroot), the
# rights of a user (user namespaces), file descriptors, a file system that can promise room.  The
# target is as without us, and what is lost is said.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/guest.sh"
tap_need jq unshare

LR_KEYS=$(exact_keys size=8M)
leak50=("$LR_ORACLE/leak50" exit 3)
python=$(python3 -c 'import sys; print(sys.executable)') # what is behind a script of that name
FAULTY=$LR_BUILD/test/faulty/libleakring.so

# --- file descriptors --------------------------------------------------------------------------
# All that there are are the program's.  Later it has none at all, as Chromium's renderers.
greedy='import os, resource, sys, threading, time, zlib
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
taken = []
def take():
    try:
        while True: taken.append(os.dup(1))
    except OSError as error: print(error.errno, taken[0], taken[-1], len(taken), flush=True)
take()
time.sleep(1.5)
os.close(taken.pop(20)); os.close(taken.pop(30))
take()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
thread = threading.Thread(target=lambda: print(len(zlib.compress(b"x" * 100000)), flush=True))
thread.start(); thread.join()
time.sleep(1.5)
print("done")'
guest_both greedy "$python" -c "$greedy"
guest_same greedy "a program that takes all descriptors"
tap_is "$(completeness_of greedy.json)" complete "a program that takes all descriptors: complete"
with_descriptors() { sh -c 'ulimit -n "$0" && exec "$@"' "$@"; }

nofile_jdk_test() {
    local limit bad=
    for limit in 5 7 9 12 16 24 48; do
        GUEST_UNDER=(sh -c 'ulimit -n "$0" && exec "$@"' $limit)
        guest_both nofile "$JDK/bin/java" -Xshare:auto "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
        bad=$bad$(guest_differs nofile | sed "s/^/ulimit -n $limit: /")
    done
    tap_is "$bad" "" "$JDK_NAME: ulimit -n 5 to 48: as without us"
    GUEST_UNDER=()
}

# --- file systems by their type ----------------------------------------------------------------
# What `statfs` says where a mapping may meet a hole although its blocks were reserved.
bad= types=0
for type in 0x6969:NFS 0x65735546:FUSE 0x9123683e:btrfs 0x2fc12fc1:zfs 0xff534d42:SMB 0xfe534d42:SMB \
    0x01021997:9p 0xca451a4e:bcachefs 0x00c36400:Ceph 0x0bd00bd0:Lustre 0x47504653:GPFS 0x5346414f:AFS \
    0x6b414653:AFS 0x73757245:Coda 0x786f4256:VirtualBox 0x3434:NILFS 0x24051905:UBIFS \
    0x72b6:JFFS2 0xf15f:eCryptfs 0x517b:SMB 0x958458f6:hugetlbfs; do
    LR_LIB=$FAULTY GUEST_UNDER=(env LR_FS_TYPE=$((${type%:*})))
    guest_both type "$LR_ORACLE/say_hello" 3
    differs=$(guest_differs type)
    [ -z "$differs" ] || bad="$bad $type: $differs"
    grep -q "^leakring: .*: ${type#*:} can't promise.*not recording" type.err || bad="$bad $type: $(cat type.err)"
    [ ! -e type.lkr ] || bad="$bad $type: a file was left behind"
    types=$((types + 1))
done
GUEST_UNDER=() LR_LIB=$LR_BUILD/libleakring.so
tap_is "$bad" "" "$types kinds of file systems that can't promise room: one line each, and nothing left behind"

# --- what needs name spaces --------------------------------------------------------------------
if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>unshare.err; then
    java_each_jdk nofile_jdk_test
    tap_skip "no /proc, chroot, user namespaces, file systems" "needs root and a mount namespace"
    tap_done
fi

# in_mounts SCRIPT: what follows runs in a mount namespace in which SCRIPT was run.
in_mounts() { GUEST_UNDER=(unshare -m --propagation private sh -c "{ $1; } >/dev/null && exec \"\$@\"" -); }

# Lazily: whoever has a file open there keeps it.
declare -A without=(
    [gone]='umount -l /proc' [empty]='mount -t tmpfs none /proc'
    [of-others]='mount -t proc -o subset=pid proc /proc')
for kind in gone empty of-others; do
    in_mounts "${without[$kind]}"
    if ! "${GUEST_UNDER[@]}" true 2>mounts.err; then
        tap_skip "/proc $kind" "$(cat mounts.err)"
        continue
    fi
    guest_both proc-$kind "${leak50[@]}"
    guest_recorded proc-$kind "/proc $kind"
    guest_both proc-$kind-python "$python" -c 'import json, zlib; print(len(zlib.compress(b"x" * 100000)))'
    guest_same proc-$kind-python "/proc $kind, python3"
    for end in main-leaves main-leaves-then-exit; do
        GUEST_LIMIT=60 guest_both proc-$kind-$end "$LR_ORACLE/guest_ends" $end
        guest_same proc-$kind-$end "/proc $kind, $end: it ends"
    done
    [ $kind = of-others ] || tap_like "$(guest_notes proc-$kind)" "/proc can't be read.*no time series" \
        "/proc $kind: the trace says what is missing"
done
GUEST_UNDER=()
guest_both proc "${leak50[@]}"
tap_is "$(guest_differs proc)$(guest_notes proc | grep /proc)" "" "with a /proc nothing is said of it"

proc_jdk_test() {
    in_mounts "${without[empty]}; export LD_LIBRARY_PATH=$JDK/lib" # else the launcher finds nothing
    guest_both Unended "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
    guest_same Unended "$JDK_NAME: /proc empty"
    tap_is "$(java_report Unended; java_findings Unended)" "$(java_truth Unended)" "$JDK_NAME: /proc empty: every site"
    GUEST_UNDER=(unshare -U -r)
    guest_both Unended "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
    sed -i '/^status 0$/d' Unended.err plain.err
    java_check exit Unended "in a user namespace"
    GUEST_UNDER=()
    nofile_jdk_test
}

# --- chroot ------------------------------------------------------------------------------------
# The program and its libraries under their own names, and nothing else.
root=$PWD/root
for file in "$LR_ORACLE/leak50" "$LR_ORACLE/say_hello" "$(type -P env)" "$LR_LIB"; do
    for needed in "$file" $(ldd "$file" | grep -o '/[^ ]*'); do
        mkdir -p "$root${needed%/*}" && cp -L "$needed" "$root$needed"
    done
done
mkdir -p "$root$PWD" "$root/closed"
GUEST_UNDER=(chroot "$root")
guest_both chroot "${leak50[@]}"
mv "$root$PWD/chroot.lkr" . 2>/dev/null
guest_recorded chroot "chroot"
tap_like "$(guest_notes chroot)" "/proc can't be read" "chroot: the trace says what is missing"
guest_run plain "$LR_ORACLE/say_hello" 3
guest_run chroot-default env LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" 3
mv "$root"/leakring.say_hello.*.lkr chroot-default.lkr
guest_same chroot-default "chroot, no place named: the working directory takes the trace"
GUEST_UNDER=(chroot --userspec=65534:65534 "$root")
chmod 755 "$root"
guest_run plain "$LR_ORACLE/say_hello" 3
guest_run chroot-nobody env LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" 3
guest_refused chroot-nobody "chroot, no place to write"
tap_is "$(find "$root" -name '*.lkr')" "" "chroot, no place to write: nothing is left behind"
GUEST_UNDER=()

# --- user namespaces ---------------------------------------------------------------------------
user_namespace() { # LABEL COMMAND…
    local label=$1
    shift
    GUEST_UNDER=("$@")
    if "$@" true 2>unshare.err; then
        guest_both userns "${leak50[@]}"
        guest_recorded userns "$label"
    else
        tap_skip "$label" "$(head -1 unshare.err)"
    fi
    GUEST_UNDER=()
}
user_namespace "user namespace, root there" unshare -U -r
user_namespace "user namespace, nobody there" unshare -U
user_namespace "all namespaces, as a container's" unshare -U -r -m -p -f -i -n -u --mount-proc
# In a directory that anybody can reach, as this test's own needn't be.
if user=$(mktemp -d /tmp/leakring-user.XXXXXX) && chown 65534:65534 "$user"; then
    trap 'rm -rf "$user"; tap_cleanup' EXIT
    as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    cd "$user" || exit 1
    if "${as_nobody[@]}" test -x "$LR_ORACLE/leak50" && "${as_nobody[@]}" test -r "$LR_LIB"; then
        user_namespace "a user's own user namespace" "${as_nobody[@]}" unshare -U -r
    else
        tap_skip "a user's own user namespace" "a user can't reach the build directory"
    fi
    cd "$T" || exit 1
fi

# --- file systems ------------------------------------------------------------------------------
# on_place LABEL SETUP: leak50 with its trace on `place`, where SETUP mounts; the trace is taken out of
# the name space.
place=$PWD/place
mkdir -p "$place"
on_place() {
    local name=$1 setup=$2 GUEST_FILE=$place/x.lkr
    GUEST_UNDER=(unshare -m --propagation private "$BASH" -c "{ place=\$0; $setup; } >&2 || exit 99
        \"\$@\"; status=\$?; [ ! -e \"\$0/x.lkr\" ] || cp \"\$0/x.lkr\" '$PWD/taken.lkr'
        [ -e \"\$0/x.lkr\" ] || find \"\$0\" -name '*.lkr' >&2
        cd /; umount -l \"\$0\"; exit \$status" "$place")
    rm -f taken.lkr
    guest_both "$name" "${leak50[@]}"
    GUEST_UNDER=()
    [ ! -e taken.lkr ] || mv taken.lkr "$name.lkr"
    ! grep -q '^status 99$' plain.err || tap_skip "$name" "$(head -1 plain.err)"
    ! grep -q '^status 99$' plain.err
}
on_place overlay 'mount -t tmpfs none $place && mkdir $place/l $place/u $place/w $place/m &&
    mount -t overlay -o lowerdir=$place/l,upperdir=$place/u,workdir=$place/w overlay $place/m &&
    mount --move $place/m $place' && guest_recorded overlay "an overlay"
on_place ramfs 'mount -t ramfs none $place' && guest_refused ramfs "a file system that can't reserve room"
on_place quota 'mount -t tmpfs -o size=12m none $place' && guest_refused quota "a tmpfs that it would more than half fill"
if tap_have bindfs; then
    mkdir -p behind
    on_place fuse "bindfs '$PWD/behind' \$place" && guest_refused fuse "FUSE"
    tap_is "$(ls behind)" "" "FUSE: nothing is left behind"
else
    tap_skip "FUSE" "bindfs is not installed"
fi
java_each_jdk proc_jdk_test
tap_done
