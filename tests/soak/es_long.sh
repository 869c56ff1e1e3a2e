#!/bin/bash
# es_long.sh -- a night of light traffic on Elasticsearch 5.1.1, and what tracing it costs.
#
#     SOAK=8h tests/soak/es_long.sh [DIRECTORY]     (s, m or h; default 60m, build/soak)
#
# Leaves samples.tsv (one line every three minutes), both traces and both reports in DIRECTORY.
# Where a loop device can be had, the traces are on a file system of their own, whose counter says
# what they cost in bytes written to disk.
directory=$(mkdir -p "${1:-build/soak}" && cd "${1:-build/soak}" && pwd) || exit 1
case $0 in /*) ;; *) exec "$BASH" "$PWD/$0" "$directory" ;; esac
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"
. "$(dirname "$0")/../lib/es.sh"
. "$(dirname "$0")/../lib/es_check.sh"

seconds() {
    case $1 in
    *h) echo $((${1%h} * 3600)) ;;
    *m) echo $((${1%m} * 60)) ;;
    *) echo "${1%s}" ;;
    esac
}

# A file system for the traces alone; its name below /sys/fs/ext4 in DEVICE.
own_filesystem() {
    DEVICE=
    truncate -s 300M "$ES_BASE/traces.img" && mkfs.ext4 -q -F "$ES_BASE/traces.img" &&
        mount -o loop "$ES_BASE/traces.img" "$ES_TRACES" || return
    DEVICE=$(basename "$(findmnt -no SOURCE "$ES_TRACES")")
    trap 'es_stop_all; umount "$ES_TRACES"; rm -rf "$ES_BASE"; tap_cleanup' EXIT
}

written_kib() {
    if [ -n "$DEVICE" ]; then cat "/sys/fs/ext4/$DEVICE/session_write_kbytes"; else echo -; fi
}

# ticks PID [NAME]: CPU time in ticks of the process, or of its thread of that name.
ticks() {
    local stat
    if [ -n "${2:-}" ]; then
        stat=$(grep -l "^$2\$" /proc/"$1"/task/*/comm 2>/dev/null | head -1)
        stat=${stat%comm}stat
    else
        stat=/proc/$1/stat
    fi
    awk '{ sub(/.*\) /, ""); print $12 + $13 }' "$stat" 2>/dev/null
}

# Resident and dirty KiB of the mapped trace.
mapping() {
    awk -v name="/$2.lkr" '/^[0-9a-f]+-/ { ours = index($0, name) }
        ours && /^Rss:/ { rss += $2 }
        ours && /^(Shared|Private)_Dirty:/ { dirty += $2 }
        END { printf "%d\t%d", rss, dirty }' "/proc/$1/smaps"
}

sample() {
    local node=$1 pid
    pid=$(es_pid "$node")
    printf '%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' $((SECONDS - began)) "$node" \
        "$(es_version n2)" "$(stat -c '%s' "$ES_TRACES/$node.lkr")" "$(written_kib)" \
        "$(awk '/^write_bytes/ { print $2 }' "/proc/$pid/io")" \
        "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")" "$(mapping "$pid" "$node")" \
        "$(ticks "$pid" leakring)" "$(ticks "$pid")" >>samples.tsv
}

traffic() {
    local round=0 next=0 end=$((SECONDS + $1))
    while [ $SECONDS -lt $end ]; do
        round=$((round + 1))
        es_publish 5 >/dev/null
        es_rounds $round $round >/dev/null
        if [ $SECONDS -ge $next ]; then
            sample n1
            sample n2
            next=$((SECONDS + 180))
        fi
        sleep 3
    done
}

verdicts() {
    local node took
    for node in n1 n2; do
        cp "$ES_TRACES/$node.lkr" "$directory/"
        took=$EPOCHREALTIME
        "$LR_CLI" report "$directory/$node.lkr" >"$directory/$node.txt"
        tap_ok $? "$LABEL: report on $node"
        tap_diag "report on $node took" \
            "$(awk -v a="$took" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
        cp "$directory/$node.lkr" . && java_report $node
        tap_like "$(java_summary $node)" "^(leak|garbage-waiting) killed complete$" \
            "$LABEL: verdict on $node"
    done
    tap_is "$(cut -f4 samples.tsv | sed 1d | sort -u | wc -l)" 1 "$LABEL: file size is constant"
    tap_is "$(es_forgotten n1)" 0 "$LABEL: n1 receives no state"
    lucene_near $(($(es_forgotten n2) - $(es_forgotten before2))) $((after - before)) \
        "$LABEL: one Inflater forgotten per state received"
    cp samples.tsv "$directory/"
    tap_diag "$(column -t -s"$(printf '\t')" samples.tsv)"
}

why=$(es_why_not)
[ -z "$why" ] || tap_skip_all "$why"
es_jdk 17 || tap_done
es_setup
ES_TRACES=$ES_BASE/traces
mkdir "$ES_TRACES"
own_filesystem
chmod 777 "$ES_TRACES"
LABEL="$JDK_NAME: Elasticsearch 5.1.1 for ${SOAK:-60m}"
es_cluster night 5.1.1 bootstrap
es_up || tap_done
printf 'seconds\tnode\tversion\tsize\twritten_kib\tnode_write_bytes\trss_kib\ttrace_rss_kib\ttrace_dirty_kib\ttracer_ticks\tticks\n' >samples.tsv
before=$(es_version n2) began=$SECONDS
es_report n2 before2
traffic "$(seconds "${SOAK:-60m}")"
tap_is "$(es_health)" "green 2" "$LABEL: health"
sample n1
sample n2
after=$(es_version n2)
es_stop n2 KILL
es_stop n1 KILL
verdicts
tap_done
