# guest.sh -- what tests share that run a program with and without us and compare how it fares.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$(dirname "$0")/../lib/native.sh"
#     . "$(dirname "$0")/../lib/guest.sh"
#     guest_both NAME COMMAND…          NAME.lkr, NAME.out, NAME.err, NAME.json
#     guest_same NAME "what it shows"
#
# GUEST_UNDER, an array, goes before either run.  LR_KEYS as ever.

GUEST_UNDER=()
GUEST_LIMIT=200 # seconds

# guest_steady FILE: without what differs from run to run (a test may define it anew).
guest_steady() { sed '/^pid\t/d' "$1"; }

# guest_run NAME COMMAND…: NAME.out, NAME.err, its status at the end of NAME.err.
guest_run() {
    local name=$1
    shift
    # The shell's remarks about signals are of no interest.
    (timeout -s KILL $GUEST_LIMIT ${GUEST_UNDER[@]+"${GUEST_UNDER[@]}"} "$@" >"$name.out" 2>"$name.err" </dev/null
        echo "status $?" >>"$name.err") 2>/dev/null
}

# guest_traced NAME COMMAND…: the same under the preload, its trace in NAME.lkr, or where GUEST_FILE says.
guest_traced() {
    local name=$1
    shift
    rm -f "$name".lkr "$name".[0-9]*.lkr "$name.json"
    guest_run "$name" env LEAKRING="file=${GUEST_FILE:-$PWD/$name.lkr}${LR_KEYS:+,$LR_KEYS}" LD_PRELOAD="$LR_LIB" "$@"
}

guest_both() {
    local name=$1
    shift
    guest_run plain "$@"
    guest_traced "$name" "$@"
}

# guest_differs NAME: how NAME differs from `plain`, but for one line of ours; and whether there is a
# trace that loads (its report: NAME.json) or that line, not neither and not both.  Nothing: all is well.
guest_differs() {
    local name=$1 lines
    lines=$(grep -c '^leakring: ' "$name.err")
    guest_steady plain.out >plain.steady
    guest_steady "$name.out" | diff plain.steady - | head -4
    guest_steady plain.err >plain.steady
    sed '/^leakring: /d' "$name.err" | guest_steady /dev/stdin | diff plain.steady - | head -4
    [ "$lines" -le 1 ] || echo "$lines lines of ours"
    if [ -e "$name.lkr" ]; then
        [ "$lines" -eq 0 ] || echo "a trace, and $(grep '^leakring: ' "$name.err")"
        report "$name.lkr" >"$name.json" 2>"$name.report" || cat "$name.report"
    elif [ "$lines" -eq 0 ]; then
        echo "neither a trace nor a line"
    fi
}

guest_same() { tap_is "$(guest_differs "$1")" "" "$2: as without us"; }

# guest_recorded NAME WHAT: as without us, complete, its blocks as NAME.out says.
guest_recorded() {
    guest_same "$1" "$2"
    cp "$1.out" "$1.lkr.out"
    matches_truth "$1.lkr" "sites malloc new" "$2: blocks exactly"
    tap_is "$(completeness_of "$1.json")" complete "$2: complete"
}

# guest_refused NAME WHAT: as without us, and a line says why there is no trace.
guest_refused() {
    guest_same "$1" "$2"
    tap_like "$(cat "$1.err")" '^leakring: .*not recording' "$2: one line says so"
    tap_ok "$([ ! -e "$1.lkr" ]; echo $?)" "$2: and there is no trace"
}

# guest_notes NAME: what the report says of the recording.
guest_notes() { jq -r '.completeness.notes[]' "$1.json"; }
