#!/bin/bash
# timeout: 3600
# es.sh -- the Elasticsearch night on the real software, both versions, both JDKs.
#
#     tests/soak/es.sh          the whole: all endings, logs, seccomp, throughput (20 minutes)
#     tests/soak/es.sh quick    what `make check` runs (about 3 minutes)
#
# JDK 17 runs the real Bootstrap with its security manager and seccomp; JDK 25 refuses a security
# manager and gets an embedded node.  Truth: one cluster state published is one version more, and
# 5.1.1 forgets one Inflater per state that n2 receives.  The Lucene part: tests/lib/lucene.sh.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"
. "$(dirname "$0")/../lib/es.sh"
. "$(dirname "$0")/../lib/es_check.sh"
. "$(dirname "$0")/../lib/es_logs.sh"
. "$(dirname "$0")/../lib/es_cost.sh"

quick() {
    PUBLISHES=${PUBLISHES:-100} ROUNDS=${ROUNDS:-20}
    es_jdk 17 && {
        es_start_plain 5.1.1
        es_case 5.1.1 bootstrap KILL
        es_start_plain 5.2.1
        es_case 5.2.1 bootstrap TERM
    }
    es_jdk 25 && es_case 5.1.1 embedded exit
}

whole() {
    local version how
    PUBLISHES=${PUBLISHES:-400} ROUNDS=${ROUNDS:-100}
    es_jdk 17 && {
        for version in 5.1.1 5.2.1; do
            es_start_plain $version
            for how in KILL TERM; do es_case $version bootstrap $how; done
        done
        es_seccomp
        es_throughput
    }
    es_jdk 25 && {
        for how in KILL TERM exit; do es_case 5.1.1 embedded $how; done
        es_case 5.2.1 embedded exit
    }
}

why=$(es_why_not)
[ -z "$why" ] || tap_skip_all "$why"
es_setup
if [ "${1:-}" = quick ]; then quick; else whole; fi
tap_done
