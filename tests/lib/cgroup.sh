# cgroup.sh -- what tests in a memory cgroup share.
#
#     . "$(dirname "$0")/../lib/cgroup.sh"
#     group_make 64 && group_run true || tap_skip "…" "no memory cgroup can be made here: $(group_why)"

# group_make MIB: a memory cgroup of that size, its path in $group; it goes when the test ends.  1 when
# none can be made here.
group_make() {
    local base
    for base in /sys/fs/cgroup/memory /sys/fs/cgroup; do
        group=$base/leakring-test.$$
        mkdir "$group" 2>>group.err || continue
        # Nothing of it may be swapped out: its limit is to be met.
        echo 0 2>/dev/null >"$group/memory.swap.max" || echo 0 2>/dev/null >"$group/memory.swappiness"
        if echo $(($1 << 20)) 2>>group.err >"$group/memory.limit_in_bytes" ||
            echo $(($1 << 20)) 2>>group.err >"$group/memory.max"; then
            trap 'group_remove; tap_cleanup' EXIT
            return 0
        fi
        rmdir "$group"
    done
    return 1
}

group_why() { tail -n 1 group.err 2>/dev/null | sed 's/.*: //'; }

# What was killed takes a moment to leave it.
group_remove() { wait_for 30 rmdir "$group"; }

# group_run COMMAND…: in that cgroup.
group_run() { sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"; }
