#!/bin/bash
# Deaths of a program's own making: abort, faults, stack overflow, _exit, and what a JVM writes about
# its end.  Signal, output, core file and hs_err file are as without us; the trace loads, and has
# what the program said it holds.  WHOLE=1 (make check-faults): more ways for a JVM.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/cgroup.sh"
tap_need jq python3

# Core files only where they are looked at: they take their time.
ulimit -S -c 0
pattern=$(cat /proc/sys/kernel/core_pattern 2>/dev/null)
case $pattern in
'' | \|* | */*) no_cores="core files go elsewhere here: ${pattern:-nobody knows}" ;;
*) no_cores= ;;
esac
ulimit -S -c unlimited 2>/dev/null || no_cores="core files are not allowed here"
ulimit -S -c 0

# no_larger WHAT: the core file, but for the little that our own memory takes (the JVM asks for mapped
# files, too, of which the trace is one).
no_larger() {
    local plain traced
    plain=$(du -k plain.d/core* | cut -f 1) traced=$(du -k traced.d/core* | cut -f 1)
    tap_ok $((traced > plain + (24 << 10))) "$1: the core file is not much larger" "$traced KiB, without us $plain"
    tap_diag "$1: core files have $plain and $traced KiB"
}

# --- native ------------------------------------------------------------------------------------
dies=$LR_ORACLE/dies
# died NAME HOW: without us and with us, in directories of their own; how it ended is in *.end.
died() {
    local name=$1 how=$2
    rm -rf plain.d traced.d "$name".lkr* && mkdir plain.d traced.d
    (cd plain.d && guest_run ../plain python3 "$LR_ROOT/tests/lib/how_ended.py" ../plain.end "$dies" "$how")
    (cd traced.d && LR_KEYS=$keys && guest_run "../$name" python3 "$LR_ROOT/tests/lib/how_ended.py" "../$name.end" \
        env LEAKRING="file=../$name.lkr,$keys" LD_PRELOAD="$LR_LIB" "$dies" "$how")
    guest_same "$name" "$name"
    cp "$name.out" "$name.lkr.out"
    tap_is "$(cat "$name.end")" "$(cat plain.end)" "$name: ends so"
    matches_truth "$name.lkr" "sites malloc" "$name: blocks exactly"
    tap_is "$(sites "$name.json" mmap | grep mapping_site)" "$(printf 'mapping_site\t1\t%d' $((77 << 12)))" "$name: the mapping"
}

keys=$(exact_keys size=8M,young=0)
for how in abort abort-in-thread assertion bus-error caught double-free exit_group handler-exits overflow \
    overflow-in-thread signal trap underscore-exit wild-call wild-store; do
    died $how $how
    ended=killed
    case $how in caught | handler-exits | underscore-exit) ended=exit ;; esac
    tap_is "$(ended_of $how.json) $(completeness_of $how.json)" "$ended complete" "$how: and so says the report"
done

# In the middle of malloc, or of what we do there: the block that it was about may be missing.
for how in overflow-in-malloc handler-returns; do
    died $how $how
    tap_is "$(ended_of $how.json)" killed "$how: and so says the report"
done

# As most programs run: with a helper thread and a young window.
keys=$(exact_keys size=8M)
for how in abort wild-store overflow underscore-exit; do
    rm -f young.lkr* line && mkfifo line
    LR_KEYS=$keys traced_exec "$PWD/young.lkr" "$dies" $how wait >young.lkr.out 2>young.err <line &
    pid=$!
    exec 7>line
    ready_or_dead $pid young.lkr.out
    settle $pid
    echo >&7
    exec 7>&-
    wait $pid 2>/dev/null
    matches_truth young.lkr "sites malloc" "$how, with a young window: blocks exactly"
done

if [ -n "$no_cores" ]; then
    tap_skip "core files" "$no_cores"
else
    ulimit -S -c unlimited
    keys=$(exact_keys size=8M)
    for how in abort wild-store overflow; do
        rm -rf plain.d traced.d core.lkr* && mkdir plain.d traced.d
        {
            (cd plain.d && "$dies" $how >../plain.out 2>../plain.err)
            (cd traced.d && traced ../core.lkr "$dies" $how >../core.out 2>../core.err)
        } 2>/dev/null
        tap_is "$(ls traced.d | sed 's/[0-9]*//g')" "$(ls plain.d | sed 's/[0-9]*//g')" "$how: a core file"
        no_larger "$how"
        if tap_have gdb; then
            for run in plain traced; do
                timeout 120 gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load no' -ex 'bt 9' \
                    "$dies" $run.d/core* 2>/dev/null | sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}//p' |
                    sed 's/ (.*//' | head -9 >$run.stack
            done
            tap_same plain.stack traced.stack "$how: and its innermost frames in the debugger ($(wc -l <plain.stack))"
        else
            tap_skip "$how: the core file in the debugger" "gdb is not installed"
        fi
    done
    rm -rf plain.d traced.d
    ulimit -S -c 0
