#!/bin/bash
# test_python.sh -- Python's own tests of what touches memory, threads, processes and zlib: each test's outcome is
# that without us, with Python's allocator and with every object from malloc.
# MODULES="test.test_x …": these.  Python itself is recorded; what its tests execute isn't (children=0), as with a user's program.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"

python=
for candidate in /usr/bin/python3 python3; do
    candidate=$("$candidate" -c 'import sys, test.test_zlib; print(sys.executable)' 2>/dev/null) &&
        { python=$candidate; break; }
done
[ -n "$python" ] || tap_skip_all "no Python with its test package (libpython3-testsuite) here"
version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')

ctypes=$("$python" -c 'import importlib.util as u
print("test.test_ctypes" if u.find_spec("test.test_ctypes") else "ctypes.test")')
modules="test.test_zlib test.test_mmap test.test_gzip test.test_bz2"
[ -z "${WHOLE:-}" ] || modules+=" test.test_threading test.test_subprocess $ctypes test.test_fork1 test.test_thread
    test.test_signal test.test_concurrent_futures test.test_lzma test.test_zipfile test.test_array test.test_bytes
    test.test_memoryview test.test_io test.test_gc test.test_posix test.test_os test.test_capi test.test_sqlite3"
modules=${MODULES:-$modules}

# compare MODULE LABEL: plain and traced, outcome by outcome.
compare() {
    local module=$1 name=${1#test.}$2
    both "$name" timeout -s KILL 900 "$python" "$LR_ROOT/tests/suites/outcomes.py" "$module"
    tap_is "$(wc -l <"$name.plain.out" | grep -cvx 0)" 1 "$name: there are tests"
    tap_same "$name.plain.out" "$name.traced.out" \
        "$name: $(wc -l <"$name.plain.out") tests ($(cut -f1 "$name.plain.out" | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }')) of Python $version as without us"
    was_traced "$name" 'python*'
    rm -rf "$name.traces"
}
for module in $modules; do
    compare "$module" ""
    [ -z "${WHOLE:-}" ] || PYTHONMALLOC=malloc LR_KEYS=budget=off compare "$module" .malloc
done
tap_done
