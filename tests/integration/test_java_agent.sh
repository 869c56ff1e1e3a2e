#!/bin/bash
# test_java_agent.sh -- streams forgotten in an agent's premain, before JNI_CreateJavaVM returns.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

jdk_test() {
    local mode jar=$T/agent-$(lr_jdk_version "$JDK").jar
    echo "Premain-Class: LeakAgent" >manifest
    "$JDK/bin/jar" --create --file "$jar" --manifest manifest -C "$JAVA_CLASSES" LeakAgent.class
    JAVA_FLAGS=("-javaagent:$jar")
    for mode in exit kill; do
        LABEL="a leak in premain" java_oracle $mode Ended
    done
    JAVA_FLAGS=()
}

java_each_jdk jdk_test
tap_done
