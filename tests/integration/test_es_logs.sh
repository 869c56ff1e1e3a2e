#!/bin/bash
# test_es_logs.sh -- the judge of Elasticsearch's logs: blind to what a busy machine says, not to us.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/es.sh"
. "$(dirname "$0")/../lib/es_logs.sh"

# cluster NAME: an empty cluster's logs, with what an untraced one always says.
cluster() {
    ES=$T/$1
    mkdir -p "$ES"
    : >"$ES/n2.err"
    echo 'WARNING: System::setSecurityManager will be removed in a future release' >"$ES/n1.err"
    cat >"$ES/n1.out" <<-'END'
	[2026-11-21T14:15:09,720][WARN ][i.n.u.i.MacAddressUtil   ] Failed to find a usable hardware address from the network interfaces; using random bytes: 64:46:31:1a:ea:b9:c6:57
	[2026-11-21T14:15:09,749][INFO ][o.e.n.Node               ] [n1] started
	END
    sed 's/\[n1\]/[n2]/; s/64:46:31/26:a3:9e/' "$ES/n1.out" >"$ES/n2.out"
}
say() { printf '%s\n' "$2" >>"$ES/$1"; }

# new: what the cluster says that the plain one doesn't.
new() { es_new "$(es_complaints)"; }

cluster plain
es_logs_alive
ES_PLAIN=$(es_complaints)
tap_is "$(wc -l <<<"$ES_PLAIN")" 2 "one line for each kind of complaint, whichever node's"

cluster busy
say n1.out '[2026-11-21T14:16:00,001][WARN ][o.e.c.s.ClusterService   ] [n1] cluster state update task [put-mapping] took [31.2s] above the warn threshold of 30s'
say n1.out '[2026-11-21T14:16:01,001][WARN ][o.e.a.a.c.n.s.TransportNodesStatsAction] [n1] not accumulating exceptions, excluding exception from response'
say n1.out 'org.elasticsearch.action.FailedNodeException: Failed node [x]'
say n1.out '	at org.elasticsearch.action.support.Denied.permission(Denied.java:1)'
say n1.out 'Caused by: org.elasticsearch.transport.NodeDisconnectedException: [n2] disconnected'
say n1.out '	... 7 more'
say n1.out '[2026-11-21T14:16:02,001][INFO ][o.e.n.Node               ] [n1] stopping ...'
es_logs_alive
say n2.out '[2026-11-21T14:16:03,001][WARN ][o.e.x.Unheard            ] [n2] said while it leaves'
tap_is "$(new)" "" "what is late or gone, and what is said at the end, isn't new"

for line in 'n1.err leakring: cannot make n1.lkr' \
    'n2.err ERROR: ld.so: object cannot be preloaded: ignored.' \
    'n1.out # A fatal error has been detected by the Java Runtime Environment:' \
    'n1.out [0.010s][warning][os,thread] Failed to start thread' \
    'n2.out [2026-11-21T14:16:03,001][WARN ][o.e.b.Natives ] [n2] unable to load JNA native support' \
    'n2.out [2026-11-21T14:16:03,001][WARN ][o.e.b.JNANatives ] [n2] Unable to lock JVM Memory: timed out'; do
    cluster guilty
    say "${line%% *}" "${line#* }"
    es_logs_alive
    tap_is "$(new | wc -l)" 1 "new: ${line:0:60}"
done

cluster exception
say n1.out '[2026-11-21T14:16:00,001][ERROR][o.e.x.Thing              ] [n1] went wrong'
say n1.out 'java.lang.IllegalStateException: of a new kind'
say n1.out '	at org.elasticsearch.x.Thing.go(Thing.java:12)'
es_logs_alive
tap_is "$(new | tr -s ' ')" \
    "[ERROR][o.e.x.Thing ] went wrong | java.lang.IllegalStateException: of a new kind" \
    "an exception is named, on the line of its complaint"

cluster ending
es_logs_alive
say n1.out '[2026-11-21T14:16:03,001][WARN ][o.e.x.Any] [n1] java.security.AccessControlException: access denied'
say n2.err '# SIGSEGV (0xb) at pc=0x00007f'
tap_is "$(new | wc -l)" 2 "what a tracer could be guilty of counts at the end as well"
tap_done
