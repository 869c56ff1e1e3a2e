#!/bin/bash
# redis.sh -- Redis's own tests (tests/unit of its Debian source, with tclsh) against the installed
# redis-server: each test's outcome is that without us.  Every server that the tests start is recorded.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"
. "$(dirname "$0")/../lib/sources.sh"

tap_need redis-server redis-cli redis-benchmark tclsh
tree=$(source_of redis) || tap_skip_all "Redis's source: $(tail -1 source.err)"
cp -r "$tree/tests" "$tree/runtest" "$tree/redis.conf" "$tree/sentinel.conf" . 2>copy.err || tap_skip_all "$(cat copy.err)"
mkdir src
for program in cli benchmark check-aof check-rdb; do
    ln -s "$(type -P redis-$program)" "src/redis-$program"
done
# The server is what is recorded, not the interpreter that runs the tests.
cat >src/redis-server <<'END'
#!/bin/sh
[ -z "$SERVER_TRACES" ] || { export LD_PRELOAD="$SERVER_PRELOAD" LEAKRING="size=16M,file=$SERVER_TRACES/server.%p.lkr"; }
exec redis-server "$@"
END
chmod +x src/redis-server
tap_diag "Redis: source $(basename "$(ls "$LR_SOURCES"/redis/*.dsc)"), program $(redis-server --version | grep -o 'v=[^ ]*')"

units=${UNITS:-unit/type/string unit/type/list unit/type/hash unit/type/set unit/type/zset unit/type/incr
    unit/expire unit/keyspace unit/scan unit/sort unit/multi unit/dump unit/bitops unit/bitfield unit/hyperloglog
    unit/scripting unit/pubsub unit/introspection unit/memefficiency unit/other}

# outcomes LOG: `ok NAME` and `err NAME`, sorted.
outcomes() { sed -E 's/\x1b\[[0-9;]*m//g' "$1" | grep -oE '^\[(ok|err|exception)\]: .*' | sed -E 's/ \([0-9]+ ms\)$//' | sort; }

run_unit() { # WAY NAME UNIT
    timeout -s KILL 900 tclsh tests/test_helper.tcl --single "$3" --clients 1 --durable \
        >"$2.$1.out" 2>"$2.$1.err" </dev/null
    echo $? >"$2.$1.status"
    outcomes "$2.$1.out" >"$2.$1.outcomes"
}
for unit in $units; do
    name=${unit//\//-}
    run_unit plain "$name" "$unit"
    mkdir "$name.traces"
    SERVER_PRELOAD=$LR_LIB SERVER_TRACES=$PWD/$name.traces run_unit traced "$name" "$unit"
    tap_same "$name.plain.status" "$name.traced.status" "$name: ends as without us ($(cat "$name.plain.status"))"
    tap_ok "$([ -s "$name.plain.outcomes" ]; echo $?)" "$name: there are tests" "$(tail -3 "$name.plain.out")"
    tap_same "$name.plain.outcomes" "$name.traced.outcomes" "$name: $(wc -l <"$name.plain.outcomes") outcomes as without us"
    was_traced "$name" server
    rm -rf "$name.traces"
done
tap_done
