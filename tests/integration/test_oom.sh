#!/bin/bash
# test_oom.sh -- leakring oom on kernel logs of every form, with truths computed apart from it.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/fixtures/oom/truth.sh"
tap_need jq
logs=$LR_ROOT/tests/fixtures/oom
el7=$logs/oom-el7-vmware.log

for truth in "$logs"/*.truth; do
    name=$(basename "$truth" .truth)
    truth_check "$name" "$truth" "$LR_CLI" oom --format=json "$logs/$name.log"
done

# --- the real case, as a person reads it -----------------------------------------------------
text=$("$LR_CLI" oom "$el7")
tap_is $? 1 "an OOM found is exit code 1"
step() { # step SIGN PAGES WHAT: one line of the sum
    tap_like "$text" "^ *$1 +$2 .*$3" "the sum has a line: $1 $2 $3"
}
step '' 8,388,478 RAM
step - 193,436 reserved
step = 8,195,042 managed
step - 4,089,796 'LRU lists: active_anon 3649243'
step - 88,064 slab
step - 16,727 'page tables'
step - 1,584 'kernel stacks'
step - 50,116 free
step - 238 per-CPU
step = 3,948,517 '15\.06 GiB|15.06 GiB +that nothing'
step = 3,953,780 'that nothing'
step '' 3,994,129 rss
step '\+' 457,539 swap
step '\+' 15,027 'page tables'
step = 4,466,695 badness
step / 8,719,329 'RAM 8,195,042 \+ swap 524,287'
tap_like "$text" '= +512 / 1000 +kernel: 512 +\(equal' "the recomputed score equals the kernel's"
tap_like "$text" 'Verdict +outside the process: 15\.06 GiB .*balloon' "first verdict: the balloon"
tap_like "$text" 'Verdict +outside the process: 15\.08 GiB .*balloon' "second verdict: the balloon"
tap_is "$(grep -c 'no native-leak signature' <<<"$text")" 2 "no native-leak signature, both times"
tap_like "$text" '16\.98 GiB of rss and swap' "the JVM's rss and swap are 16.98 GiB"
tap_like "$text" 'swap was exhausted' "swap was exhausted"
tap_like "$text" 'child of the chosen, rss 0 B: nothing to free' "the child freed nothing"
tap_like "$text" 'pid 16291 \(java\), a thread of pid 16070' "the chosen pid is a thread"
tap_is "$("$LR_CLI" oom - <"$el7" | tail -n +2)" "$(tail -n +2 <<<"$text")" \
    "standard input gives the same"

missing=$(grep -E '^    [-+=/ ] +[0-9,]+  ' "$LR_ROOT/docs/OOM.md" | while IFS= read -r line; do
    grep -Fxq -- "$line" <<<"$text" || echo "$line"
done)
tap_is "$(grep -cE '^    [-+=/ ] +[0-9,]+  ' "$LR_ROOT/docs/OOM.md"):$missing" "16:" \
    "the sums in docs/OOM.md are what the command prints"

heap() { "$LR_CLI" oom --format=json --heap "$1" "$el7" | jq -r '.events[0].native_leak.kind'; }
tap_is "$(heap 16g)" none "16.98 GiB for a heap of 16 GiB is no leak"
tap_is "$(heap 12GiB)" possible "for a heap of 12 GiB it may be one"
tap_is "$(heap 4g)" likely "for a heap of 4 GiB it is likely"

tap_is "$("$LR_CLI" oom --last 1 "$el7" | grep -c '^Event')" 1 "--last 1 shows one event"
tap_like "$("$LR_CLI" oom --last 1 "$el7")" '^Event 2 of 2' "and that is the newest"
tap_is "$(COLUMNS=72 "$LR_CLI" oom "$logs/k5.4-k8s.log" | grep -E '^  (Verdict|Leak|Next)' |
    awk 'length <= 72 {n++} END {print n, NR}')" "3 3" "paragraphs fit the terminal"

# --- exit codes and messages -----------------------------------------------------------------
"$LR_CLI" oom missing.log >out 2>err
tap_is "$?:$(cat err)" "2:leakring: missing.log: can't open: No such file or directory" \
    "a missing file is exit code 2 and one line"
"$LR_CLI" oom "$T" >out 2>err
tap_is "$?:$(wc -l <err)" "2:1" "so is a directory"
"$LR_CLI" oom >out 2>err
tap_is "$?" 2 "no file: exit code 2"
"$LR_CLI" oom --heap lots "$el7" >out 2>err
tap_is "$?" 2 "a heap that is no size: exit code 2"
: >empty
tap_like "$("$LR_CLI" oom empty)" 'no out-of-memory report in 0 lines' "an empty log has no OOM"
"$LR_CLI" oom empty >/dev/null
tap_is $? 0 "and that is exit code 0"
"$LR_CLI" oom --trace "$el7" "$el7" >out 2>err
tap_is "$?:$(grep -c '^leakring: ' err)" "2:1" "a trace that is none is exit code 2"

# --- damage ------------------------------------------------------------------------------------
bad=0
for log in "$logs"/*.log; do
    size=$(stat -c %s "$log")
    for part in 1 2 3 5 7 11 13 17 19 23; do
        head -c $((size * part / 24)) "$log" | "$LR_CLI" oom --format=json - >out.json 2>err
        status=$?
        [ $status -le 3 ] && [ ! -s err ] && jq -e .schema out.json >jq.out || {
            bad=$((bad + 1))
            tap_diag "$log cut at $part/24: status $status"
        }
    done
done
tap_is $bad 0 "every log cut anywhere is survived, with valid JSON"
tr '0-9' '9' <"$el7" | "$LR_CLI" oom --format=json - >out.json
tap_is "$?:$(jq -r .schema out.json)" "1:leakring.oom/1" "all numbers replaced by nines"
sed 's/[0-9]\{4,\}/18446744073709551615/g' "$el7" | "$LR_CLI" oom --format=json - >out.json
tap_is "$(jq -r .schema out.json)" "leakring.oom/1" "numbers as large as can be"
head -c 300000 /dev/urandom >noise
cat noise "$el7" noise | "$LR_CLI" oom --format=json - | jq -c '[.event_count,
    .events[0].ledger.unaccounted_bytes / 4096, .events[1].ledger.unaccounted_bytes / 4096]' >got
tap_is "$(cat got)" '[2,3948517,3953780]' "noise before and after changes nothing"

# --- a large log in bounded memory ---------------------------------------------------------------
line='Apr 26 04:18:15 elastichost sshd[1234]: Accepted publickey for user from 10.0.0.1 port 22'
large() {
    cat "$el7"
    yes "$line" | head -c 200000000
    head -c 1000000 /dev/zero
    echo
    cat "$el7"
}
large | (ulimit -v 65536 && exec "$LR_CLI" oom --format=json -) | jq -c '[.event_count,
    .events[3].ledger.unaccounted_bytes / 4096]' >got
tap_is "$(cat got)" '[4,3953780]' "a log of 200 MB is read in 64 MB of address space"
for i in $(seq 400); do cat "$el7"; done |
    (ulimit -v 65536 && exec "$LR_CLI" oom --format=json -) |
    jq -c '[.event_count, (.events | length), .events[99].number, .killed[0].count]' >got
tap_is "$(cat got)" '[800,100,800,400]' "of 800 events the newest 100 are kept, all are counted"

# --- joined with a trace ---------------------------------------------------------------------------
if [ -r "$LR_LIB" ] && [ -x "$LR_ORACLE/leak50" ]; then
    LR_KEYS=young=0 traced "$T/leak.lkr" "$LR_ORACLE/leak50" exit >oracle.out 2>&1
    pid=$("$LR_CLI" report --format=json leak.lkr 2>/dev/null | jq .run.pid)
    sed "s/16070/$pid/g" "$el7" >joined.log
    "$LR_CLI" oom --format=json --trace leak.lkr joined.log >out.json
    tap_is "$(jq -r '[.trace.pid, .events[0].chosen.pid, .events[0].native_leak.kind] | tostring' \
        out.json)" "[$pid,$pid,\"none\"]" "a trace of that pid: small live memory, no leak"
    tap_like "$(jq -r '.events[0].native_leak.text' out.json)" 'the trace has .* of live native' \
        "and the text says what the trace has"
    live=$(jq .trace.live_bytes out.json)
    leaked=$(awk '/\t/ {bytes += $3} END {print bytes}' oracle.out)
    tap_ok "$((live < leaked || live > leaked + 8192))" \
        "the trace's live bytes are what the oracle leaked, and stdout's buffer" "$live, $leaked"
    sed "s/3994129/$((live / 4096 * 2))/; s/457539/     0/" joined.log >small.log
    "$LR_CLI" oom --format=json --trace leak.lkr small.log >out.json
    tap_is "$(jq -r .events[0].native_leak.kind out.json)" likely \
        "half of a process live and native: a leak is likely"
    "$LR_CLI" oom --trace leak.lkr "$el7" >out
    tap_like "$(cat out)" 'none of these events is about this process' "another pid's trace is told"
else
    tap_skip "joined with a trace" "the library or the leak50 oracle isn't built"
fi

tap_like "$("$LR_CLI" oom --help)" '^Examples:' "help begins with examples"
tap_done
