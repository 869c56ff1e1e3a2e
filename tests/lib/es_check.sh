# es_check.sh -- what an Elasticsearch run must show; source after es.sh and lucene.sh.

ES_STREAM=org.elasticsearch.common.compress.DeflateCompressor.streamInput
ES_INCOMING=org.elasticsearch.discovery.zen.PublishClusterStateAction.handleIncomingClusterStateRequest

# es_jdk VERSION: sets JDK and JDK_NAME; without it a loud skip.
es_jdk() {
    for JDK in $LR_JDKS; do
        JDK_NAME="JDK $(lr_jdk_version "$JDK")"
        [ "$JDK_NAME" != "JDK $1" ] || return 0
    done
    tap_skip "Elasticsearch on JDK $1" "no JDK $1 with javac under /usr/lib/jvm"
    return 1
}

# es_up [plain]: both nodes, the indices, and everything settled.  Ports that somebody else took
# first are nobody's fault: once more with others.
es_up() {
    local health
    es_start n1 "${1:-}"
    es_start n2 "${1:-}"
    es_wait_nodes 2 && es_indices && health=$(es_health) && [ "$health" = "green 2" ] && return 0
    es_stop_all
    if [ -z "${2:-}" ] && grep -qs -e BindException -e BindTransportException "$ES"/n?.out; then
        es_ports
        es_cluster "${ES##*/}" "$ES_VERSION" "$ES_WAY"
        es_up "${1:-}" again
        return
    fi
    tap_fail "$LABEL: the cluster comes up (${health:-no health})" \
        "$(tail -n 5 "$ES"/n?.err "$ES"/n?.out "$ES/traffic.log")"
    return 1
}

# es_report NODE NAME: NAME.json of NODE's trace as it is now, without plain memory.
es_report() { cp -f "${ES_TRACES:-$ES}/$1.lkr" "$2.lkr" && java_report "$2"; }

# es_forgotten NAME [KEY]: Inflaters of published cluster states that NAME's program never ended,
# or another figure of theirs.
es_forgotten() {
    jq --arg culprit "$ES_STREAM" --arg caller "$ES_INCOMING" '[.pairs[].sites[]
        | select(.culprit.function == $culprit and any(.stack[]; .function == $caller))
        | '"${2:-.live + .released_by_cleaner}"'] | add // 0' "$1.json"
}

# The sites of NAME.json that are findings, one a line, without their counts.
es_sites() { lucene_sites "$1" | awk '{ $2 = ""; print }' | tr -s ' ' | sort -u; }

# The sites that a best_compression index has: written, refreshed, read, merged.  A reader opened
# from a commit (StandardDirectoryReader) may be there or not.
es_lucene_truth() {
    lucene_truth 1 | grep -v StandardDirectoryReader | awk '{ $2 = ""; print }' | tr -s ' ' | sort -u
}

# es_case VERSION WAY HOW: one cluster's life and what its traces say.
es_case() {
    local before after node
    LABEL="$JDK_NAME: Elasticsearch $1 ($2, $3)"
    es_cluster case "$1" "$2"
    es_up || return 1
    before=$(es_version n2)
    es_report n1 before1 && es_report n2 before2
    tap_is "$(es_publish $PUBLISHES)" $PUBLISHES "$LABEL: every state published"
    [ "$3" != KILL ] || es_collect n2
    tap_is "$(es_rounds 1 $ROUNDS)" $((ROUNDS * 4 + ROUNDS / 10)) "$LABEL: every request answered"
    tap_is "$(es_health)" "green 2" "$LABEL: health"
    after=$(es_version n2)
    for node in n1 n2; do
        tap_like "$("$JDK/bin/jcmd" "$(es_pid $node)" VM.version 2>&1)" 'VM version' \
            "$LABEL: jcmd attaches to $node"
    done
    [ "$2" = embedded ] || tap_is "$(sed -n 's/^Seccomp:\t//p' "/proc/$(es_pid n2)/status")" 2 \
        "$LABEL: seccomp is on"
    es_logs_alive
    es_stop n2 "$3"
    es_stop n1 "$3"
    [ "$2" = embedded ] || es_check_logs "$1" "$(es_complaints)"
    if ! es_report n1 n1 || ! es_report n2 n2; then
        tap_fail "$LABEL: reports"
        return 1
    fi
    es_judge "$1" "$3" $((after - before))
    rm -rf "$ES"
}

# A full collection, which makes the Cleaner close what was forgotten (System.gc() is disabled).
es_collect() {
    "$JDK/bin/jcmd" "$(es_pid "$1")" GC.class_histogram >/dev/null 2>&1
    sleep 1
}

# es_judge VERSION HOW STATES
es_judge() {
    local ended=killed node new
    # Where a collection of the whole heap came along, what leaks is garbage that waited.  5.2.1 has
    # memory besides streams; what is to be said of that so soon isn't asked here.
    local verdict='leak|garbage-waiting'
    tap_diag "n2: $(jq -r .verdict.summary n2.json)"
    [ "$2" = KILL ] || ended=exit
    [ "$1" = 5.1.1 ] || verdict='none|retention|java-heap|cannot-tell'
    for node in n1 n2; do
        tap_like "$(java_summary $node)" "^($verdict) $ended complete$" "$LABEL: verdict on $node"
        tap_like "$(java_expected $node)" '^[1-9][0-9]+$' "$LABEL: $node's jar cache is expected"
    done
    tap_is "$(es_forgotten before1) $(es_forgotten n1)" "0 0" "$LABEL: n1 receives no state"
    if [ "$1" = 5.2.1 ]; then
        tap_is "$(lucene_sites n1)$(lucene_sites n2)" "" "$LABEL: no finding"
        return
    fi
    new=$(($(es_forgotten n2) - $(es_forgotten before2)))
    lucene_near "$new" "$3" "$LABEL: one Inflater forgotten per state received ($new, $3)"
    [ "$2" != KILL ] || tap_like "$(es_forgotten n2 .released_by_cleaner)" '^[1-9]' \
        "$LABEL: though a collection had the Cleaner close some"
    tap_is "$(es_sites n1 | grep -v StandardDirectoryReader)" "$(es_lucene_truth)" \
        "$LABEL: n1: the Lucene sites"
    tap_is "$(es_sites n2 | grep -v -e StandardDirectoryReader -e "$ES_STREAM")" \
        "$(es_lucene_truth)" "$LABEL: n2: the Lucene sites"
    tap_is "$(es_sites n2 | grep -F "$ES_STREAM")" "Inflater $ES_STREAM DeflateCompressor.java:86" \
        "$LABEL: n2: the line"
}
