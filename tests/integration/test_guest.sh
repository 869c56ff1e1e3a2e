#!/bin/bash
# test_guest.sh -- programs that do unusual things with their threads, memory, plugins and limits:
# status and output are as without us, nothing hangs, and the report stays right.
# timeout: 1500
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

# run_both NAME COMMAND…: plain and under the tracer (NAME.lkr), 120 s each at most; the same
# status, stdout and stderr.  UNDER, an array, goes before the traced part; LR_KEYS as ever.
run_both() {
    local name=$1
    shift
    rm -f "$name".lkr "$name".[0-9]*.lkr
    timeout -s KILL 120 "${UNDER[@]}" "$@" >plain.out 2>plain.err
    echo "status $?" >>plain.err
    timeout -s KILL 120 "${UNDER[@]}" env LEAKRING="file=$PWD/$name.lkr${LR_KEYS:+,$LR_KEYS}" \
        LD_PRELOAD="$LR_LIB${LR_BEHIND:+:$LR_BEHIND}" "$@" >traced.out 2>traced.err
    echo "status $?" >>traced.err
    cat plain.out plain.err >plain
    cat traced.out traced.err >traced
    tap_same plain traced "$name: as without us"
    cp traced.out "$name.lkr.out"
    report "$name.lkr" >"$name.json" 2>&1 || tap_diag "$name: $(cat "$name.json")"
}
UNDER=()

# site_is NAME FUNCTION "COUNT BYTES": live blocks of one function.
site_is() {
    tap_is "$(sites "$1.json" malloc new 2>&1 | awk -F'\t' -v f="$2" '$1 == f { print $2, $3 }')" \
        "$3" "$1: blocks of $2"
}

# ended_is NAME "exit complete"
ended_is() { tap_is "$(ended_of "$1.json") $(completeness_of "$1.json")" "$2" "$1: how it ended"; }

dropped_of() { jq '[.completeness.dropped | .. | numbers] | add // 0' "$1.json"; }

plugin() {
    local name=$1
    shift
    cc -shared -fPIC -O1 -x "${LANGUAGE:-c}" -o "$name.so" - -x none "$@" 2>plugin.err ||
        tap_diag "plugin $name: $(cat plugin.err)"
}

# --- how processes end -----------------------------------------------------------------------
ends=$LR_ORACLE/guest_ends
run_both main-leaves "$ends" main-leaves
ended_is main-leaves "exit complete"
site_is main-leaves late_site "20 10000"
run_both main-leaves-then-exit "$ends" main-leaves-then-exit
ended_is main-leaves-then-exit "exit complete"
traced_exec stays.lkr "$ends" main-leaves-and-stays >stays.out 2>&1 &
pid=$!
wait_line 120 stays.out '^ready$'
kill -TERM $pid
wait_for 120 eval "! kill -0 $pid"
tap_ok $? "SIGTERM ends a process whose main thread left"
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
tap_is "$?" 143 "by that signal"

run_both quick-exit "$ends" quick-exit
ended_is quick-exit "exit complete"
site_is quick-exit quick_site "100 100000"
site_is quick-exit handler_site "1 3000"

# Pid 1 of a container that starts pid 1 of another one.
if unshare -pf true 2>unshare.err; then
    UNDER=(unshare -pf)
    for way in _exit exit exec return; do
        run_both "first-process-$way" "$ends" first-process $way
        ended_is "first-process-$way" "exit complete"
        site_is "first-process-$way" first_site "30 21000"
    done
    UNDER=()
else
    tap_skip "first process of a namespace" "unshare -pf: $(cat unshare.err)"
fi

# --- system call filters over all threads ----------------------------------------------------
"$LR_ORACLE/guest_sandbox" errors >sandbox.out 2>&1
if [ $? -eq 77 ]; then
    tap_skip "system call filters" "$(cat sandbox.out)"
else
    for mode in errors kills sleepless; do
        run_both "sandbox-$mode" "$LR_ORACLE/guest_sandbox" $mode
        ended_is "sandbox-$mode" "exit complete"
        site_is "sandbox-$mode" sandboxed_site "80 48000"
    done
fi

