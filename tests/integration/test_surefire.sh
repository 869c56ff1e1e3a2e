#!/bin/bash
# test_surefire.sh -- a Maven project whose soak test is judged by leakring (tests/surefire): the
# leak goes red naming the Java line, its fix green, and what is only noisy keeps to exact limits.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
tap_need mvn jq

repository=$LR_BUILD/maven/repository
cp -r "$LR_ROOT/tests/surefire" project && cd project || tap_fail "a copy of the project"
line=$(grep -n 'new Inflater' src/main/java/com/acme/LeakingCodec.java | cut -d: -f1)

# maven CODEC: a build on JDK, all of its output in out.  -q, as warnings of Maven's own JVM vary.
maven() {
    (
        mkdir -p "$repository" && exec 9>"$repository/.lock" && flock 9 # others' runs share it
        JAVA_HOME=$JDK timeout 500 mvn -B -q -Dstyle.color=never -Dmaven.repo.local="$repository" test -Dcodec="$1" \
            -Dleakring="$LR_CLI" -Dleakring.lib="$LR_LIB"
    ) >out 2>&1
}

jdk_test() {
    rm -rf target
    maven Leaking
    status=$?
    if ! [ -e target/soak.lkr ]; then
        grep -qE 'Could not (transfer|resolve)|could not be resolved' out &&
            tap_skip_all "Surefire can't be had from Maven Central: $(grep -m1 ERROR out | cut -c1-120)"
        tap_fail "$JDK_NAME: Surefire's JVM is traced" "$(tail -20 out)"
        return
    fi
    tap_is "$status" 1 "$JDK_NAME: the leak makes the build fail"
    tap_like "$(cat out)" "FAIL unended: 2,000 of 2,000 java.util.zip.Inflater never ended, acquired at com.acme.LeakingCodec.unpack\(LeakingCodec.java:$line\)" \
        "$JDK_NAME: with the Java line"
    tap_is "$("$LR_CLI" check --rules=leakring.ini -F json target/soak.lkr |
        jq -r '[.files[].results[] | select(.outcome != "pass") | .culprit.function] | join(" ")')" \
        com.acme.LeakingCodec.unpack "$JDK_NAME: and nothing of JUnit's, Surefire's or the JVM's"
    rm -rf target
    maven Fixed
    tap_is "$?" 0 "$JDK_NAME: its fix makes it pass" "$(tail -20 out)"
    tap_like "$(cat out)" 'PASS: .*soak.lkr' "$JDK_NAME: as the check says"
    noisy_test
}

# Exact limits: the pool has 24 Inflaters, four threads hold eight each, a JVM's jar cache a few.
noisy_test() {
    local run limits="--growth=off --limit-unended=off --limit-live=Inflater=64 --limit-leaks=16MiB"
    for run in 1 2 3; do
        LR_KEYS=budget=off traced noisy.$run.lkr "$JDK/bin/java" -cp target/classes com.acme.Soak Noisy 300 >out 2>&1
    done
    "$LR_CLI" check $limits noisy.*.lkr >out 2>&1
    tap_ok $? "$JDK_NAME: none of 3 noisy runs exceeds exact limits" "$(cat out)"
    LR_KEYS=budget=off traced leaking.lkr "$JDK/bin/java" -cp target/classes com.acme.Soak Leaking 300 >out 2>&1
    "$LR_CLI" check $limits leaking.lkr >out 2>&1
    tap_is "$?" 1 "$JDK_NAME: a run that leaks does"
    rm -f ./*.lkr
}

java_each_jdk jdk_test
tap_done
