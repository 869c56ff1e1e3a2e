#!/bin/bash
# test_cases_limits.sh -- when a leak meets which limit: a memory cgroup's (v2, v1), RLIMIT_AS, or the
# machine's memory.  What the kernel would say of these is put in its place, in a mount name space.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/cases.sh"
tap_need jq unshare

# No cgroup; then also a machine with room for years.
alone='mount -t tmpfs none /sys/fs/cgroup && '
plain="$alone machine 30000000 && "
machine='machine() { # AVAILABLE_KB
    sed "s/^MemAvailable:.*/MemAvailable: $1 kB/; s/^SwapFree:.*/SwapFree: 0 kB/" /proc/meminfo >meminfo.$$ &&
        mount --bind meminfo.$$ /proc/meminfo
}
put() { mkdir -p "$(dirname "/sys/fs/cgroup/$1")" && echo "$2" >"/sys/fs/cgroup/$1"; }
group() { echo "$1" >group.$$ && mount --bind group.$$ /proc/$$/cgroup; }
'

why=$(unshare -m --propagation private bash -c "$machine$plain group 0::/ && put memory.max max" 2>&1) ||
    tap_skip_all "what the kernel says can't be replaced here: $why"

# limited NAME SETUP: the program that leaks 12 MB an hour, where SETUP has been done.
limited() {
    local name=$1
    unshare -m --propagation private bash -c "$machine$2 &&"' exec env LEAKRING="file=$0" LD_PRELOAD="$1" \
        "${@:2}"' "$name.lkr,$LR_KEYS" "$LR_LIB" "$LR_ORACLE/cases_native" leak "$STOP" \
        >"$name.out" 2>"$name.err" &
    CASE_PIDS="$CASE_PIDS $!"
}
limited v2 "$plain group 0::/box && put box/memory.current 100000000 && put box/memory.max max &&
    put memory.current 200000000 && put memory.max 300000000"
limited v1 "$plain group 3:cpu,memory:/box && put memory/box/memory.usage_in_bytes 100000000 &&
    put memory/box/memory.limit_in_bytes 160000000 && put memory/memory.limit_in_bytes 9223372036854771712 &&
    put memory/memory.usage_in_bytes 0"
limited addresses "$plain ulimit -v 400000"
limited machine "$alone machine 60000"
limited far "$plain :"

# meets NAME LIMIT BYTES LEAST MOST: that one is named, and about so many hours are left (jq).
meets() {
    local name=$1
    case_await "$name" '.projection.limit != null and .verdict.kind == "leak"'
    tap_is "$(case_seen "$name" '.projection | [.limit, .limit_bytes] | map(tostring) | join(", ")')" "$2, $3" \
        "$1: the nearest limit" "$(cat "$name.err")"
    tap_is "$(case_seen "$name" "($4) as \$least | ($5) as \$most | .projection
        | .hours.low <= .hours.value and .hours.value <= .hours.high and .not_within_days == null
        and .hours.value > \$least / 3 and .hours.value < \$most * 3")" true \
        "$1: when" "$(case_seen "$name" .projection)"
    tap_like "$("$LR_CLI" report "$name.lkr")" "it meets the nearest limit \\(${2%% (*}.* in .*, between .* and " \
        "$1: what is said"
}

meets v2 "memory cgroup" 300000000 8 25
meets v1 "memory cgroup" 160000000 5 14
meets machine "machine's memory" "$(awk '$1 == "MemTotal:" { printf "%.0f", $2 * 1024 }' /proc/meminfo)" 5 5
left='([.series.virtual_size[] | select(. != null)][-1]) as $used | (.projection.limit_bytes - $used) / 12e6'
meets addresses "address space (RLIMIT_AS)" 409600000 "$left" "$left"
case_await far '.projection.not_within_days == 30'
tap_is "$(case_seen far .projection.not_within_days)" 30 "far: not within 30 days"
case_end
case_report v2
tap_like "$("$LR_CLI" report v2.lkr)" "it would have met the nearest limit" "a program that has ended"
case_grows v2 forget_block "the leak itself" 200000
tap_done
