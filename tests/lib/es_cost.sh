# es_cost.sh -- what tracing costs Elasticsearch, and what seccomp has to say; source after es.sh.

# es_beside TRACED|plain: from now on that one-node cluster is the one that functions talk to.
es_beside() {
    case $1 in
    traced) ES=$ES_BASE/traced ES_PORT=$ES_FIRST_PORT ES_PID_n1=$ES_TRACED_PID ;;
    plain) ES=$ES_BASE/plain ES_PORT=$((ES_FIRST_PORT + 10)) ES_PID_n1=$ES_PLAIN_PID ;;
    esac
}

# es_batch ROUND: a fixed set of requests; prints its milliseconds and the node's CPU ticks.
es_batch() {
    local began=$EPOCHREALTIME pid before after
    pid=$(es_pid n1)
    before=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")
    es_publish 50 >/dev/null
    es_rounds "$1" $(($1 + 4)) >/dev/null
    after=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")
    awk -v a="$began" -v b="$EPOCHREALTIME" -v ticks=$((after - before)) \
        'BEGIN { printf "%d\t%d\n", (b - a) * 1000, ticks }'
}

# es_median: of the numbers on stdin.
es_median() {
    sort -g | awk '{ n[NR] = $1 } END { print (n[int((NR + 1) / 2)] + n[int(NR / 2) + 1]) / 2 }'
}

# es_ratio COLUMN: medians of traced and plain batches, their ratio, and that of neighbours.
es_ratio() {
    local traced plain
    traced=$(cut -f"$1" traced.batches | es_median)
    plain=$(cut -f"$1" plain.batches | es_median)
    awk -v a="$traced" -v b="$plain" 'BEGIN { printf "%s traced, %s plain, ratio %.3f", a, b, a / b }'
    paste <(cut -f"$1" traced.batches) <(cut -f"$1" plain.batches) | awk '{ print $1 / $2 }' |
        es_median | awk '{ printf ", median of the ratios in turn %.3f", $1 }'
}

# Two clusters of one node side by side, one of them traced; the same requests go to each in turn.
# Nothing is asserted on time: the figures are for docs/PERFORMANCE.md.
es_throughput() {
    local i side batches=${ES_BATCHES:-12} warm=${ES_WARM:-6}
    LABEL="$JDK_NAME: throughput" ES_FIRST_PORT=$ES_PORT
    es_cluster traced 5.1.1 bootstrap
    es_start n1
    ES_TRACED_PID=$ES_PID_n1
    ES_PORT=$((ES_FIRST_PORT + 10))
    es_cluster plain 5.1.1 bootstrap
    es_start n1 plain
    ES_PLAIN_PID=$ES_PID_n1
    rm -f traced.batches plain.batches
    for side in traced plain; do
        es_beside $side
        es_wait_nodes 1 && es_indices || tap_fail "$LABEL: $side comes up"
    done
    for ((i = 0; i < warm + batches; i++)); do
        for side in $([ $((i % 2)) = 0 ] && echo traced plain || echo plain traced); do
            es_beside $side
            es_batch $((i * 5 + 1)) >>$side.$([ $i -lt $warm ] && echo warm || echo batches)
        done
    done
    tap_is "$(cat traced.batches plain.batches | grep -c .)" $((2 * batches)) \
        "$LABEL: every batch was answered"
    tap_diag "milliseconds of a batch: $(es_ratio 1)"
    tap_diag "CPU ticks of a batch: $(es_ratio 2)"
    for side in traced plain; do
        es_beside $side
        tap_diag "$side: $(grep VmRSS "/proc/$(es_pid n1)/status")"
        es_stop n1 KILL
    done
    ES_PORT=$ES_FIRST_PORT
}

# Elasticsearch's filter denies fork, vfork and exec.  strace sees each attempt; ours would be new.
es_seccomp() {
    local pid
    LABEL="$JDK_NAME: seccomp"
    tap_have strace || { tap_skip "$LABEL" "strace is not installed"; return; }
    es_cluster strace 5.1.1 bootstrap
    ES_WRAP=(strace -f -qq -o "$ES/n1.strace" -e trace=fork,vfork,execve,execveat -e signal=none)
    es_start n1
    ES_WRAP=()
    if wait_for 240 es_has_nodes 1; then
        pid=$(sed -n 's/.*, pid\[\([0-9]*\)\].*/\1/p' "$ES/n1.out" | head -1)
        es_indices
        es_publish 3 >/dev/null
        es_rounds 1 2 >/dev/null
        tap_is "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")" 2 "$LABEL: the filter is on"
        kill -TERM "$pid"
    else
        tap_fail "$LABEL: the node comes up under strace" "$(tail -n 5 "$ES/n1.out" "$ES/n1.err")"
    fi
    es_stop n1 TERM
    tap_like "$(cat "$ES/n1.strace")" 'execve\("[^"]*/java".* = 0$' "$LABEL: strace sees java start"
    tap_is "$(grep -E 'EACCES|EPERM' "$ES/n1.strace")" "" "$LABEL: no denied call"
}
