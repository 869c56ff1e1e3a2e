#!/bin/bash
# timeout: 3000
# test_es.sh -- the short form of tests/soak/es.sh: real Elasticsearch, both versions, both JDKs.
exec "$(dirname "$0")/../soak/es.sh" quick
