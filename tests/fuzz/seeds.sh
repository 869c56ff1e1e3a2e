#!/bin/bash
# seeds.sh TARGET DIRECTORY -- what a fuzzer begins with: the kept inputs (corpus/TARGET), and good
# files of the kind that the target reads.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
target=$1
mkdir -p "$2" && cd "$2" || exit 1

# keep FILE BYTE: FILE behind the byte that chooses what it is.
keep() { printf %s "$2" | cat - "$1" >"$(basename "$1")"; }

# Small libraries with each kind of debug information that this machine's tools write.
make_libraries() {
    local compiler version
    cat >seed.cc <<'CC'
namespace acme {
static volatile int sink;
static inline __attribute__((always_inline)) int inner(int value)
{
    sink = value;
    return sink * 3;
}
struct Pool {
    template <class T> __attribute__((noinline)) int take(T value) { return inner((int)value) + 1; }
};
} // namespace acme
int outer(int value)
{
    acme::Pool pool;
    return pool.take(value) + pool.take((short)value) + acme::inner(value);
}
CC
    for compiler in g++ clang++; do
        command -v $compiler >/dev/null || continue
        for version in 2 3 4 5; do make_library $version $compiler -gdwarf-$version; done
        make_library z $compiler -g -gz=zlib
        make_library types $compiler -g -fdebug-types-section
        make_library split $compiler -g -gsplit-dwarf
        make_library plain $compiler
    done
    rm -f seed.cc ./*.dwo
}

# make_library KIND COMPILER FLAG…: its code is at 0x1000.
make_library() {
    local name=$2-$1.so
    shift
    "$@" -O1 -shared -nostdlib -fPIC -Wl,--build-id=none,-z,noseparate-code,-Ttext=0x1000 -o "$name" seed.cc \
        2>/dev/null || rm -f "$name"
}

case $target in
oom) for log in "$root"/tests/fixtures/oom/*.log; do keep "$log" 0; done ;;
suppress) keep "$root/share/leakring/jdk.supp" 0 ;;
rules)
    keep "$root/share/leakring/ci/leakring.ini" 0
    printf '1file=/tmp/x.lkr,size=64m,young=2,redact=cmdline+host,budget=1%%,stacks="a,b"' >settings
    ;;
symbols) make_libraries ;;
esac
[ ! -d "$root/tests/fuzz/corpus/$target" ] || cp "$root/tests/fuzz/corpus/$target"/* .
