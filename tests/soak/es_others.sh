#!/bin/bash
# es_others.sh -- what other tools show of the same run: docs/TUTORIAL.md quotes it.
#
#     tests/soak/es_others.sh [nmt|jemalloc|heaptrack|async…]
#
# Elasticsearch 5.1.1, node n2 under the tool, n1 plain, the same traffic each time.  A tool that
# isn't here is skipped.  ASYNC: async-profiler's libasyncProfiler.so; JFRCONV: its jfr-converter.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"
. "$(dirname "$0")/../lib/es.sh"
. "$(dirname "$0")/../lib/es_check.sh"

# The pid of n2's java, whatever wraps it.
java_pid() { sed -n 's/.*, pid\[\([0-9]*\)\].*/\1/p' "$ES/n2.out" | head -1; }

rss() { awk '/^VmRSS/ { print $2 " kB" }' "/proc/$(java_pid)/status"; }

# others TOOL: a cluster with n2 under it; the caller has set ES_ENV, ES_TOOL and ES_FLAGS_2.
others() {
    LABEL="$JDK_NAME: $1"
    es_cluster others 5.1.1 bootstrap
    es_start n1 plain
}

traffic() {
    es_wait_nodes 2 && es_indices || { tap_fail "$LABEL: comes up" "$(tail -n 4 "$ES"/n2.*)"; return 1; }
    es_health >/dev/null
    tap_diag "RSS before: $(rss), n2's version $(es_version n2)"
    "${1:-:}"
    es_publish "${PUBLISHES:-300}" >/dev/null
    es_rounds 1 "${ROUNDS:-20}" >/dev/null
    if kill -0 "$(java_pid)"; then
        tap_diag "RSS after: $(rss), n2's version $(es_version n2)"
    else
        tap_diag "n2 died: $(tail -n 12 "$ES/n2.out" "$ES/n2.err"; head -n 30 "$ES"/hs_err*)"
    fi
}

finish() {
    kill -TERM "$(java_pid)"
    es_stop n2 TERM
    es_stop n1 TERM
}

nmt() {
    others NMT
    ES_FLAGS=(-XX:NativeMemoryTracking=summary)
    es_start n2 plain
    ES_FLAGS=()
    traffic nmt_baseline && tap_diag "$("$JDK/bin/jcmd" "$(java_pid)" VM.native_memory summary.diff)"
    finish
}
nmt_baseline() { "$JDK/bin/jcmd" "$(java_pid)" VM.native_memory baseline >/dev/null; }

jemalloc() {
    local last
    others "jemalloc and jeprof"
    ES_ENV=("LD_PRELOAD=libjemalloc.so.2"
        "MALLOC_CONF=prof:true,prof_prefix:$ES/je,prof_final:true,lg_prof_sample:${SAMPLE:-19}")
    es_start n2 plain
    ES_ENV=()
    traffic
    finish
    last=$(ls -t "$ES"/je.*.heap 2>/dev/null | head -1)
    tap_diag "$(ls -l "$ES"/je.*.heap)"
    tap_diag "$(jeprof --text --cum "$JDK/bin/java" "$last" 2>&1 | head -30)"
    tap_diag "$(jeprof --text "$JDK/bin/java" "$last" 2>&1 | grep -iE 'flate|zip|Total' | head)"
}

heaptrack() {
    others heaptrack
    ES_TOOL=(heaptrack -o "$ES/n2.heaptrack")
    es_start n2 plain
    ES_TOOL=()
    traffic
    finish
    tap_diag "$(ls -l "$ES"/n2.heaptrack*)"
    timeout 120 heaptrack_print --print-peaks=0 --print-allocators=0 --print-temporary=0 \
        --print-leaks=1 "$ES"/n2.heaptrack* >heaptrack.txt 2>&1
    tap_diag "$(tail -n 6 heaptrack.txt)"
    tap_diag "$(grep -n -A14 -i 'inflate' heaptrack.txt | head -50)"
}

async() {
    others async-profiler
    cp "$ASYNC" "$ES/"
    ES_FLAGS=("-agentpath:$ES/libasyncProfiler.so=start,nativemem=${SAMPLE:-512k},file=$ES/n2.jfr")
    es_start n2 plain
    ES_FLAGS=()
    traffic
    finish
    tap_diag "$(ls -l "$ES"/n2.jfr)"
    "$JDK/bin/java" -jar "$JFRCONV" --nativemem --leak --total -o collapsed "$ES/n2.jfr" "$ES/leak.txt"
    "$JDK/bin/java" -jar "$JFRCONV" --nativemem --total -o collapsed "$ES/n2.jfr" "$ES/all.txt"
    tap_diag "allocated below streamInput, freed or not:" \
        "$(grep 'DeflateCompressor.streamInput' "$ES/all.txt" | awk '{ sum += $NF } END { print sum + 0 }')"
    tap_diag "$(awk '{ sum += $NF } END { print NR, "stacks,", sum, "bytes never freed" }' "$ES/leak.txt")"
    tap_diag "$(grep -c streamInput "$ES/leak.txt") stacks with streamInput:" \
        "$(grep 'DeflateCompressor.streamInput' "$ES/leak.txt" | awk '{ sum += $NF } END { print sum + 0 }') bytes"
    tap_diag "$(sort -t' ' -k2 -n "$ES/leak.txt" | awk '{ print $NF, $0 }' | sort -rn | cut -c1-400 | head -5)"
}

es_setup
es_jdk 17 || tap_done
for tool in ${*:-nmt jemalloc heaptrack async}; do
    case $tool in
    heaptrack) tap_have heaptrack || { tap_skip heaptrack "not installed"; continue; } ;;
    jemalloc) tap_have jeprof || { tap_skip jemalloc "jeprof is not installed"; continue; } ;;
    async) [ -n "${ASYNC:-}" ] || { tap_skip async-profiler "ASYNC is not set"; continue; } ;;
    esac
    $tool
    tap_pass "$tool"
done
tap_done
