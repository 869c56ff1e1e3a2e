#!/bin/bash
# System call filters as strict as those of well-known sandboxes, installed by the program itself or
# before it started; and the list of what the library calls (docs/RELIABILITY.md), which must be enough
# for one that kills for anything else.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/guest.sh"
tap_need jq cc

policy=$LR_ORACLE/guest_policy hello=$LR_ORACLE/say_hello
LR_KEYS=$(exact_keys size=8M)
"$policy" elasticsearch >policy.out 2>&1
[ $? -ne 77 ] || tap_skip_all "no system call filter can be installed here: $(cat policy.out)"

# numbers NAME…: of system calls, as this machine has them; those that it hasn't are left out.
numbers() {
    { echo '#include <sys/syscall.h>'; printf 'SYS_%s\n' "$@"; } | cc -E -P - | grep -xE '[0-9]+' | sort -un | paste -sd,
}

# --- installed by the program itself -----------------------------------------------------------
for name in elasticsearch renderer; do
    guest_both "own-$name" "$policy" $name
    guest_recorded "own-$name" "$name, by itself"
done
tap_is "$(guest_notes own-elasticsearch | grep -c filter)" 0 "a filter that answers with errors ends nothing"
tap_like "$(guest_notes own-renderer)" "system call filter .* no time series" "of one that kills the trace says what ended"

# What the program needs from then on, and an error for everything else.
working="brk mmap munmap mremap mprotect madvise futex write exit exit_group clone clone3 set_robust_list rseq
    rt_sigprocmask"
for error in 1 38; do # EPERM, ENOSYS
    guest_both own-$error "$policy" "only=$error:$(numbers $working)"
    guest_recorded own-$error "error $error for all but what it needs, by itself"
done

# --- there before the program started ----------------------------------------------------------
# before NAME POLICY PROGRAM…: both runs begin under the filter, guest_policy itself without us.
before() {
    local name=$1 policy_text=$2
    shift 2
    rm -f "$name".lkr "$name".[0-9]*.lkr
    guest_run plain "$policy" "$policy_text" "$@"
    guest_run "$name" env PRELOAD="$LR_LIB" TRACE="file=${file:-$PWD/$name.lkr}${LR_KEYS:+,$LR_KEYS}" "$policy" "$policy_text" "$@"
}
leak50=("$LR_ORACLE/leak50" exit 3) threads=("$LR_ORACLE/many_threads" exit 1000)

before elasticsearch elasticsearch "${leak50[@]}"
guest_recorded elasticsearch "Elasticsearch's, before it started"
before loading loading "${leak50[@]}"
guest_refused loading "a renderer's, before it started: no file can be made"

