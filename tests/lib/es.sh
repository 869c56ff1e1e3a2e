# es.sh -- real Elasticsearch on loopback: two nodes, REST traffic, and what they must show.
# Source after java.sh.  CASES: node n1 is the master, n2 receives published cluster states; in
# 5.1.1 each of them costs an Inflater that nobody ends, in 5.2.1 none.
#
# es_setup once; es_cluster chooses what runs; es_start NODE starts it, es_stop NODE HOW ends it.
# Nothing listens anywhere but on 127.0.0.1.

ES_HEAP=${ES_HEAP:-512m}

# es_ports: sets ES_PORT, n1's REST port; then come n1's transport, n2's REST and n2's transport,
# and ten further on those of a second cluster.  All free a moment ago.
es_ports() {
    local port
    while :; do
        ES_PORT=$((20000 + RANDOM % 600 * 20))
        for port in 0 1 2 3 10 11 12 13; do
            ! (: </dev/tcp/127.0.0.1/$((ES_PORT + port))) 2>/dev/null || continue 2
        done
        return
    done
}

# es_setup: a turn of our own (one cluster at a time is enough for a machine), and a place that
# nobody can reach into (the scratch directory isn't one), with both versions and our library; or
# skips everything.
es_setup() {
    local version zip
    tap_need jq curl python3 flock
    [ -n "${ES_PORT:-}" ] || es_ports
    mkdir -p "$LR_BUILD" && exec 7>"$LR_BUILD/es.lock" && flock 7
    ES_BASE=$(mktemp -d /tmp/leakring-es.XXXXXX) && chmod 711 "$ES_BASE" || exit 1
    trap 'es_stop_all; rm -rf "$ES_BASE"; tap_cleanup' EXIT
    for version in 5.1.1 5.2.1; do
        zip=$(java_artifact "Elasticsearch $version" \
            "org.elasticsearch.distribution.zip:elasticsearch:$version:zip") || tap_skip_all "$zip"
        python3 -m zipfile -e "$zip" "$ES_BASE" || tap_skip_all "$zip can't be unpacked"
    done
    cp "$LR_LIB" "$ES_BASE/libleakring.so"
    chmod -R go+rX "$ES_BASE"/*
}

# Prints why no node can run here: it refuses root, and wants cgroup files of its day.
es_why_not() {
    [ "$(id -u)" = 0 ] || { echo "only root can become nobody in a mount namespace"; return; }
    tap_have setpriv && tap_have unshare || { echo "setpriv or unshare is missing"; return; }
    unshare -m mount -t tmpfs none /sys/fs/cgroup 2>/dev/null ||
        echo "no mount namespace can be made here"
}

# es_cluster NAME VERSION WAY: a fresh cluster below $ES; WAY is bootstrap or embedded.
es_cluster() {
    ES=$ES_BASE/$1 ES_VERSION=$2 ES_WAY=$3 ES_HOME=$ES_BASE/elasticsearch-$2
    rm -rf "$ES" && mkdir -p "$ES/tmp"
    es_configure n1 true 0
    es_configure n2 false 2
    if [ "$ES_WAY" = embedded ]; then
        ES_CLASSES=$ES/classes
        "${LR_JDKS%%$'\n'*}/bin/javac" -nowarn -cp "$ES_HOME/lib/*" -d "$ES_CLASSES" \
            "$LR_ROOT/tests/soak/EmbeddedNode.java"
    else
        ES_CLASSES=
    fi
    chown -R nobody "$ES"
}

# A slow machine isn't a partitioned one, and a full disk is none of our business.
es_configure() {
    mkdir -p "$ES/$1/logs"
    cp -r "$ES_HOME/config" "$ES/$1/config"
    cat >"$ES/$1/config/elasticsearch.yml" <<-END
	cluster.name: leakring
	node.name: $1
	node.master: $2
	network.host: 127.0.0.1
	http.port: $((ES_PORT + $3))
	transport.tcp.port: $((ES_PORT + $3 + 1))
	discovery.zen.ping.unicast.hosts: ["127.0.0.1:$((ES_PORT + 1))"]
	discovery.zen.fd.ping_timeout: 120s
	discovery.zen.publish_timeout: 120s
	discovery.zen.commit_timeout: 120s
	cluster.routing.allocation.disk.threshold_enabled: false
	path.data: $ES/$1/data
	path.logs: $ES/$1/logs
	END
}

es_url() { echo "http://127.0.0.1:$([ "$1" = n1 ] && echo "$ES_PORT" || echo $((ES_PORT + 2)))"; }

# Sets COMMAND: NODE's java, its jvm.options but for the collector that JDK 17 hasn't any more.
es_command() {
    local way=(-Des.path.home="$ES_HOME") main=(org.elasticsearch.bootstrap.Elasticsearch
        "-Epath.conf=$ES/$1/config")
    if [ "$ES_WAY" = embedded ]; then
        main=(EmbeddedNode "$ES_HOME" "$ES/$1/config")
    else
        way+=(-Djava.security.manager=allow -XX:-UseContainerSupport)
    fi
    COMMAND=("$JDK/bin/java" "-Xms$ES_HEAP" "-Xmx$ES_HEAP" ${ES_FLAGS[@]+"${ES_FLAGS[@]}"}
        --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED
        --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED -XX:+DisableExplicitGC -Xss1m
        -Djava.awt.headless=true -Dfile.encoding=UTF-8 -Djna.nosys=true
        -Djdk.io.permissionsUseCanonicalPath=true -Dio.netty.noUnsafe=true
        -Dio.netty.noKeySetOptimization=true -Dlog4j.shutdownHookEnabled=false
        -Dlog4j2.disable.jmx=true -Dlog4j.skipJansi=true -Djava.io.tmpdir="$ES/tmp"
        "${way[@]}" -cp "$ES_HOME/lib/*${ES_CLASSES:+:$ES_CLASSES}" "${main[@]}")
}

# es_start NODE [plain]: in the background, traced into NODE.lkr (LR_KEYS adds keys) unless plain;
# ES_PID_NODE.  It doesn't outlive the test.  ES_WRAP goes before everything, ES_TOOL before java;
# ES_ENV is a plain one's.
es_start() {
    local trace=("LEAKRING=file=${ES_TRACES:-$ES}/$1.lkr${LR_KEYS:+,$LR_KEYS}"
        "LD_PRELOAD=$ES_BASE/libleakring.so")
    [ "${2:-}" != plain ] || trace=(${ES_ENV[@]+"${ES_ENV[@]}"})
    es_command "$1"
    [ -p "$ES/$1.in" ] || mkfifo "$ES/$1.in"
    unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && cd "$0" && exec "$@"' "$ES" \
        ${ES_WRAP[@]+"${ES_WRAP[@]}"} \
        setpriv --reuid=nobody --regid=nogroup --clear-groups --pdeathsig KILL \
        /usr/bin/env ${trace[@]+"${trace[@]}"} ${ES_TOOL[@]+"${ES_TOOL[@]}"} "${COMMAND[@]}" \
        >"$ES/$1.out" 2>"$ES/$1.err" 0<>"$ES/$1.in" 7>&- &
    printf -v "ES_PID_$1" %s $!
}

es_pid() { local name=ES_PID_$1; echo "${!name:-}"; }

# es_stop NODE exit|TERM|KILL: and waits for it.
es_stop() {
    local pid
    pid=$(es_pid "$1")
    [ -n "$pid" ] || return 0
    if [ "$2" = exit ]; then echo exit >"$ES/$1.in"; else kill "-$2" "$pid"; fi
    { wait_for 300 es_gone "$pid" || kill -KILL "$pid"; wait "$pid"; } 2>/dev/null # no "Killed"
    unset "ES_PID_$1"
}
es_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"; }
es_stop_all() { es_stop n2 KILL; es_stop n1 KILL; }

# es_get NODE PATH
es_get() { curl -sS --max-time 330 "$(es_url "$1")/$2"; }
es_put() { curl -sS --max-time 330 -XPUT "$(es_url "$1")/$2" -d "$3"; }

# es_wait_nodes N: until n1 knows N nodes, or one of them has died.
es_wait_nodes() { wait_for 300 es_decided "$1" && es_has_nodes "$1"; }
es_decided() { es_has_nodes "$1" || es_died n1 || es_died n2; }
es_died() { [ -n "$(es_pid "$1")" ] && es_gone "$(es_pid "$1")"; }
es_has_nodes() { [ "$(es_get n1 _cluster/health | jq .number_of_nodes)" = "$1" ]; }
es_health() {
    es_get n1 '_cluster/health?wait_for_status=green&wait_for_events=languid&timeout=300s' |
        jq -r '"\(.status) \(.number_of_nodes)"'
}
# The version of the cluster state that NODE has applied.
es_version() { es_get "$1" '_cluster/state/version?local=true' | jq .version; }

# --- traffic ---------------------------------------------------------------------------------

# What has a timeout of 30 s otherwise.
ES_PATIENT="master_timeout=300s&timeout=300s"

# One index whose settings get toggled, one that is compressed well; both on both nodes.
es_indices() {
    local shape='"number_of_shards": 1, "number_of_replicas": 1'
    es_put n1 "toggled?$ES_PATIENT" "{\"settings\": {$shape}}" >>"$ES/traffic.log"
    es_put n1 "packed?$ES_PATIENT" "{\"settings\": {$shape, \"codec\": \"best_compression\",
        \"refresh_interval\": -1}}" >>"$ES/traffic.log"
}

# Requests are collected in one curl configuration and sent over one connection: es_request METHOD
# PATH [BODY], then es_send, which prints how many were answered well.
es_request() {
    printf 'next\nurl = "%s/%s"\nrequest = %s\nsilent\nmax-time = 330\noutput = /dev/null\n' \
        "$(es_url n1)" "$2" "$1" >>"$ES/requests"
    printf 'write-out = "%%{http_code}\\n"\n' >>"$ES/requests"
    [ -z "${3:-}" ] || printf 'data-binary = "%s"\n' "$3" >>"$ES/requests"
}
es_send() {
    sed -i 1d "$ES/requests"
    curl -K "$ES/requests" 2>>"$ES/traffic.log" | grep -c '^20[01]$'
    rm -f "$ES/requests"
}

# es_publish N: N cluster states, each with another setting.
es_publish() {
    local i
    for ((i = 1; i <= $1; i++)); do
        es_request PUT "toggled/_settings?$ES_PATIENT" \
            "{\\\"index.refresh_interval\\\": \\\"$((i % 2 + 5))s\\\"}"
    done
    es_send
}

# es_rounds FIRST LAST: documents written, refreshed, found and read; every tenth merges.
es_rounds() {
    local i j bulk=$ES/bulk
    for ((i = $1; i <= $2; i++)); do
        for ((j = 0; j < 50; j++)); do
            printf '{"index": {"_index": "packed", "_type": "line", "_id": "%d-%d"}}\n' "$i" $j
            printf '{"round": %d, "text": "document %d of round %d, leaking as %d does"}\n' $i $j $i \
                $((i * j % 97))
        done >"$bulk.$i"
        es_request POST '_bulk?refresh=true&timeout=300s' "@$bulk.$i"
        es_request GET "packed/_search?q=round:$i&size=20&preference=_replica_first"
        es_request GET "packed/_search?q=round:$i&size=20&preference=_primary"
        es_request GET "packed/line/$i-1?preference=_primary"
        [ $((i % 10)) -ne 0 ] || es_request POST 'packed/_forcemerge?max_num_segments=1'
    done
    es_send
    rm -f "$bulk".*
}
