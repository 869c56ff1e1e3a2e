# java.sh -- what the Java tests share: both JDKs, compiled oracles, traced runs, truth and report.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$(dirname "$0")/../lib/java.sh"
#     jdk_test() { java_oracle exit Unended; java_oracle kill Unended; }
#     java_each_jdk jdk_test
#     tap_done
#
# Inside jdk_test: JDK is the JDK's home, JDK_NAME how to call it, JAVA_CLASSES the compiled
# oracles (tests/oracle/*.java, agent/*.java).  Reports are read with jq.

# Opens the package that Oracle.java looks into.
JAVA_OPEN=(--add-opens=java.base/java.util.zip=ALL-UNNAMED)

# java_each_jdk FUNCTION: calls it for every JDK there is; a missing 17 or 25 is a loud skip.
java_each_jdk() {
    local function=$1 version found=" "
    tap_need jq
    for JDK in $LR_JDKS; do
        version=$(lr_jdk_version "$JDK")
        JDK_NAME="JDK $version"
        found="$found$version "
        java_compile && $function
    done
    [ -z "${LEAKRING_JDKS:-}" ] || return 0
    for version in 17 25; do
        case $found in
        *" $version "*) ;;
        *) tap_skip "JDK $version" "no JDK $version with javac under /usr/lib/jvm" ;;
        esac
    done
}

