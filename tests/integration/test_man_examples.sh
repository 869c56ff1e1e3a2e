#!/bin/bash
# test_man_examples.sh -- every example of the man pages and of --help, run as it stands there: against
# a live JVM for 4711 and 4242, traces and logs of the names they use, and stand-ins for other
# people's tools.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/jdks.sh"
JDK=$(head -1 <<<"$LR_JDKS")
[ -n "$JDK" ] || tap_skip_all "there is no JDK"
tap_need jq
unset LEAKRING_PAGER PAGER COLUMNS TERM

# What the examples talk about.
cat >App.java <<'J'
public class App {
    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < 100; i++)
            new java.util.zip.Inflater();
        for (int i = 0; i < 1000; i++)
            new java.util.zip.Inflater().end();
        if (arguments.length > 0)
            Thread.sleep(3600000);
    }
}
J
"$JDK/bin/javac" App.java && "$JDK/bin/jar" -c -f app.jar -e App App.class || tap_skip_all "no application can be made"
cp app.jar soak.jar
mkdir bin varlog vartmp
stand_in() { # NAME OUTPUT: takes its input, if it is given any, and says something
    printf '#!/bin/bash\n%s\n' "$2" >"bin/$1"
    chmod 755 "bin/$1"
}
log=$(ls "$LR_ROOT"/tests/fixtures/oom/*.log | head -1)
cp "$log" varlog/messages
cp "$log" messages
for tool in dmesg journalctl; do stand_in $tool "cat '$T/messages'"; done
for tool in flamegraph.pl difffolded.pl; do stand_in $tool 'read -r first || exit 9; cat >/dev/null'; done
for tool in jeprof go; do stand_in $tool '[ -s "${@: -1}" ] || exit 9'; done
for script in gradlew start.sh; do stand_in $script 'exec java -jar app.jar'; cp bin/$script .; done
export PATH=$T/bin:$LR_BUILD:$JDK/bin:$PATH
for file in proc/meminfo proc/vmstat proc/zoneinfo proc/version proc/cpuinfo proc/1/status proc/1/smaps_rollup; do
    mkdir -p "tree/${file%/*}"
    cat "/$file" >"tree/$file" 2>/dev/null
done
printf '[rules]\ngrowth = off\n' >leakring.ini

"$LR_BUILD/test/unit/test_golden" "$T" >/dev/null || exit 1
for name in test main branch before after old new short night soak; do cp leak.lkr $name.lkr; done
rm -f blind.lkr hostile.lkr native.lkr in-use.lkr incomplete.lkr clean.lkr leak.lkr
(LR_KEYS=exe=java traced_exec "$T/app.lkr" java -jar app.jar stay) >app.out 2>&1 &
pid=$!
is_up() { "$LR_CLI" report --format=json app.lkr | jq -e '.pairs[0].acquired >= 1100'; }
wait_for 120 is_up
tap_ok $? "an application to look at" "$(cat app.out)"

# Of a man page: the lines behind a $ where there are such, else all that begin like a command.
man_examples() {
    sed -n '/^\.SH EXAMPLES/,/^\.SH [^E]/p' "$1" |
        sed -e '/^\./d' -e 's/\\-/-/g' -e 's/\\e/\\/g' -e 's/\\f[IPBR]//g' |
        awk '/^\$ / { dollars = 1; print substr($0, 3); next } { line[++n] = $0 }
            END { for (i = 1; i <= n && !dollars; i++) print line[i] }' |
        grep -E '^(leakring|LEAKRING=|LD_PRELOAD=|dmesg|journalctl|jeprof)'
}
# Of a help: what stands behind three blanks is what it means.
help_examples() {
    leakring "$@" --help | sed -n '/^Examples:/,/^$/s/^  \([^ ].*\)/\1/p' | sed 's/   *[^ ].*$//'
}
in_this_world() {
    sed -e "s/\b4711\b/$pid/g" -e "s/\b4242\b/$pid/g" -e "s,/var/log/,$T/varlog/,g" -e "s,/var/tmp/,$T/vartmp/,g" \
        -e "s,/tmp/tree,$T/tree,g" -e "s,/usr/[a-z/]*libleakring.so,$LR_LIB,g" -e "s,LD_PRELOAD=\.\.\.,LD_PRELOAD=$LR_LIB,"
}
"$LR_CLI" report --format=html app.lkr 2>no-html >/dev/null
# try WHERE COMMAND: its exit code is one that the command documents for what it found, and not for a
# command line that is wrong.  A `top` without an end is ended.
try() {
    local where=$1 line=$2 status limit=120
    case $line in "leakring top"*--once*) ;; "leakring top"*) limit=2 ;; esac
    if [[ $line = *--format=html* ]] && grep -q Node.js no-html; then
        tap_skip "$where: $line" "built without Node.js"
        return
    fi
    # Two examples may write to one name; one may read what that before it wrote.
    rm -f $(grep -oE -- '-o [^ ]+' <<<"$line" | cut -c4-) leakring.java.*.lkr
    cp app.lkr "leakring.java.$pid.lkr"
    timeout -k 10 $limit bash -o pipefail -c "$(in_this_world <<<"$line")" >out 2>err </dev/null
    status=$?
    case $status in
    0 | 1 | 3) tap_pass "$where: $line" ;;
    124) tap_ok "$([ $limit = 2 ]; echo $?)" "$where: $line" "it doesn't end" ;;
    *) tap_fail "$where: $line" "exit code $status" "$(head -n 5 out err)" ;;
    esac
}

for page in "$LR_ROOT"/docs/man/*.[1-9]; do
    grep -q '^\.SH EXAMPLES' "$page" || continue
    man_examples "$page" >examples
    tap_ok $([ -s examples ]; echo $?) "$(basename "$page") has examples that can be run"
    while IFS= read -r line <&9; do
        try "$(basename "$page")" "$line"
        echo "$line" >>done.examples
    done 9<examples
done
for command in "" $(leakring --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    help_examples $command >examples
    tap_ok $([ -s examples ]; echo $?) "leakring $command --help has examples that can be run"
    while IFS= read -r line <&9; do
        grep -qxF -- "$line" done.examples 2>/dev/null || try "leakring $command --help" "$line"
        echo "$line" >>done.examples
    done 9<examples
done
kill -9 "$pid"
wait "$pid" 2>/dev/null
tap_done
