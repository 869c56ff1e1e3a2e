#!/bin/bash
# test_host.sh -- leakring host on recorded trees with known truths, and on this machine.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/fixtures/oom/truth.sh"
tap_need jq
trees=$LR_ROOT/tests/fixtures/host

unpack() { # unpack TREE DIRECTORY
    mkdir -p "$2" && (cd "$2" && awk '/^=== / {
        if (file) close(file)
        file = substr($0, 5); directory = file; sub("/[^/]*$", "", directory)
        system("mkdir -p \"" directory "\""); printf "" >file; next
    } { print >file }' "$1")
}

for truth in "$trees"/*.truth; do
    name=$(basename "$truth" .truth)
    unpack "$trees/$name.tree" "$T/$name"
    truth_check "$name" "$truth" "$LR_CLI" host --format=json --root "$T/$name"
    # The same sums by other means: smaps (or smaps_rollup) and meminfo with awk.
    "$LR_CLI" host --format=json --root "$T/$name" |
        jq -r '[.processes.pss_bytes, .ledger.total_bytes] | @tsv' >got
    {
        cat "$T/$name"/proc/[0-9]*/smaps* 2>/dev/null | awk '/^Pss:/ {kb += $2}
            END {printf "%.0f\t", kb * 1024}'
        awk '/^MemTotal:/ {printf "%.0f\n", $2 * 1024}' "$T/$name/proc/meminfo"
    } >wanted
    [ "$name" = thin ] || tap_same got wanted "$name: Pss and MemTotal agree with the files"
done

text=$("$LR_CLI" host --root "$T/xen-dom0")
tap_is $? 1 "something wrong is exit code 1"
tap_like "$text" 'Xen has taken 3\.75 GiB of this dom0' "the shrunk dom0 is named"
tap_like "$text" 'sshd \(600\) is not protected' "sshd is unprotected"
tap_like "$text" 'cron \(601\) is not protected' "cron is unprotected"
tap_like "$text" '^ +1 +800 +500 .* qemu-dm$' "the first to be killed"
tap_like "$text" '^ +3 +600 +3 .* sshd \(critical, NOT protected\)$' "sshd's place in the order"

healthy() { "$LR_CLI" host --root "$T/healthy-6.1" "$@"; }
tap_like "$(healthy)" '^Verdict +nothing is wrong: 6\.20 GiB \(81 %\) available' \
    "where nothing is wrong, it says so"
healthy --critical java >out
tap_is "$?" 1 "an unprotected process that the user names is a finding"
tap_like "$(cat out)" 'java \(900\) is not protected' "and it is named"
healthy --critical postgres >out
tap_is "$?" 0 "a protected one isn't"
healthy --critical nginx >out
tap_is "$?:$(grep -c 'no process named nginx' out)" "0:1" "one that doesn't run is told"
tap_is "$(healthy --processes 1 | grep -c ' postgres')" 0 "--processes 1 shows one (and the critical)"

"$LR_CLI" host --root "$T/nowhere" >out 2>err
tap_is "$?:$(grep -c '^leakring: ' err)" "2:1" "no such tree: exit code 2, one line"
mkdir empty
"$LR_CLI" host --root empty >out 2>err
tap_is "$?:$(head -1 err)" \
    "2:leakring: empty: no proc/meminfo: No such file or directory" "an empty tree: exit code 2"
"$LR_CLI" host surplus >out 2>err
tap_is "$?" 2 "a surplus argument: exit code 2"

# Hostile trees: huge numbers, garbage, loops of links.
cp -r healthy-6.1 hostile
sed -i 's/[0-9]\{3,\}/9999999999999999999/' hostile/proc/meminfo
sed -i 's/[0-9]\{3,\}/18446744073709551614/' hostile/proc/zoneinfo
head -c 9000 /dev/urandom >hostile/proc/900/status
head -c 900000 /dev/urandom >hostile/proc/vmstat
ln -s .. hostile/sys/fs/cgroup/loop
mkdir hostile/proc/77 hostile/proc/1000000000000
"$LR_CLI" host --format=json --root hostile >out.json 2>err
status=$?
tap_is "$((status <= 3)):$(jq -r .schema out.json)" "1:leakring.host/1" "a hostile tree is survived"

# --- this machine ------------------------------------------------------------------------------
"$LR_CLI" host --format=json >live.json
status=$?
tap_ok "$((status > 1))" "this machine can be read" "exit code $status"
tap_is "$(jq '.ledger | (.total_bytes - ([.items[].bytes] | add) - .unaccounted_bytes)' live.json)" 0 \
    "the ledger adds up"
tap_is "$(jq -r .ledger.total_bytes live.json)" \
    "$(awk '/^MemTotal:/ {printf "%.0f", $2 * 1024}' /proc/meminfo)" "MemTotal is /proc/meminfo's"
tap_is "$(jq '[.processes.kill_order[].oom_score // 0] | . == (sort | reverse)' live.json)" true \
    "the kill order follows oom_score"
if [ "$(id -u)" -eq 0 ] && tap_have setpriv; then
    cp "$LR_CLI" leakring && chmod 755 . leakring
    setpriv --reuid 65534 --regid 65534 --clear-groups ./leakring host >out 2>err
    status=$?
    tap_ok "$((status > 1))" "an unprivileged user may run it" "$(cat err)"
    tap_like "$(cat out)" 'not permitted; root may|hidepid' "and is told what couldn't be read"
elif [ "$(id -u)" -ne 0 ]; then
    tap_like "$("$LR_CLI" host)" 'not permitted; root may|hidepid' "what couldn't be read is told"
else
    tap_skip "as an unprivileged user" "setpriv is not installed"
fi
tap_like "$("$LR_CLI" host --help)" '^Examples:' "help begins with examples"
tap_done
