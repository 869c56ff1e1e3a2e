#!/bin/bash
# test_gradle.sh -- docs/CI.md's lines for Gradle in use (tests/surefire/build.gradle): the leak makes
# the build fail naming the Java line, its fix makes it pass.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
tap_need gradle jq

junit=/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar
[ -e "${junit%%:*}" ] && [ -e "${junit##*:}" ] || tap_skip_all "JUnit 4 and Hamcrest are not installed (junit4)"
cp -r "$LR_ROOT/tests/surefire" project && cd project || tap_fail "a copy of the project"
line=$(grep -n 'new Inflater' src/main/java/com/acme/LeakingCodec.java | cut -d: -f1)

# build CODEC LIBRARY [OPTION…]: on JDK, offline, with a home of its own and no daemon; all output in
# out.
build() {
    JAVA_HOME=$JDK timeout 400 gradle --offline --no-daemon --console=plain -g "$T/gradle" test \
        -Dcodec="$1" -Djunit="$junit" -Dleakring="$LR_CLI" -Dleakring.lib="$2" "${@:3}" >out 2>&1
}

# Old Gradles run no tests on new JDKs, which says nothing of the lines: so first without us.
jdk_test() {
    if ! build Fixed "" -x leakCheck; then
        tap_skip "$JDK_NAME: Gradle" \
            "$(gradle --version 2>/dev/null | grep -m1 '^Gradle'), without us: $(grep -m1 -A1 'went wrong' out | tail -1 | cut -c1-100)"
        return
    fi
    build Leaking "$LR_LIB"
    tap_is "$?" 1 "$JDK_NAME: the leak makes the build fail" "$(tail -20 out)"
    tap_like "$(cat out)" "FAIL unended: 2,000 of 2,000 java.util.zip.Inflater never ended, acquired at com.acme.LeakingCodec.unpack\(LeakingCodec.java:$line\)" \
        "$JDK_NAME: with the Java line"
    build Fixed "$LR_LIB"
    tap_is "$?" 0 "$JDK_NAME: its fix makes it pass" "$(tail -20 out)"
    tap_like "$(cat out)" 'PASS: .*[0-9]+\.lkr' "$JDK_NAME: as the check says"
}
java_each_jdk jdk_test
tap_done
