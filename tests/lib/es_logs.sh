# es_logs.sh -- what Elasticsearch's nodes complain about, and whether that is the tracer's doing;
# source after es.sh.
#
# A cluster's logs are never twice the same: what a busy machine makes late, and what each node says
# while the other one leaves, depends on the moment.  So a traced life is compared with untraced
# ones of the same traffic and ending, up to the moment when the nodes are asked to stop.  Of the
# rest only what a tracer could be guilty of counts.  Something new must show again in a further
# traced life and never in a further untraced one.

# Late, gone, full: said of a busy machine or of a node that leaves.
ES_OF_TIME='took \[|[Tt]imed? ?[Oo]ut|Timeout|JvmGcMonitorService|GcMonitor|[Dd]isconnect'
ES_OF_TIME+='|[Nn]ot ?[Cc]onnected|[Cc]onnection (reset|refused|closed)|Broken pipe|ClosedChannel'
ES_OF_TIME+='|ConnectTransport|ConnectException|\[o\.e\.d\.z|NotMaster|MasterNotDiscovered'
ES_OF_TIME+='|[Mm]aster.*(left|lost|missing)|watermark|DiskThreshold|ClusterInfoService'
ES_OF_TIME+='|EsRejected|(Node|Already)Closed|FailedToCommitClusterState|(late|delayed|stale|slow) '

# What a tracer could bring about; it counts whatever else the line says, and at the end as well.
ES_OF_OURS='leakring|[Pp]ermission|[Dd]enied|AccessControl|UnsatisfiedLink|NoClassDef|[Uu]nable to '
ES_OF_OURS+='(load|install|lock|read|open)|JNA|seccomp|system call filter|mlockall|[Mm]emory lock'
ES_OF_OURS+='|ld\.so|preload|symbol|fatal error|SIG[A-Z]+ |OutOfMemory|StackOverflow|InternalError'
ES_OF_OURS+='|VM warning|[Cc]orrupt|malloc|double free'

# es_logs_alive: the logs as they are now, before the nodes are asked to stop.
es_logs_alive() { mkdir -p "$ES/alive" && cp "$ES"/n?.out "$ES"/n?.err "$ES/alive/"; }

# es_blocks KIND FILE…: complaints, a line each: a WARN or ERROR with the names of its exceptions,
# or a line that isn't the logger's.  KIND any: all but those of time; ours: those of ours only.
es_blocks() {
    local kind=$1
    shift
    cat "$@" | awk -v kind="$kind" -v ours="$ES_OF_OURS" -v of_time="$ES_OF_TIME" '
        function flush() {
            if (block != "" && (block ~ ours || (kind == "any" && block !~ of_time)))
                print block
            block = ""
        }
        /^\[[0-9]+-/ { flush(); logged = 1; if (/\]\[(WARN|ERROR) *\]/) block = $0; next }
        /^[ \t]+(at |\.\.\. [0-9])/ || /^$/ { next }
        logged && /^([ \t]|Caused by|[a-z][a-z0-9_]*(\.[A-Za-z0-9_$]+)+(:|$))/ {
            if (block != "") block = block " | " $0
            next
        }
        { flush(); logged = 0; block = $0; flush() }
        END { flush() }'
}

# es_complaints: once a kind, of the cluster in $ES: no times, numbers, names or places.
es_complaints() {
    { es_blocks any "$ES"/alive/n?.err "$ES"/alive/n?.out; es_blocks ours "$ES"/n?.err "$ES"/n?.out; } |
        sed -E 's/^\[[^]]*\]//; s/\[n[12]\]//g; s/([0-9a-f]+:){3,}[0-9a-f]+//g; s/\{[^}]*\}//g
            s|/tmp/[^] ,)]*||g; s/[0-9]+//g; s/@[0-9a-f]+//g' | cut -c1-300 | sort -u
}

# es_life NAME VERSION [plain]: a bootstrap cluster lives and ends as es_case's does; what it
# complained about in ES_SAID.
es_life() {
    ES_SAID=
    es_cluster "$1" "$2" bootstrap
    es_up "${3:-}" || return 1
    es_publish "$PUBLISHES" >/dev/null
    es_rounds 1 "$ROUNDS" >/dev/null
    es_health >/dev/null
    es_logs_alive
    es_stop n2 TERM
    es_stop n1 TERM
    ES_SAID=$(es_complaints)
    rm -rf "$ES"
}

# es_start_plain VERSION: the complaints of an untraced cluster, in ES_PLAIN.
es_start_plain() {
    LABEL="$JDK_NAME: Elasticsearch $1, untraced"
    es_life plain "$1" plain
    ES_PLAIN=$ES_SAID
}

# es_check_logs VERSION COMPLAINTS: nothing new among them.
es_check_logs() {
    local new try ES ES_VERSION ES_WAY # further clusters aren't the caller's
    new=$(es_new "$2")
    for try in 1 2; do
        [ -n "$new" ] || break
        tap_diag "new in the logs, so once more untraced and traced ($try): $new"
        es_life plain "$1" plain
        ES_PLAIN+=$'\n'$ES_SAID
        new=$(es_new "$new")
        [ -n "$new" ] || break
        es_life again "$1"
        new=$(comm -12 <(echo "$new") <(echo "$ES_SAID"))
    done
    if [ -z "$new" ]; then
        tap_pass "$LABEL: nothing in the logs that isn't there untraced"
    else
        tap_fail "$LABEL: in the logs, and not untraced: $(head -1 <<<"$new" | tr -d '#' |
            cut -c1-200)" "$new"
    fi
}
es_new() { comm -13 <(sort -u <<<"$ES_PLAIN") <(printf '%s' "$1${1:+$'\n'}"); }