fi

# --- the JVM -----------------------------------------------------------------------------------
library=$LR_ORACLE/deaths_jni
# stable FILE: without numbers that differ each time.
stable() {
    sed -E '/^pid\t/d; s/0x[0-9a-f]+/0x/g; s/(pid|tid)=[0-9]+/\1/g; s/(core\.|hs_err_pid|processed by )[0-9]+/\1/g' "$1" |
        sed "s,$PWD/[a-z]*\.d,DIRECTORY,g"
}
# What an hs_err file says of the death: its head, its native and Java frames, what parts it has.
essence() {
    stable "$1" | awk '
        /^#/ { print; next }
        /^(Native|Java) frames:/ { frames = 1 }
        /^$/ { frames = 0 }
        frames { print; next }
        /^[A-Z][^=0-9]*:$/ || /^---------------/ { print }'
}
# jvm_dies HOW FLAG…: without us and with us, in directories of their own; status, output, files, truth.
jvm_dies() {
    local how=$1 label="$JDK_NAME: $1" run
    shift
    rm -rf plain.d traced.d Deaths.* && mkdir plain.d traced.d
    set -- "$JDK/bin/java" -Xmx24m -XX:+UseSerialGC "${JAVA_OPEN[@]}" "$@" -cp "$JAVA_CLASSES" Deaths "$library" $how
    (cd plain.d && python3 $how_ended ../plain.end "$@" >../plain.out 2>../plain.err </dev/null)
    (cd traced.d && python3 $how_ended ../Deaths.end env LEAKRING=file=../Deaths.lkr LD_PRELOAD="$LR_LIB" "$@" \
        >../Deaths.out 2>../Deaths.err </dev/null)
    for run in plain Deaths; do
        { cat $run.end; stable $run.out; stable $run.err; } >$run.all
        : >$run.essence
    done
    tap_same plain.all Deaths.all "$label: ends so, and says so"
    tap_is "$(ls traced.d | sed 's/[0-9]*//g')" "$(ls plain.d | sed 's/[0-9]*//g')" "$label: leaves the same files"
    if ls plain.d/hs_err* >/dev/null 2>&1; then
        essence plain.d/hs_err* >plain.essence
        essence traced.d/hs_err* >Deaths.essence
        tap_same plain.essence Deaths.essence "$label: the hs_err file is what it was ($(wc -l <plain.essence) lines)"
    fi
    tap_is "$(java_report Deaths; java_findings Deaths)" "$(java_truth Deaths)" "$label: every site with its counts"
    tap_like "$(java_summary Deaths)" "^leak (killed|exit) complete\$" "$label: the report: $(java_summary Deaths)"
}
how_ended=$LR_ROOT/tests/lib/how_ended.py

jdk_test() {
    [ -n "$no_cores" ] || ulimit -S -c unlimited
    jvm_dies store
    [ -n "$no_cores" ] || no_larger "$JDK_NAME"
    ulimit -S -c 0
    for how in abort overflow overflow-allocating caught; do jvm_dies $how; done
    jvm_dies heap -XX:+CrashOnOutOfMemoryError
    [ -n "${WHOLE:-}" ] || return
    jvm_dies unsafe
    jvm_dies halt
    jvm_dies heap -XX:+ExitOnOutOfMemoryError
}
# The kernel ends it, in the middle of what its native code took.
oom_jdk_test() {
    rm -f Deaths.*
    LR_KEYS=size=8M traced Deaths.lkr sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$JDK/bin/java" -Xmx16m \
        -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${JAVA_OPEN[@]}" -cp "$JAVA_CLASSES" Deaths "$library" eat \
        >Deaths.out 2>Deaths.err
    tap_is "$?" 137 "$JDK_NAME: a memory cgroup's end: killed"
    tap_is "$(java_report Deaths; java_findings Deaths)" "$(java_truth Deaths)" \
        "$JDK_NAME: a memory cgroup's end: every site with its counts"
    tap_like "$(java_summary Deaths)" "^leak killed" "$JDK_NAME: a memory cgroup's end: $(java_summary Deaths)"
}

java_each_jdk jdk_test
if group_make 160 && group_run true 2>>group.err; then
    java_each_jdk oom_jdk_test
else
    tap_skip "a JVM in a memory cgroup" "none can be made here: $(group_why)"
fi
tap_done
