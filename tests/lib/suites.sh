# suites.sh -- what the tests with other people's suites share: a run without us, a run with us, and
# the proof that the second one was recorded.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$(dirname "$0")/../lib/suites.sh"
#     both NAME COMMAND…
#     was_traced NAME
#
# WHOLE=1 (make check-suites) asks for the long form of a test.

# plain NAME COMMAND…: NAME.plain.out, .err and .status.  LR_BEHIND: libraries to preload.
plain() {
    local name=$1
    shift
    env ${LR_BEHIND:+LD_PRELOAD=$LR_BEHIND} "$@" >"$name.plain.out" 2>"$name.plain.err" </dev/null
    echo $? >"$name.plain.status"
}

# under_us NAME COMMAND…: the same as NAME.traced.*; traces in NAME.traces.  LR_KEYS: more keys.
under_us() {
    local name=$1
    shift
    rm -rf "$name.traces"
    mkdir "$name.traces"
    traced "$PWD/$name.traces/%e.%p.lkr" "$@" >"$name.traced.out" 2>"$name.traced.err" </dev/null
    echo $? >"$name.traced.status"
}

# both NAME COMMAND…
both() {
    plain "$@"
    under_us "$@"
    tap_same "$1.plain.status" "$1.traced.status" "$1: ends as without us ($(cat "$1.plain.status"))"
}

# acquisitions TRACE: blocks that were acquired, and mappings that are left.
acquisitions() {
    "$LR_CLI" dump --format=json --section=counters --section=stacks --section=regions "$1" | jq -r '
        ([.stacks[].alloc_count] | add // 0) + (.regions | length) +
            ([.counters[] | select(.name == "folded_allocs") | .value] | add // 0)'
}

# was_traced NAME [PROGRAM [LEAST]]: LEAST traces (1) of PROGRAM (*) or more, all of which load undamaged, lost nothing,
# and saw something.  The text of the result says how much.
was_traced() {
    local name=$1 program=${2:-*} least=${3:-1} file files=0 sum=0 count wrong=
    for file in "$name.traces"/$program.*.lkr; do
        [ -e "$file" ] || continue
        files=$((files + 1))
        if ! count=$(acquisitions "$file" 2>&1) || ! [ "$count" -gt 0 ] 2>/dev/null; then
            wrong+="${file##*/}: $count acquisitions; "
            continue
        fi
        sum=$((sum + count))
        report "$file" >trace.json 2>trace.err || wrong+="${file##*/}: $(cat trace.err); "
        [ "$(jq -r .completeness.verdict trace.json)" = complete ] ||
            wrong+="${file##*/}: $(jq -c .completeness trace.json); "
    done
    tap_ok "$([ "$files" -ge "$least" ] && [ -z "$wrong" ]; echo $?)" \
        "$name: recorded, $files traces, $sum acquisitions" "$files traces, wanted $least; $wrong"
}
