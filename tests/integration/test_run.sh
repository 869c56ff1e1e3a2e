#!/bin/bash
# test_run.sh -- leakring run: the command behaves as without us, and the trace is named; doctor
# tells why there is none.
. "$(dirname "$0")/../lib/tap.sh"
tap_need jq gcc

hello=$LR_ORACLE/say_hello
run() { "$LR_CLI" run "$@"; }

# --- status, streams, arguments ---
run -- "$hello" 3 >out 2>err
tap_is "$?,$(cat out)" "3,hello world" "exit status and stdout are the command's"
trace=$(sed -n 's/^leakring: wrote //p' err)
tap_like "$trace" '^leakring\.say_hello\.[0-9]+\.lkr$' "the trace is named"
tap_like "$(cat err)" "^leakring: next: leakring report $trace\$" "and what to do next"
"$LR_CLI" report "$trace" >/dev/null
tap_ok $? "it can be reported on"
run -q -- "$hello" 0 >/dev/null 2>err
tap_is "$(grep -c '^leakring' err)" 0 "--quiet says nothing"
tap_is "$(run -q -- printf '%s|' -o x --file=y -- z)" '-o|x|--file=y|--|z|' \
    "options behind the command's name are the command's"
tap_is "$(echo in | run -q -- cat)" in "stdin is the command's"
run -- /nonexistent/command 2>err
tap_is "$?" 127 "127 for a command that isn't there"
tap_is "$(grep -c '^leakring: ' err)" 1 "told in one line"
: >plain.txt
run -q -- ./plain.txt 2>/dev/null
tap_is "$?" 126 "126 for one that can't be executed"
run -q -- sh -c 'kill -9 $$'
tap_is "$?" 137 "128 + N for a signal"

# --- signals ---
cat >patient.sh <<'END'
trap 'echo got TERM; exit 9' TERM
trap 'echo got USR1' USR1
echo ready
while :; do sleep 0.05; done
END
"$LR_CLI" run -q -- sh patient.sh >signals.out &
pid=$!
wait_line 120 signals.out '^ready$'
kill -USR1 $pid
wait_line 120 signals.out '^got USR1$'
tap_ok $? "USR1 is passed on"
kill -TERM $pid
wait $pid
tap_is "$?,$(tail -1 signals.out)" "9,got TERM" "TERM is passed on, and the status comes back"

