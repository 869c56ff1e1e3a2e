# tap.sh -- what every shell test sources: TAP output, places, and running things under the tracer.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     tap_is "$(echo 1)" 1 "echo repeats its argument"
#     tap_done
#
# Works under the runner (tests/run) and alone.  After sourcing:
#   LR_ROOT  the source tree        LR_LIB  libleakring.so     LR_JDKS  JDK homes, one a line
#   LR_BUILD the build directory    LR_CLI  leakring           T        this test's own scratch dir
# The working directory is $T; LEAKRING and LD_PRELOAD are unset.  Bash, not POSIX sh.
# The working directory is about to change: go on under an absolute name.
case $0 in /*) ;; *) exec "$BASH" "$PWD/$0" "$@" ;; esac
set -u

LR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LR_BUILD=${LEAKRING_BUILD:-$LR_ROOT/build}
case $LR_BUILD in /*) ;; *) LR_BUILD=$LR_ROOT/$LR_BUILD ;; esac
LR_LIB=$LR_BUILD/libleakring.so
LR_CLI=$LR_BUILD/leakring
LR_ORACLE=$LR_BUILD/test/oracle
unset LEAKRING LD_PRELOAD
export LC_ALL=C

. "$LR_ROOT/tests/lib/jdks.sh"
LR_JDKS=$(lr_find_jdks)

T=$(mktemp -d "${TMPDIR:-/tmp}/leakring-test.XXXXXX")
tap_cleanup() { cd / && rm -rf "$T"; }
trap tap_cleanup EXIT
cd "$T" || exit 1

tap_count=0
tap_failed=0

# --- results ---------------------------------------------------------------------------------

# Lines of explanation; the runner shows them under a failure.
tap_diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

tap_pass() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

# tap_fail NAME [EXPLANATION…]
tap_fail() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    shift
    [ $# -eq 0 ] || tap_diag "$*"
}

# tap_skip NAME REASON: loud, counted, and never without a reason.
tap_skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP ${2:?a skip names its reason}"
}

# tap_skip_all REASON: nothing here can run; ends the test.
tap_skip_all() {
    tap_skip "$(basename "$0" .sh)" "$1"
    tap_done
}

# tap_ok STATUS NAME [EXPLANATION…]: STATUS as of $?
tap_ok() {
    local status=$1 name=$2
    shift 2
    if [ "$status" -eq 0 ]; then tap_pass "$name"; else tap_fail "$name" "status $status" "$@"; fi
}

# tap_is GOT WANTED NAME
tap_is() {
    if [ "$1" = "$2" ]; then tap_pass "$3"; else tap_fail "$3" "got:    $1
wanted: $2"; fi
}

# tap_like TEXT REGEX NAME: extended regular expression, anywhere in any line.
tap_like() {
    if grep -Eq -- "$2" <<<"$1"; then tap_pass "$3"; else tap_fail "$3" "no match for: $2
in: $1"; fi
}

tap_unlike() {
    if grep -Eq -- "$2" <<<"$1"; then tap_fail "$3" "must not match: $2
in: $1"; else tap_pass "$3"; fi
}

# tap_same FILE FILE NAME: byte-identical.
tap_same() {
    if cmp -s "$1" "$2"; then tap_pass "$3"; else tap_fail "$3" "$(diff "$1" "$2" | head -20)"; fi
}

# Prints the plan and ends the test; its status is that of the results.
tap_done() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}

# tap_take LOG: the results of another program become this test's; the plan is written below.
tap_take() {
    local line
    while read -r line; do
        case $line in
        "ok "*) tap_pass "${line#ok * - }" ;;
        "not ok "*) tap_fail "${line#not ok * - }" ;;
        1..*) ;;
        *) echo "$line" | sed 's/^#* */# /' ;;
        esac
    done <"$1"
}

# --- running things --------------------------------------------------------------------------

tap_have() { command -v "$1" >/dev/null 2>&1; }

# tap_need COMMAND…: skips the whole test when one is missing.
tap_need() {
    local command
    for command in "$@"; do
        tap_have "$command" || tap_skip_all "$command is not installed"
    done
}

# traced FILE COMMAND…: runs COMMAND under the preload with file=FILE.  LR_KEYS adds keys
# (young=0,…), LR_BEHIND names libraries to load behind us.
# `traced_exec … &` does the same with the target's own pid in $!.
traced_exec() {
    local file=$1
    shift
    exec env LEAKRING="file=$file${LR_KEYS:+,$LR_KEYS}" \
        LD_PRELOAD="$LR_LIB${LR_BEHIND:+:$LR_BEHIND}" "$@"
}
traced() { (traced_exec "$@"); }

# report FILE [OPTION…]: the JSON report of FILE, on stdout.
report() {
    local file=$1
    shift
    "$LR_CLI" report --format=json "$@" "$file"
}

# wait_for SECONDS COMMAND…: until COMMAND succeeds; 1 when it never does.
wait_for() {
    local tries=$(($1 * 20))
    shift
    while [ $tries -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}

# wait_line SECONDS FILE REGEX
wait_line() { wait_for "$1" grep -Eq -- "$3" "$2"; }