# --- the documented list -----------------------------------------------------------------------
doc=$LR_ROOT/docs/RELIABILITY.md
# listed ROW: the system calls of that row of its table.
listed() { sed -n "s/^| $1 | \(\`.*\) |\$/\1/p" "$doc" | grep -o '`[a-z0-9_]*`' | tr -d '`' | sort -u; }
start=$(listed "at the start") later=$(listed "later, on the program's threads")
helper=$(listed "the helper thread") quiet=$(listed "the helper thread with \`series=off\`")
all=$(sort -u <<<"$start
$later
$helper
$quiet")

# What loads a program of C, and what its threads, its output and its end need.
loading="execve brk arch_prctl mmap munmap mremap mprotect madvise openat read pread64 close newfstatat fstat access
    faccessat set_tid_address set_robust_list rseq prlimit64 getrandom write exit exit_group futex clone clone3
    rt_sigprocmask rt_sigaction rt_sigreturn clock_nanosleep nanosleep pause"

# Every call of the library's own goes through prim_*.c; the rest is what the C library makes of
# starting and ending a thread, and of clocks.
called=$(grep -ohE '(CALL|lr_syscall)\((SYS_)?[a-z_0-9]+' "$LR_ROOT"/preload/system/prim_*.c |
    sed -E 's/.*\((SYS_)?//; /^number$/d'; echo close_range)
by_libc="clone clone3 mprotect set_robust_list rseq clock_gettime"
tap_is "$(printf '%s\n' $called $by_libc | sort -u)" "$all" "the list in RELIABILITY.md is what the sources call"

# allowed NAME CALLS COMMAND…: kills for all but CALLS and a C program's own.
allowed() {
    local name=$1 calls=$2
    shift 2
    before "$name" "only=kill:$(numbers $loading $calls)" "$@"
}
allowed no-more "" "$hello" 3
tap_like "$(tail -1 no-more.err)" 'status 159' "without the list the program is killed: the test can fail"
allowed starts "$start $later" "$hello" 3
guest_same starts "a program of one thread: no more than the list says"
allowed helped "$all" "${leak50[@]}"
guest_recorded helped "with a helper thread, no more than the list says"
allowed many "$all" "${threads[@]}"
guest_recorded many "with many threads, no more than the list says"
LR_KEYS=$LR_KEYS,series=off allowed quiet "$start $later $quiet" "${leak50[@]}"
guest_recorded quiet "series=off: no more than that list says"
LR_KEYS=$LR_KEYS,series=off allowed quiet-many "$start $later $quiet" "${threads[@]}"
guest_recorded quiet-many "series=off, many threads: no more than that list says"
file=/nonexistent/x.lkr allowed nowhere "$start" "$hello" 3
guest_refused nowhere "where the trace can't be made, no more than the list says"
if chrt -f 1 true 2>/dev/null; then
    GUEST_UNDER=(chrt -f 1)
    allowed real-time "$all" "${leak50[@]}"
    guest_recorded real-time "of a program with a real-time policy, no more than the list says"
    GUEST_UNDER=()
else
    tap_skip "a program with a real-time policy" "not allowed here"
fi

# Until each of its readings of /proc was taken once.
lives() { # NAME KEYS CALLS
    local pid points='[.series.host_total[]? | select(. != null)] | length'
    rm -f "$1.lkr"
    PRELOAD=$LR_LIB TRACE="file=$PWD/$1.lkr,$LR_KEYS$2" "$policy" "only=kill:$(numbers $loading $3)" \
        "$LR_ORACLE/leak50" wait 3 >"$1.out" 2>"$1.err" &
    pid=$!
    ready_or_dead $pid "$1.out" && [ -n "$2" ] ||
        wait_for 120 eval "! kill -0 $pid || { report $1.lkr >$1.json && [ \$(jq '$points' $1.json) -gt 0 ]; }"
    settle $pid
    kill -TERM $pid
    wait $pid 2>/dev/null
    tap_is "$?,$(cat "$1.err")" "143," "$1: lives until it is told to end"
}
lives series "" "$all"
lives no-series ,series=off "$start $later $quiet"

# Each of them refused alone, by the usual errors.
bad=
for call in $(comm -23 <(printf '%s\n' $all) <(printf '%s\n' $loading | sort -u)) madvise; do
    for error in 1 38; do
        before refused "but=$error:$(numbers $call)" "${leak50[@]}"
        differs=$(guest_differs refused)
        [ -z "$differs" ] || bad="$bad
$call, error $error: $differs"
        [ ! -s refused.json ] || [ "$(completeness_of refused.json)" != complete ] || {
            truth_of refused.out >truth && sites refused.json malloc new >figures && only_known truth figures | cmp -s truth -
        } || bad="$bad
$call, error $error: says complete, and isn't"
    done
done
tap_is "$bad" "" "each call of the list refused alone: as without us, a whole trace or one line"

# --- a JVM -------------------------------------------------------------------------------------
# (Not under a filter that kills: nobody can say what a JVM may call, once in a thousand runs.)
jdk_test() {
    before Unended elasticsearch "$JDK/bin/java" "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Unended
    guest_same Unended "$JDK_NAME: Elasticsearch's filter before it started"
    sed -i '$d' Unended.err
    java_check exit Unended "Elasticsearch's filter before it started"
}
java_each_jdk jdk_test
tap_done
