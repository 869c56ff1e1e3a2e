#!/bin/bash
# test_java_states.sh -- the short form of tests/soak/java_states.sh.
# timeout: 2400
exec "$(dirname "$0")/../soak/java_states.sh"