# Compiles the oracles once per JDK; tests running in parallel wait for each other.
java_compile() {
    local log
    JAVA_CLASSES=$LR_BUILD/test/java-$(lr_jdk_version "$JDK")
    mkdir -p "$JAVA_CLASSES" || return 1
    log=$(
        exec 9>"$JAVA_CLASSES.lock"
        flock 9
        cd "$LR_ROOT/tests/oracle" || exit 1
        [ -z "$(find . -name '*.java' -newer "$JAVA_CLASSES/.done" 2>&1)" ] && exit 0
        "$JDK/bin/javac" -Xlint:all -Werror -d "$JAVA_CLASSES" \
            $(ls ./*.java agent/*.java | grep -v Lucene) && touch "$JAVA_CLASSES/.done"
    ) 2>&1 || {
        tap_fail "$JDK_NAME: oracle programs compile" "$log"
        return 1
    }
}

# java_run MODE NAME COMMAND…: runs COMMAND under the tracer; trace in NAME.lkr, output in
# NAME.out and NAME.err.  MODE exit: to its end; its status is ours.  MODE kill: with `wait`
# appended, and its JVM killed by SIGKILL once it has printed READY.
java_run() {
    local mode=$1 name=$2 pid jvm
    shift 2
    rm -f "$name".lkr "$name".[0-9]*.lkr "$name.out" "$name.err"
    if [ "$mode" = exit ]; then
        traced "$name.lkr" "$@" >"$name.out" 2>"$name.err"
        return
    fi
    traced_exec "$name.lkr" "$@" wait >"$name.out" 2>"$name.err" &
    pid=$!
    wait_for 300 eval "grep -q '^READY\$' '$name.out' || ! kill -0 $pid"
    grep -q '^READY$' "$name.out" || tap_diag "never READY: $*"
    jvm=$(sed -n 's/^pid\t//p' "$name.out")
    kill -KILL "${jvm:-$pid}"
    wait "$pid" 2>/dev/null
    return 0
}

# The trace of the last image that NAME's run left: an exec goes on in NAME.1.lkr, .2, …
java_trace() {
    local later
    later=$(ls "$1".[0-9]*.lkr 2>/dev/null | sort -V | tail -1)
    ls "${later:-$1.lkr}" 2>/dev/null
}

# java_report NAME: NAME.json, without the sites of plain memory (megabytes of stacks on a JVM);
# prints what went wrong.
java_report() {
    local trace
    trace=$(java_trace "$1")
    if [ -z "$trace" ]; then
        echo "no trace file"
        return 1
    fi
    report "$trace" 2>report.err >report.json || {
        cat report.err
        return 1
    }
    jq 'del(.sites)' report.json 2>&1 >"$1.json"
}

# Sites of NAME.json that are not expected and have something live or left to the Cleaner:
# pair, function, file, line, acquired, released, by cleaner, live; one line per culprit.
java_findings() {
    jq -r '
        [.pairs[] as $p | $p.sites[] | select((.expected // false) == false) |
            {key: [$p.pair, .culprit.function, .culprit.file, .culprit.line],
             sums: [.acquired, .released, .released_by_cleaner, .live]}]
        | group_by(.key)[] | .[0].key + (map(.sums) | transpose | map(add))
        | select(.[6] > 0 or .[7] > 0) | map(tostring) | join("\t")' "$1.json" | sort
}

# The same from what an oracle program printed.
java_truth() {
    sed -n 's/^site\t//p' "$1.out" | awk -F'\t' '$7 > 0 || $8 > 0' | sort
}

# java_expected NAME: live streams that the report lists as expected.
java_expected() {
    jq '[.pairs[].sites[] | select((.expected // false) != false) | .live] | add // 0' "$1.json"
}

# How the report sees the run: "leak exit complete", "none killed complete", and what was lost.
java_summary() {
    jq -r '[.verdict.kind, .run.ended, .completeness.verdict,
            (.completeness.dropped | to_entries[] | select(.value > 0) | "\(.key)=\(.value)")]
        | join(" ")' "$1.json"
}

# java_check MODE NAME LABEL: NAME's report against the truth that NAME's program printed.  Where the
# Cleaner closed all of them, whether the collection was seen to its end is a matter of a second.
java_check() {
    local mode=$1 name=$2 label="$JDK_NAME: $3 ($1)" error truth verdict=none ended=exit
    if ! error=$(java_report "$name") || ! grep -q '^READY$' "$name.out"; then
        tap_fail "$label: every site with its counts" "$error" "$(tail -n 3 "$name.out" "$name.err")"
        return 1
    fi
    truth=$(java_truth "$name")
    [ -z "$truth" ] || verdict=leak
    [ -z "$truth" ] || awk -F'\t' '$7 == 0 || $8 > 0 { held = 1 } END { exit !held }' <<<"$truth" ||
        verdict='(leak|garbage-waiting)'
    [ "$mode" = exit ] || ended=killed
    tap_is "$(java_findings "$name")" "$truth" "$label: every site with its counts"
    tap_like "$(java_summary "$name")" "^$verdict $ended complete\$" "$label: verdict"
    tap_is "$(cat "$name.err")" "" "$label: silent on stderr"
}

# java_oracle MODE CLASS [ARGUMENT…]: one oracle program, run and checked.  JAVA_FLAGS (an
# array) goes before the class; LABEL names the run where the class doesn't.
java_oracle() {
    local mode=$1 class=$2 label=${LABEL:-$2}
    shift 2
    java_run "$mode" "$class" "$JDK/bin/java" "${JAVA_OPEN[@]}" \
        ${JAVA_FLAGS[@]+"${JAVA_FLAGS[@]}"} -cp "$JAVA_CLASSES" "$class" "$@"
    tap_is "$?" 0 "$JDK_NAME: $label ($mode): exit status"
    java_check "$mode" "$class" "$label"
}

# java_artifact TITLE GROUP:ARTIFACT:VERSION[:TYPE[:CLASSIFIER]]: path of that file from Maven Central, fetched
# once.  Prints the reason when it can't be had.
java_artifact() {
    local directory=$LR_BUILD/maven file log
    file=$directory/$(awk -F: '{ print $2 "-" $3 ($5 ? "-" $5 : "") "." ($4 ? $4 : "jar") }' <<<"$2")
    mkdir -p "$directory" && exec 8>"$directory/.lock" && flock 8
    if [ ! -s "$file" ]; then
        command -v mvn >/dev/null || { echo "mvn is not installed"; return 1; }
        log=$(timeout 300 mvn -B -q dependency:copy -DoutputDirectory="$directory" \
            -Dartifact="$2" 2>&1)
        [ -s "$file" ] || {
            echo "$1 can't be had from Maven Central: $(grep -m1 ERROR <<<"$log" | cut -c1-120)"
            return 1
        }
    fi
    echo "$file"
}
