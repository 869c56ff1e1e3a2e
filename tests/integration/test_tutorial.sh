#!/bin/bash
# timeout: 2400
# test_tutorial.sh -- the commands of docs/TUTORIAL.md, run as they stand there, against the real
# Elasticsearch: its blocks marked <!-- run --> are one script, from the tarball on.  The test plays
# the world around them: the other node, the traffic, and the kernel that kills.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"
. "$(dirname "$0")/../lib/dist.sh"
. "$(dirname "$0")/../lib/es.sh"
. "$(dirname "$0")/../lib/es_check.sh"

# The marked blocks; their comments and output are none of them.
tutorial_commands() {
    awk '/^<!-- run -->/ { marked = 1 } /^```sh/ && marked { inside = 1; next }
        /^```/ { inside = marked = 0 } inside' "$LR_ROOT/docs/TUTORIAL.md"
}

# bin/elasticsearch, as the tutorial calls it: node n2, as nobody in its namespace.
write_start_script() {
    es_command n2
    mkdir -p "$ES/bin"
    {
        echo '#!/bin/bash'
        echo 'exec unshare -m sh -c '\''env -u LD_PRELOAD mount -t tmpfs none /sys/fs/cgroup && exec "$@"'\'' sh \'
        echo '    setpriv --reuid=nobody --regid=nogroup --clear-groups \'
        printf '    '
        printf '%q ' "${COMMAND[@]}"
        echo
    } >"$ES/bin/elasticsearch"
    chmod 755 "$ES/bin/elasticsearch"
}

# The night in short: traffic, then SIGKILL for the node whose memory grew.
world() {
    es_wait_nodes 2 && es_indices && es_health || return
    es_publish 100
    es_rounds 1 10
    sleep 1
    kill -KILL "$(sed -n 's/.*, pid\[\([0-9]*\)\].*/\1/p' "$ES/tutorial.out" | head -1)"
} >>"$ES/world.log" 2>&1

why=$(es_why_not)
[ -z "$why" ] || tap_skip_all "$why"
tutorial_commands >commands
tap_like "$(cat commands)" 'leakring report' "the tutorial has commands to run"
tap_ok $([ "$(sed '/leakring report/q' commands | grep -c .)" -le 3 ]; echo $?) \
    "three of them lead to the culprit"
es_jdk 17 || tap_done
dist_tarball || { tap_fail "make dist" "$(tail -20 dist.log)"; tap_done; }
es_setup
es_cluster tutorial 5.1.1 bootstrap
write_start_script
cp "$DIST_TARBALL" "$ES"
chmod 755 "$ES"
es_start n1 plain
world &
(cd "$ES" && bash -v "$T/commands") >"$ES/tutorial.out" 2>"$ES/tutorial.err" </dev/null
tap_is "$?" 0 "its commands succeed, up to the last" "$(tail -5 "$ES/tutorial.err")"
[ -z "${KEEP:-}" ] || cp "$ES"/tutorial.* "$ES"/*.lkr "$KEEP"
output=$(grep -v -e '^\[' -e '^[[:space:]]at ' "$ES/tutorial.out" | cut -c1-200)
tap_like "$output" '^(LEAK|GARBAGE WAITING): .* java.util.zip.Inflater' "the report finds the leak"
tap_like "$output" 'DeflateCompressor\.streamInput\(DeflateCompressor\.java:86\)' "and the line"
tap_like "$output" 'called by .*handleIncomingClusterStateRequest\(PublishClusterStateAction\.java:[0-9]+\)' \
    "and who called it"
tap_like "$output" 'complete: nothing was lost' "and missed nothing"
if tap_have jeprof; then
    tap_like "$output" '^ .* org\.elasticsearch\.common\.compress\.DeflateCompressor\.streamInput$' \
        "jeprof draws our file"
else
    tap_skip "jeprof draws our file" "jeprof is not installed (libjemalloc-dev)"
fi
es_stop n1 KILL
tap_done
