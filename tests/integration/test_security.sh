#!/bin/bash
# test_security.sh -- traps where a trace or a report is to be written, programs with raised
# privileges, what a trace says about its user, and how to have it say less.
. "$(dirname "$0")/../lib/tap.sh"

# Other users come here, too, and run what is here; the runner's scratch directory and the build may
# be closed to them.
open=$(mktemp -d /tmp/leakring-security.XXXXXX)
trap 'rm -rf "$open"; tap_cleanup' EXIT
chmod 711 "$open"
cp "$LR_LIB" "$LR_CLI" "$LR_ORACLE/say_hello" "$open" && chmod 755 "$open"/*
LR_LIB=$open/libleakring.so LR_CLI=$open/leakring hello=$open/say_hello
cd "$open" || exit 1

# What the library said; the program's own last word goes to stderr, too.
said() { grep -v '^status 3$' "${1:-got.err}"; }

# write_trace FILE [COMMAND…]: one run of a traced program (by way of COMMAND), silent or not.
write_trace() {
    local file=$1
    shift
    "$@" env LEAKRING="file=$file" LD_PRELOAD="$LR_LIB" "$hello" 3 >got.out 2>got.err
    tap_is "$?,$(cat got.out)" "3,hello world" "$file: the program is unaffected"
}

# --- what somebody laid where the trace is to be ---------------------------------------------
mkdir -m 700 place
echo precious >victim
chmod 644 victim
ln -s "$PWD/victim" place/link.lkr
ln -s "$PWD/nowhere" place/dangling.lkr
ln victim place/hard.lkr
mkfifo place/fifo.lkr
for trap in link dangling hard; do
    write_trace "$PWD/place/$trap.lkr"
    tap_is "$(stat -c '%F %a %h' "place/$trap.1.lkr")" "regular file 600 1" \
        "$trap: the trace is a file of its own beside it, 0600"
done
write_trace "$PWD/place/fifo.lkr"
tap_like "$(cat got.err)" '^leakring: .*fifo\.lkr: .*not recording' "a FIFO: one line"
tap_is "$(said | wc -l)" 1 "and one only"
tap_is "$(cat victim),$(stat -c %s victim),$([ -e nowhere ] && echo made)" "precious,9," \
    "nothing was followed, nothing overwritten"
tap_is "$(ls place | grep -c '^fifo')" 1 "nothing is made beside a FIFO"
mkdir loop
ln -s loop place/loop
ln -s "$PWD/place/loop2" place/loop1
ln -s "$PWD/place/loop1" place/loop2
write_trace "$PWD/place/loop1/x.lkr"
tap_like "$(cat got.err)" 'not recording' "links that lead to each other: not recording"

# The mode doesn't depend on the umask.
(umask 0 && write_trace "$PWD/place/open.lkr" >sub.out)
tap_is "$(stat -c %a place/open.lkr)" 600 "umask 0: 0600 all the same"

# --- other users' -----------------------------------------------------------------------------
if [ "$(id -u)" = 0 ] && tap_have setpriv; then
    nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    other=(setpriv --reuid 65533 --regid 65533 --clear-groups)
    for dir in theirs sticky own volume; do mkdir $dir; done
    chown 65533 theirs sticky
    chown 65534 own
    chmod 777 theirs volume
    chmod 1777 sticky
    write_trace "$PWD/theirs/x.lkr" "${nobody[@]}"
    tap_like "$(cat got.err)" 'belongs to another user.*not recording' \
        "another user's directory that anybody may write to: why"
    tap_is "$(ls theirs)" "" "and nothing is made there"
    write_trace "$PWD/theirs/x.lkr"
    tap_is "$(ls theirs)" "" "nor by root"
    for dir in sticky own volume; do
        write_trace "$PWD/$dir/x.lkr" "${nobody[@]}"
        tap_is "$(stat -c '%a %u' $dir/x.lkr),$(said)" "600 65534," "$dir: a trace, silently"
    done
    # A trace belongs to whoever was traced: nobody else can read or remove it.
    "${other[@]}" cat sticky/x.lkr >cat.out 2>&1
    tap_ok $(($? == 0)) "another user can't read it"
    "${other[@]}" "$LR_CLI" report "$PWD/sticky/x.lkr" >cat.out 2>&1
    tap_is "$?" 2 "nor report on it"
    # Without file=: the working directory isn't fit, the next place is.
    mkdir -m 1777 temporary
    (cd theirs && "${nobody[@]}" env TMPDIR="$open/temporary" LD_PRELOAD="$LR_LIB" "$hello" 3) >got.out 2>got.err
    tap_is "$?,$(cat got.out),$(said),$(ls theirs | wc -l),$(ls temporary | wc -l)" "3,hello world,,0,1" \
        "without file=, such a working directory is passed over"
else
    tap_skip "directories of other users" "not root, or no setpriv"
fi

# --- raised privileges -----------------------------------------------------------------------
# Linked with the library, for LD_PRELOAD wouldn't even load it; the plain copy is recorded.
mkdir -m 1777 raised && cp "$LR_LIB" raised/libleakring.so && chmod 755 raised/libleakring.so
echo '#include <stdlib.h>
int main(void) { return malloc(100) ? 3 : 1; }' >raised.c
cc -o raised/plain raised.c -Wl,--no-as-needed -L"$PWD/raised" -lleakring \
    -Wl,-rpath,"$PWD/raised",--disable-new-dtags 2>cc.err || tap_diag "$(cat cc.err)"
cp raised/plain raised/setuid
chmod 4755 raised/setuid
chmod 755 raised/plain
if [ "$(id -u)" = 0 ] && tap_have setpriv; then
    for kind in plain setuid; do
        (cd raised && "${nobody[@]}" env LEAKRING="file=$open/raised/$kind.lkr,depht=1" ./$kind) >got.out 2>got.err
        tap_is "$?" 3 "$kind: it runs"
        mv got.err $kind.err
    done
    tap_is "$(ls raised/leakring.plain.*.lkr | wc -l),$(wc -l <plain.err)" "1,1" \
        "a plain program heeds LEAKRING, and says what is wrong with it"
    tap_is "$(ls raised | grep -c 'setuid.*lkr'),$(cat setuid.err)" "0," \
        "one with raised privileges heeds no variable, makes no file and says nothing"
else
    tap_skip "a program with raised privileges" "not root, or no setpriv"
fi

# --- what the command writes -------------------------------------------------------------------
write_trace "$PWD/app.lkr"
echo precious >victim
chmod 644 victim
ln victim out.hard
"$LR_CLI" report -f -o out.hard app.lkr >report.out 2>&1
tap_is "$?,$(cat victim)" "0,precious" "report -f -o: a file's other name keeps what was in it"
if [ "$(id -u)" = 0 ]; then
    mkfifo out.fifo
    ln -s victim out.link
    ln -s nowhere out.dangling
    echo precious >out.foreign
    chown -h 65534 out.fifo out.link out.dangling out.foreign
    for trap in fifo link dangling foreign; do
        timeout 60 "$LR_CLI" report -f -o out.$trap app.lkr >report.out 2>&1
        tap_is "$?" 2 "report -f -o: another user's $trap is refused"
        tap_like "$(cat report.out)" "out.$trap: belongs to another user" "and named"
    done
    tap_is "$(cat victim out.foreign),$([ -e nowhere ] && echo made)" "precious
precious," "nothing was overwritten"
else
    tap_skip "what another user laid in the way of a report" "not root"
fi
echo old >own.txt
"$LR_CLI" report -f -o own.txt app.lkr >report.out 2>&1
tap_is "$?,$(grep -c old own.txt)" "0,0" "one's own is"

# --- redaction -----------------------------------------------------------------------------------
# run_hidden KEYS: a run with a secret among its arguments and in its environment.
run_hidden() {
    rm -f secret.lkr
    SECRET_VARIABLE=sesame env LEAKRING="file=$PWD/secret.lkr$1" LD_PRELOAD="$LR_LIB" \
        "$hello" 3 --password=swordfish >got.out 2>got.err
    tap_is "$?" 3 "LEAKRING=…$1: it runs"
}
says() { grep -c -a -- "$1" secret.lkr; }
privacy() { "$LR_CLI" dump --privacy --format=json secret.lkr | jq -r ".holds[] | select(.what == \"$1\").value"; }
host=$(uname -n)
run_hidden ""
tap_like "$(privacy 'command line')" '--password=swordfish$' "the command line is recorded as ps shows it"
tap_is "$(privacy 'host name')" "$host" "and the host's name"
tap_is "$(says sesame),$(says SECRET_VARIABLE)" "0,0" "the environment never is"
run_hidden ",redact=cmdline+host"
tap_is "$(says swordfish)" 0 "redact=cmdline: no argument is anywhere in the file"
tap_like "$(privacy 'command line')" '/say_hello \[redacted\]$' "and it says so"
tap_is "$(privacy 'host name')" "[redacted]" "redact=host"
run_hidden ",redact=all"
tap_is "$(says swordfish),$(says redact=all),$(privacy 'value of LEAKRING')" "0,0,[redacted]" "redact=all"
tap_is "$("$LR_CLI" report --format=json secret.lkr | jq -r '.run.host')" "[redacted]" "reports go by it"
cd place
for wrong in redact=cmdline+nonsense redact=cmdline,depht=1; do
    SECRET=1 env LEAKRING="$wrong" LD_PRELOAD="$LR_LIB" "$hello" 3 --password=swordfish >../got.out 2>../got.err
    tap_is "$?,$(said ../got.err | wc -l)" "3,1" "LEAKRING=$wrong: one line"
    mv leakring.say_hello.*.lkr ../secret.lkr
    tap_is "$(cd .. && says swordfish)" 0 "who meant to hide something and erred shows nothing"
done
cd ..
"$LR_CLI" run -q --redact=cmdline --file="$PWD/run.lkr" -- "$hello" 3 swordfish >got.out 2>got.err
tap_is "$(grep -c -a swordfish run.lkr)" 0 "leakring run --redact"
tap_done
