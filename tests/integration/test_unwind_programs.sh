#!/bin/bash
# test_unwind_programs.sh -- our native walker against libunwind in real programs, at their own
# allocations: equal frames, no read outside the stack, and following remembered stacks finds the same.
# A sample of the allocations; UNWIND_ALL=1 (make unwind-check) compares every one, for minutes.
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"

WALKER=$LR_ORACLE/unwind_everywhere
all=${UNWIND_ALL:-}

# every N: one allocation in N, or each of them.
every() { [ -n "$all" ] && echo 1 || echo "$1"; }

# walked NAME EVERY COMMAND…: runs it; its processes report into NAME.report.
walked() {
    local name=$1 every=$2
    shift 2
    timeout 900 env UNWIND_EVERY="$every" UNWIND_REPORT="$T/$name.report" LD_PRELOAD="$WALKER" \
        "$@" >"$name.out" 2>"$name.err" </dev/null
}

# judge NAME LEAST: adds up the reports of all processes; at least LEAST walks were compared.
judge() {
    local name=$1 least=$2 walks equal wrong outside shown
    [ -s "$name.report" ] || { tap_fail "$name: was walked" "$(tail -5 "$name.err")"; return; }
    read -r walks equal wrong outside <<<"$(awk '
        / walks, /      { walks += $3 }
        /ours shorter/  { gsub(/[,;]/, ""); differ += $3 + $6 + $9 }
        /followed wrong/ { gsub(/[,;]/, ""); wrong += $3; outside += $9 }
        END { printf "%d %d %d %d\n", walks, walks - differ, wrong, outside }' "$name.report")"
    shown="$walks walks, $((walks - equal)) differ"
    tap_diag "$name: $shown"
    grep -E '^  [0-9]+ x' "$name.report" | sort -rn | head -20 | sed 's/^/# /'
    [ "$walks" -ge "$least" ] && [ $((equal * 1000)) -ge $((walks * 999)) ]
    tap_ok $? "$name: frames as libunwind's for 99.9 % of stacks" "$shown"
    tap_is "$wrong" 0 "$name: following remembered stacks finds the same frames"
    tap_is "$outside" 0 "$name: no read outside the stack"
}

rounds=$([ -n "$all" ] && echo 1000 || echo 20)
walked shapes 1 "$LR_ORACLE/unwind_shapes" "$rounds"
tap_is "$(cat shapes.out)" "done $rounds" "shapes: exceptions, tail calls, signals, coroutines: ran to its end"
judge shapes 2000

cat >work.py <<'EOF'
import json, re, threading, sys
sys.setrecursionlimit(2000)
def deep(n):
    return [n] if n == 0 else deep(n - 1) + [n]
def work(n):
    text = json.dumps([{"name": "item %d" % i, "parts": deep(i % 60)} for i in range(n)])
    return len(re.sub(r"item (\d+)", lambda m: m.group(1)[::-1], text)) + len(json.loads(text))
size = int(sys.argv[1])
threads = [threading.Thread(target=work, args=(size,)) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
print(work(size) > 0)
EOF
PYTHONMALLOC=malloc walked python "$(every 10)" python3 work.py "$([ -n "$all" ] && echo 600 || echo 60)"
tap_is "$(cat python.out)" True "python: ran to its end"
judge python 2000

walked compiler "$(every 40)" c++ -std=gnu++17 -O2 -g -c -o shapes.o "$LR_ROOT/tests/oracle/unwind_shapes.cc"
tap_ok $? "compiler: compiled"
judge compiler 2000

# Debian's is linked with jemalloc: what it asks of malloc reaches us all the same.
redis() {
    local socket=$T/redis.sock server requests
    requests=$([ -n "$all" ] && echo 3000 || echo 100)
    walked redis "$(every 5)" redis-server --port 0 --unixsocket "$socket" --save '' \
        --appendonly no --dir "$T" &
    server=$!
    wait_for 300 redis-cli -s "$socket" ping
    tap_ok $? "redis: answers"
    timeout 600 redis-benchmark -s "$socket" -n "$requests" -c 4 -q >bench.out 2>&1
    tap_ok $? "redis: was used" "$(tail -3 bench.out)"
    redis-cli -s "$socket" shutdown nosave >shutdown.out 2>&1
    wait $server
    judge redis 1000
}
if tap_have redis-server && tap_have redis-benchmark; then
    redis
else
    tap_skip "redis" "redis-server is not installed"
fi

# A JVM walks into generated code nearly always; there both stop.
jvm() {
    local home=$1 name
    name=jvm-$(lr_jdk_version "$home")
    walked "$name" "$(every 50)" "$home/bin/javac" -d "$T/$name" "$LR_ROOT/tests/oracle/Oracle.java" \
        "$LR_ROOT/tests/oracle/Tiers.java"
    tap_ok $? "$name: compiled" "$(tail -3 "$name.err")"
    judge "$name" 500
}
for home in $LR_JDKS; do jvm "$home"; done
tap_done
