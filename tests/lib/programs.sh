# programs.sh -- programs that nobody here wrote, without the tracer and with it.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$LR_ROOT/tests/lib/programs.sh"
#     with_and_without NAME COMMAND…
#
# What a program answers, writes and ends with must be the same bytes both ways; its trace must be
# complete, and its report must not call a healthy program leaking.  Figures (seconds, resident
# memory) are told, never judged.

# with_and_without NAME COMMAND…: runs COMMAND in NAME.plain and NAME.traced, fresh directories that
# PREPARE, a function or nothing, fills first; compares status, both outputs (through FILTER) and
# every file there.  The trace is NAME.lkr, of children NAME.lkr.d/… where LR_KEYS has children=1.
PREPARE=:
FILTER=cat
PROGRAM_LIMIT=${PROGRAM_LIMIT:-900}
with_and_without() {
    local name=$1 way
    shift
    for way in plain traced; do
        rm -rf "$name.$way" && mkdir "$name.$way" && (cd "$name.$way" && $PREPARE) ||
            { tap_fail "$name: prepared, $way"; return; }
    done
    program_once "$name" plain "$@"
    program_once "$name" traced "$@"
    for way in plain traced; do
        [ -s "$name.$way.status" ] || tap_fail "$name: ran, $way" "$(tail -3 "$name.$way.err")"
        { cat "$name.$way.status"; $FILTER <"$name.$way.out"; } >"$name.$way.told"
        $FILTER <"$name.$way.err" >"$name.$way.errors"
    done
    tap_same "$name.plain.told" "$name.traced.told" "$name: status and output as without us"
    tap_same "$name.plain.errors" "$name.traced.errors" "$name: and its messages"
    diff -rq "$name.plain" "$name.traced" >"$name.diff" 2>&1
    tap_ok $? "$name: every file that it writes, too" "$(head -20 "$name.diff")"
    program_costs "$name"
}

# program_once NAME plain|traced COMMAND…
program_once() {
    local name=$1 way=$2 trace=()
    shift 2
    mkdir -p "$name.lkr.d"
    [ "$way" = plain ] ||
        trace=(env "LEAKRING=file=$T/$name.lkr.d/%e.%p.lkr${LR_KEYS:+,$LR_KEYS}" "LD_PRELOAD=$LR_LIB")
    (cd "$name.$way" && timeout -s KILL "$PROGRAM_LIMIT" python3 "$LR_ROOT/tests/programs/measure.py" \
        "$T/$name.$way" ${trace[@]+"${trace[@]}"} "$@") >"$name.$way.out" 2>"$name.$way.err" </dev/null
}

# Figures for docs/RELIABILITY.md; a busy machine makes them what they are.
program_costs() {
    tap_diag "$1: plain $(cat "$1.plain.cost"); traced $(cat "$1.traced.cost")"
}

# program_trace NAME GLOB: the largest trace of a program of that name that NAME left.
program_trace() { ls -S "$1.lkr.d"/$2.*.lkr 2>/dev/null | head -1; }

# program_is_fine NAME GLOB [ENDED]: there is such a trace, it is complete, ended so (exit), and the
# report of it, NAME.json, tells of no leak.
program_is_fine() {
    local trace
    trace=$(program_trace "$1" "$2")
    if [ -z "$trace" ]; then
        tap_fail "$1: a trace" "$(ls "$1.lkr.d")"
        return
    fi
    trace_is_fine "$1" "$trace" "${3:-exit}"
}

# trace_is_fine NAME TRACE ENDED
trace_is_fine() {
    report "$2" >"$1.json" 2>"$1.report-err"
    tap_is "$?,$(cat "$1.report-err")" "0," "$1: a report"
    tap_is "$(jq -r '[.completeness.verdict, .run.ended] | join(" ")' "$1.json")" "complete $3" \
        "$1: complete" "$(jq -c '.completeness' "$1.json")"
    tap_unlike "$(jq -r .verdict.kind "$1.json")" '^leak$' "$1: no leak is told of"
    tap_diag "$1: $(jq -r '.verdict.kind + ": " + .verdict.summary' "$1.json" | cut -c1-400)"
    tap_diag "$1: $(jq -r '[.pairs[] | "\(.pair) \(.acquired)/\(.released)/\(.released_by_cleaner)/\(.live)"]
        | join("; ")' "$1.json" | cut -c1-300)"
}

# all_traces_load NAME LEAST: every trace of NAME's processes, at least so many, is read, was ended by
# exit or exec, and lost nothing.
all_traces_load() {
    local name=$1 least=$2 trace wrong= count=0 said
    for trace in "$name.lkr.d"/*.lkr; do
        [ -e "$trace" ] || continue
        count=$((count + 1))
        said=$(report "$trace" 2>&1 | jq -r '[.completeness.verdict, .run.ended, .verdict.kind] | join(" ")' 2>&1)
        case $said in
        "complete exit none" | "complete exec none" | "complete exit cannot-tell" | "complete exec cannot-tell") ;;
        *) wrong="$wrong
$(basename "$trace"): $said" ;;
        esac
    done
    tap_is "$wrong" "" "$name: traces of all its processes are complete and tell of no leak"
    tap_ok $((count < least)) "$name: and there are at least $least" "$count"
    tap_diag "$name: $count traces"
}

# --- servers ---------------------------------------------------------------------------------
# serve NAME plain|traced COMMAND…: in the background, in directory NAME.WAY (which is there);
# SERVER_PID.  Outputs as above.  served NAME WAY SIGNAL: ends it and waits; status in NAME.WAY.status.
SERVER_PID=
serve() {
    local name=$1 way=$2 trace=()
    shift 2
    mkdir -p "$name.$way" "$name.lkr.d"
    [ "$way" = plain ] ||
        trace=("LEAKRING=file=$T/$name.lkr.d/%e.%p.lkr${LR_KEYS:+,$LR_KEYS}" "LD_PRELOAD=$LR_LIB")
    (cd "$name.$way" && exec setpriv --pdeathsig KILL env ${trace[@]+"${trace[@]}"} "$@") \
        >"$name.$way.out" 2>"$name.$way.err" </dev/null &
    SERVER_PID=$!
}
serve_kill() {
    [ -z "$SERVER_PID" ] || kill -KILL "$SERVER_PID" 2>/dev/null
    tap_cleanup
}
trap serve_kill EXIT
trap 'exit 143' TERM INT

server_rss() { sed -n 's/^VmHWM:[ \t]*//p' "/proc/$SERVER_PID/status" 2>/dev/null; }

served() {
    local name=$1 way=$2
    kill "-$3" "$SERVER_PID"
    wait_for 300 server_is_gone || kill -KILL "$SERVER_PID"
    wait "$SERVER_PID" 2>/dev/null
    echo "status $?" >"$name.$way.status"
    SERVER_PID=
}
server_is_gone() {
    ! kill -0 "$SERVER_PID" 2>/dev/null || grep -qs "^State:.Z" "/proc/$SERVER_PID/status"
}

# free_port: one of 127.0.0.1 that nobody listened on a moment ago.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# load_pages OUT BASE ROUNDS PATH…: asks for each path, ROUNDS times over, on 4 connections at once;
# OUT gets each answer's code, path, length and sum, sorted; the seconds it took are printed.
load_pages() { python3 "$LR_ROOT/tests/programs/load.py" "$@"; }
