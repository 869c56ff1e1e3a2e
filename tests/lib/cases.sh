# cases.sh -- running programs for as long as a verdict takes, in a few seconds, and reading it.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$LR_ROOT/tests/lib/cases.sh"
#     case_start leak program leak "$STOP"
#     case_await leak '.verdict.kind == "leak"'; case_end; case_report leak
#     case_check leak leak "a leak" 'grows by .* in forget'
#
# The programs run under the library with a faster clock (tests/lapse): one second is a minute of
# the recording.  REAL_TIME=1 takes the library itself; then each case takes a quarter of an hour.
# Nothing here depends on how fast the machine is: a case goes on until the verdict that is awaited
# was given, or so much of the recording has passed; counts are compared when it has ended.

STOP=$T/stop
[ -n "${REAL_TIME:-}" ] || LR_LIB=$LR_BUILD/test/lapse/libleakring.so
LR_KEYS=budget=off,size=32M # counts are compared exactly
[ -n "${REAL_TIME:-}" ] && CASE_PATIENCE=2400 || CASE_PATIENCE=300
CASE_PIDS=

# A test that is ended leaves no program behind.
case_kill() {
    [ -z "$CASE_PIDS" ] || kill -KILL $CASE_PIDS 2>/dev/null
    tap_cleanup
}
trap case_kill EXIT
trap 'exit 143' TERM INT

# case_start NAME COMMAND…: in the background; trace in NAME.lkr, output in NAME.out, NAME.err.
case_start() {
    local name=$1
    shift
    rm -f "$name.lkr" "$STOP"
    traced_exec "$name.lkr" "$@" >"$name.out" 2>"$name.err" &
    CASE_PIDS="$CASE_PIDS $!"
}

case_report() { report "$1.lkr" >"$1.json" 2>"$1.report-err"; }
# case_say NAME FILTER: of its report at the end; case_seen: of the one that ended the waiting.
case_say() { jq -r "$2" "$1.json" 2>/dev/null; }
case_seen() { jq -r "$2" "$1.seen.json" 2>/dev/null; }

# When its last point was written, in seconds of the recording.
case_time() {
    "$LR_CLI" dump --format=json --section=followed_10s "$1.lkr" 2>/dev/null |
        jq '[.followed_10s[].time_ms] | (max // 0) / 1000 | floor'
}
case_is_past() { [ "$(case_time "$1")" -ge "$2" ]; }

case_holds() {
    report "$1.lkr" >"$1.seen.json" 2>"$1.report-err" && jq -e "$2" "$1.seen.json" >/dev/null
}

# A report costs as much as the programs do that are to be waited for.
case_poll() {
    local until=$((SECONDS + CASE_PATIENCE))
    while ! "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 2
    done
}

# case_await NAME FILTER: until its report says so, or it is clear that it never will; a minute of
# the recording is a second, so that is two hours after the program was ready.
case_await() {
    wait_for "$CASE_PATIENCE" grep -q '^READY$' "$1.out" || tap_diag "$1 isn't ready" "$(cat "$1.err")"
    case_poll case_holds "$1" "$2"
}

# case_pass NAME SECONDS: so much of the recording, from when the program was ready.
case_pass() {
    wait_for "$CASE_PATIENCE" grep -q '^READY$' "$1.out" || tap_diag "$1 isn't ready" "$(cat "$1.err")"
    case_poll case_is_past "$1" $(($(case_time "$1") + $2))
}

# Ends all that were started; they say what they kept.
case_end() {
    local pid
    : >"$STOP"
    for pid in $CASE_PIDS; do wait "$pid"; done
    CASE_PIDS=
}

# case_check NAME KIND LABEL REGEX: the verdict that was awaited, and the summary with the next
# thing to do.
case_check() {
    tap_is "$(case_seen "$1" .verdict.kind)" "$2" "$3: verdict"
    tap_like "$(case_seen "$1" '[.verdict.summary, .verdict.next[]] | join(" ")')" "$4" "$3: what is said"
    tap_is "$(case_say "$1" '[.completeness.verdict, .completeness.dropped] | tostring')" \
        '["complete",{}]' "$3: complete"
}

# The figures of a place: case_place NAME FUNCTION: line, times and bytes, tabs between.
case_place() {
    case_say "$1" ".sites[] | select(.culprit.function == \"$2\")
        | [.culprit.line, .live_count.value, .live_bytes.value] | @tsv"
}

# case_truth NAME FUNCTION: the same, as the program says.
case_truth() { sed -n "s/^kept\t$2\t//p" "$1.out"; }

# case_grows NAME FUNCTION LABEL PER_SECOND: that place was growing, by about so many bytes, and its
# figures are in the end what the program says that it forgot there.
case_grows() {
    local function=$2 truth site rate=$(($4 * 60))
    set -- "$1" "$3"
    [ -z "${REAL_TIME:-}" ] || rate=$((rate * 60))
    truth=$(case_truth "$1" "$function")
    tap_is "$(case_place "$1" "$function")" "$truth" "$2: its line, exact count and bytes"
    site=".sites[] | select(.culprit.function == \"$function\")"
    tap_is "$(case_seen "$1" "$site | .class, (.rate_bytes_per_hour.value | . > $rate / 3 and . < $rate * 3)")" \
        "growing
true" "$2: it grows, at that rate" "$(case_seen "$1" "$site | .rate_bytes_per_hour | tostring")"
}