# --- filters that kill -----------------------------------------------------------------------
filter=$LR_ORACLE/guest_filter
note_of() { jq -r '.completeness.notes[] | select(test("system call filter"))' "$1.json"; }
filter_test() {
    local name=filter-${*// /-}
    run_both "$name" "$filter" "$@"
    tap_is "$(head -1 "$name.lkr.out"),$(tail -1 "$name.lkr.out" | cut -f 1)" "begins,newer_site" \
        "$name: it runs to its end"
    ended_is "$name" "exit complete"
    matches_truth "$name.lkr" "sites malloc" "$name: blocks of all threads exactly"
    tap_like "$(note_of "$name")" 'no time series' "$name: the trace says what ended"
}
"$filter" prctl own asked >filter.out 2>&1
if [ $? -eq 77 ]; then
    tap_skip "system call filters that kill" "$(cat filter.out)"
else
    filter_test syscall all asked
    filter_test syscall all most
    filter_test prctl own most
    filter_test number own most
    LR_KEYS=young=0 filter_test syscall all most
    filter_test refused syscall all most
    filter_test refused prctl own most
    run_both strict "$LR_ORACLE/guest_sandbox" strict
    tap_is "$(cat strict.lkr.out)" strict "strict mode: it runs to its end"
    site_is strict sandboxed_site "80 48000"
    # What is executed would start under the filter.
    run_both then "$LR_ORACLE/guest_sandbox" then sh -c 'echo "preload: $LD_PRELOAD"'
    tap_is "$(cat then.lkr.out)" "preload: " "a program executed under the filter isn't traced"
    # Children that share our memory, and are killed when somebody asks who they are.
    run_both vfork "$LR_ORACLE/guest_vfork" "$(type -P true)"
    tap_is "$(grep -c ': ' vfork.lkr.out)" 3 "children by vfork under such a filter"
    tap_is "$(ended_of vfork.json)" exec "and their parent's own execution is seen"
    site_is vfork forking_site "30 15000"
    # A filter that is refused changes nothing: the helper thread comes back.
    traced_exec vain.lkr "$filter" refused prctl own nothing >vain.out 2>&1 &
    pid=$!
    wait_line 120 vain.out '^ready$'
    wait_for 120 eval "grep -qx leakring /proc/$pid/task/*/comm"
    tap_ok $? "filters that are refused: the helper thread is there"
    kill -KILL $pid
    wait $pid 2>/dev/null
    report vain.lkr >vain.json
    tap_is "$(note_of vain)" "" "and nothing is said of a filter"
fi
LR_KEYS=series=off run_both no-series "$LR_ORACLE/guest_sandbox" errors
tap_is "$(jq -c '[.series | .. | numbers] | length' no-series.json)" 0 "series=off: there is none"
for mode in errors sleepless; do
    [ ! -f sandbox-$mode.json ] ||
        tap_is "$(note_of sandbox-$mode)" "" "a filter that answers $mode ends nothing"
done

# --- stacks that come back smaller -----------------------------------------------------------
if "$LR_ORACLE/guest_coroutine" >coroutine.out 2>&1; [ $? -eq 77 ]; then
    tap_skip "a coroutine's stack that comes back smaller" "not on this machine"
else
    run_both coroutine "$LR_ORACLE/guest_coroutine"
    tap_is "$(cat coroutine.lkr.out)" "both returned" "a coroutine's stack that comes back smaller"
fi

# --- an older kernel -------------------------------------------------------------------------
"$LR_ORACLE/guest_files" >files.out 2>&1
if [ $? -eq 77 ]; then
    tap_skip "files stay the program's own without close_range" "no filter or no unshare here"
else
    run_both files "$LR_ORACLE/guest_files"
    tap_is "$(cat files.lkr.out)" "our files are our own, the pipe ends" \
        "files stay the program's own without close_range"
fi

# --- plugins ---------------------------------------------------------------------------------
host=$LR_ORACLE/guest_plugins
zlib_plugin='#include <zlib.h>
int go(void)
{
    static z_stream kept, ended;
    if (deflateInit(&kept, 6) != Z_OK || inflateInit(&ended) != Z_OK)
        return 1;
    return inflateEnd(&ended);
}'
plugin with-zlib -lz <<<"$zlib_plugin"
run_both zlib-reloaded "$host" reload ./with-zlib.so ./with-zlib.so ./with-zlib.so ./with-zlib.so
tap_is "$(jq -c '[.pairs[] | [.pair, .acquired, .released, .live]] | sort' zlib-reloaded.json)" \
    '[["zlib.deflate",4,0,4],["zlib.inflate",4,4,0]]' \
    "a zlib that comes and goes: each stream is seen"

for name in first second; do
    plugin "own-zlib-$name" <<C
int inflateInit_(void *stream, const char *version, int size) { return ${#name}; }
int inflateEnd(void *stream) { return 10 * ${#name}; }
int go(void) { return inflateInit_(0, "1", 112) + inflateEnd(0); }
C
    LANGUAGE=c++ plugin "own-new-$name" -nostdlib <<C
static char place[64][16];
static int next;
void *operator new(unsigned long) { return place[next++ % 64]; }
void operator delete(void *at) noexcept { *(char *)at = ${#name}; }
void operator delete(void *at, unsigned long) noexcept { *(char *)at = ${#name}; }
extern "C" int go(void)
{
    char *volatile one = new char;
    char *volatile two = one;
    delete one;
    return *two + 100 * (two >= place[0] && two < place[64]);
}
C
done
run_both zlib-of-its-own "$host" keep ./own-zlib-first.so ./own-zlib-second.so ./own-zlib-first.so
run_both new-of-its-own "$host" keep ./own-new-first.so ./own-new-second.so ./own-new-first.so
run_both own-after-shared "$host" keep ./with-zlib.so ./own-zlib-second.so ./with-zlib.so
run_both own-before-shared "$host" reload ./own-zlib-first.so ./with-zlib.so ./own-zlib-second.so

libz=$(ldconfig -p | awk '/libz\.so\.1 / { print $NF; exit }')
run_both no-zlib "$host" look "$libz"

# Operators of a plugin are looked up while other threads unload what stands before it.
LANGUAGE=c++ plugin with-new -lstdc++ <<'C'
extern "C" int go(void)
{
    int *volatile number = new int;
    delete number;
    return 0;
}
C
plugin module <<<'int go(void) { return 0; }'
mkdir modules
for i in $(seq 300); do cp module.so modules/$i.so; done
for i in 1 2 3 4 5; do
    run_both "new-while-unloading-$i" "$host" crowd ./with-new.so modules/*.so
done

# --- memory ----------------------------------------------------------------------------------
signals=$LR_ORACLE/guest_signals
run_both small-stack "$signals" small-stack
ended_is small-stack "exit complete"
tap_is "$(jq -c '[.sites[] | select(.live_bytes.value == 4444 or .live_bytes.value == 5555)
    | .live_count.value] | add' small-stack.json)" 2 \
    "small-stack: the handler's and the thread's block"

# Its timing is chance: recorded or told as lost, never silently neither.
run_both handler-maps "$signals" maps
mapped=$(sites handler-maps.json mmap | awk -F'\t' '$1 == "handler_map" { print $2 }')
lost=$(dropped_of handler-maps)
tap_ok $((${mapped:-0} + lost < 3000)) "handler-maps: what isn't recorded is counted" \
    "mapped 3000, recorded ${mapped:-0}, lost $lost"
tap_ok $((${mapped:-0} > 3000)) "handler-maps: no mapping more than there were" "${mapped:-0}"
run_both handler-unmaps "$signals" unmaps
stale=$(sites handler-unmaps.json mmap | awk -F'\t' '$1 == "unmapped_site" { print $2 }')
lost=$(dropped_of handler-unmaps)
tap_ok $((${stale:-0} > lost)) "handler-unmaps: what stays in the record wrongly is counted" \
    "stale ${stale:-0}, lost $lost"

for young in 100 0; do
    LR_KEYS=size=4M,young=$young run_both "bypassed-$young" "$LR_ORACLE/guest_bypass" exit
    matches_truth "bypassed-$young.lkr" "sites malloc" \
        "frees that pass us by: the other blocks, young=$young"
    ended_is "bypassed-$young" "exit complete"
    live=$(sites "bypassed-$young.json" malloc | awk -F'\t' '$1 == "bypassed_site" { print $2 }')
    tap_ok $((${live:-0} > 1)) "one address holds one block at most, young=$young" \
        "live: ${live:-0}"
done

LR_BEHIND=$LR_ORACLE/guest_allocator run_both plain-operators "$LR_ORACLE/leak_new" exit no-failing
matches_truth plain-operators.lkr "sites malloc new" \
    "an allocator with plain operators only: blocks exactly"

run_both zlib-ends "$LR_ORACLE/guest_zlib_ends"
pair_sites zlib-ends.json | cut -f 1-4 | sort >ends.figures
truth_of zlib-ends.lkr.out >ends.truth
tap_same ends.truth ends.figures "zlib-ends: only what frees a stream ends it"

# --- limits and settings ---------------------------------------------------------------------
hello=$LR_ORACLE/say_hello

# told LINES NAME: one run in the directory `place`, which stays as it was; LINES of ours on
# stderr.  The rest of the line is the environment and the command.
told() {
    local lines=$1 name=$2 status
    shift 2
    timeout -s KILL 120 env "$@" >got.out 2>got.err </dev/null
    status=$?
    sed '/^leakring: /d' got.err >got.own
    tap_is "$(cat got.out),$status,$(cat got.own)" "hello world,3,status 3" "$name: as without us"
    tap_is "$(grep -c '^leakring: ' got.err)" "$lines" "$name: lines on stderr"
}

# Every size of the address space, from too small for anything of ours to plenty.
mkdir place
too_small=0 enough=0 wrong=
for limit in $(seq 10000 6000 160000); do
    rm -f place/*
    timeout -s KILL 120 bash -c 'ulimit -v $1 && shift && exec env "$@" 3' - "$limit" \
        LEAKRING="file=$PWD/place/x.lkr" LD_PRELOAD="$LR_LIB" "$hello" >got.out 2>got.err
    [ "$?,$(cat got.out)" = "3,hello world" ] || wrong="$wrong $limit: $(cat got.out)"
    lines=$(grep -vc '^status 3$' got.err) files=$(ls place | wc -l)
    case $lines,$files in
    0,1) enough=$((enough + 1)) ;;
    1,0) too_small=$((too_small + 1)) ;;
    *) wrong="$wrong $limit: $lines lines, $files files: $(cat got.err)" ;;
    esac
done
tap_is "$wrong" "" "RLIMIT_AS: recorded, or one line and no file"
tap_ok $((enough == 0 || too_small == 0)) "RLIMIT_AS: both were seen" \
    "$enough recorded, $too_small not"

mkdir -p names/directory
mkfifo names/fifo
ln -s directory names/to-directory
names=$PWD/names
told 0 "file= names a directory" LEAKRING="file=$names/directory" LD_PRELOAD="$LR_LIB" "$hello" 3
tap_like "$(cd names && find directory -type f)" '^directory/leakring\.say_hello\.[0-9]+\.lkr$' \
    "the trace is in it, under the name that it has without file="
tap_is "$(ls names | tr '\n' ' ')" "directory fifo to-directory " "and nothing beside it"
told 1 "file= names a FIFO" LEAKRING="file=$names/fifo" LD_PRELOAD="$LR_LIB" "$hello" 3
tap_is "$(ls names | tr '\n' ' ')" "directory fifo to-directory " "nothing is made beside a FIFO"
told 1 "file=/dev/null" LEAKRING=file=/dev/null LD_PRELOAD="$LR_LIB" "$hello" 3
tap_is "$(ls -d /dev/null*),$(stat -c %F /dev/null)" "/dev/null,character special file" \
    "nothing is made beside /dev/null"
for stray in /dev/null.*; do
    [ ! -f "$stray" ] || rm -f "$stray"
done

(
    cd place && rm -f ./* && ulimit -f 8 &&
        exec env LEAKRING=depht=3 LD_PRELOAD="$LR_LIB" "$hello" 3
) >got.out 2>got.err
tap_is "$?,$(cat got.out)" "3,hello world" "a wrong key, and no place for the file: as without us"
tap_is "$(grep -c '^leakring: ' got.err)" 1 "a wrong key, and no place for the file: one line"
tap_like "$(cat got.err)" '^leakring: .*not recording' "that says that nothing is recorded"
tap_unlike "$(cat got.err)" 'going on' "and doesn't promise to go on"
tap_is "$(ls place)" "" "and nothing is left behind"

newline=$'/nonexistent/a\nb\x1b[31mc.lkr'
told 1 "a newline in the path" LEAKRING="file=$newline" LD_PRELOAD="$LR_LIB" "$hello" 3
tap_is "$(grep -c $'\x1b' got.err)" 0 "no control bytes reach the terminal"
cp "$hello" $'two\nlines'
told 1 "a newline in the program's name" LEAKRING="file=/nonexistent/%e.lkr" \
    LD_PRELOAD="$LR_LIB" $'./two\nlines' 3

# Ours goes, everything else stays, in both entries.
"$LR_ORACLE/guest_exec" "" 2>/dev/null >plain.out
traced two.lkr "$LR_ORACLE/guest_exec" "$LR_LIB" 2>/dev/null >traced.out
for run in plain traced; do
    sed '/^LD_PRELOAD=/ { s/[: ][: ]*/:/g; s/:$// }' $run.out >$run
done
tap_same plain traced "two LD_PRELOAD entries: children get both without ours"
tap_is "$(grep -c '^LD_PRELOAD=' traced)" 10 "by every kind of exec"
tap_done