# --- where the trace goes ---
rm -f ./*.lkr
run --file=named.%e.lkr -- "$hello" >/dev/null 2>err
tap_is "$(sed -n 's/^leakring: wrote //p' err)" named.say_hello.lkr "--file and its template"
run --file=a,b.lkr -- "$hello" >/dev/null 2>err
tap_is "$(sed -n 's/^leakring: wrote //p' err)" a,b.lkr "a name with a comma"
run --file=a,b.lkr -- "$hello" >/dev/null 2>err
tap_is "$(sed -n 's/^leakring: wrote //p' err)" a,b.1.lkr "a taken name gets a number, and that one is named"
run --size=8M --file=small.lkr -- "$hello" >/dev/null 2>&1
tap_is "$(stat -c %s small.lkr)" $((8 << 20)) "--size"
LEAKRING=size=16M,file=inherited.lkr run --size=8M -- "$hello" >/dev/null 2>&1
tap_is "$(stat -c %s inherited.lkr)" $((8 << 20)) "an inherited LEAKRING is kept, and options win"
rm -f ./*.lkr
run -- sh -c "$hello; $hello" >/dev/null 2>err
tap_is "$(grep -c '^leakring: wrote ' err),$(ls ./*.lkr | wc -l)" 2,2 "a script's programs each get a trace, all named"
rm -f ./*.lkr
run --exe=nosuch -- "$hello" >/dev/null 2>err
tap_is "$(ls ./*.lkr 2>/dev/null)" "" "--exe leaves other programs alone"
tap_like "$(cat err)" '^leakring: .*left no trace file$' "which is told"

# --- LD_PRELOAD ---
tap_is "$(LD_PRELOAD= run -q -- sh -c 'echo $LD_PRELOAD')" "$LR_LIB" "the library is preloaded"
tap_is "$(LD_PRELOAD="libm.so.6 $LR_LIB" run -q -- sh -c 'echo $LD_PRELOAD' 2>/dev/null)" "$LR_LIB:libm.so.6" \
    "in front of what was there, once"
mkdir -p "installed/bin" "installed/lib/x86_64-linux-gnu/leakring"
cp "$LR_CLI" installed/bin/ && cp "$LR_LIB" installed/lib/x86_64-linux-gnu/leakring/
tap_is "$(installed/bin/leakring run -q -- sh -c 'echo $LD_PRELOAD')" \
    "$T/installed/lib/x86_64-linux-gnu/leakring/libleakring.so" "an installation finds its own library"
rm -r installed/lib
env -u LEAKRING_LIB installed/bin/leakring run -- true 2>err
tap_is "$?,$(grep -c '^leakring: ' err)" "2,1" "without a library: one line, exit code 2"
tap_is "$(LEAKRING_LIB=$LR_LIB installed/bin/leakring run -q -- sh -c 'echo $LD_PRELOAD')" "$LR_LIB" "LEAKRING_LIB"

# --- wrong usage ---
for arguments in "" "--" "--nosuch true" "--size"; do
    run $arguments >out 2>err
    tap_is "$?,$(grep -c '^leakring: ' err)" "2,1" "wrong usage: run $arguments"
done
LEAKRING=fiel=x run -- true 2>err
tap_is "$?" 2 "a wrong LEAKRING"
tap_like "$(cat err)" "did you mean file=" "says what was meant"

# --- doctor ---
doctor() { "$LR_CLI" doctor "$@"; }
doctor -- "$hello" >out
tap_is "$?,$(grep -c '^problem' out)" "0,0" "doctor finds nothing wrong with an ordinary program"
tap_like "$(cat out)" '^ok .*library loads into it' "its linker loads the library"
echo 'int main(void) { return 0; }' >tiny.c
if gcc -static -o static tiny.c 2>/dev/null; then
    doctor ./static >out
    tap_is "$?,$(grep -c 'statically linked' out)" "1,1" "doctor: a static program"
    run -- ./static 2>err
    tap_is "$?,$(grep -c 'statically linked' err)" "0,1" "run says why a static program left no trace"
else
    tap_skip "doctor: a static program" "no static C library"
fi
gcc -o dynamic tiny.c
printf '\003' | dd of=dynamic bs=1 seek=18 conv=notrunc status=none # e_machine: i386
doctor ./dynamic >out
tap_is "$?,$(grep -c 'is a program for 32-bit x86' out)" "1,1" "doctor: another machine"
doctor nosuchprogram >out
tap_is "$?" 1 "doctor: no such program"
doctor -- sh >out
tap_like "$(cat out)" '^warning .*shell' "doctor: shells have no trace"
doctor --nosuch >out 2>err
tap_is "$?" 2 "doctor: wrong usage"
LD_PRELOAD=/nonexistent/libjemalloc.so.2:$LR_LIB doctor >out 2>/dev/null
tap_like "$(cat out)" '^problem .*ahead of libleakring' "doctor: an allocator ahead of us"
LEAKRING=file=/proc/x.lkr doctor >out
tap_is "$?" 1 "doctor: a place that won't do"
(ulimit -f 1024 && doctor >out; cat out | grep -q '^problem .*RLIMIT_FSIZE')
tap_ok $? "doctor: a limit on file sizes"
sleep 3000 &
pid=$!
doctor $pid >out
tap_is "$?,$(grep -c 'without libleakring.so in LD_PRELOAD' out)" "1,1" "doctor: a process without the preload"
kill $pid
LEAKRING=exe=sleep,file=$T/sleeping.lkr LD_PRELOAD=$LR_LIB sleep 3000 &
pid=$!
wait_for 120 "$LR_CLI" dump --section=header sleeping.lkr
doctor $pid >out
tap_is "$?,$(grep -c 'it is traced into .*sleeping.lkr' out)" "0,1" "doctor: a traced process and its file"
kill $pid
doctor sleeping.lkr >out
tap_is "$?,$(grep -c '^ok .*nothing was lost' out)" "0,1" "doctor: a good trace"
doctor 999999999 >out
tap_is "$?" 1 "doctor: no such process"
tap_done
