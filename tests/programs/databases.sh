#!/bin/bash
# databases.sh -- H2, HSQLDB and Derby, created, loaded, queried, backed up, closed and opened again,
# on each JDK.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq python3
ROWS=${ROWS:-3000}
KINDS=${KINDS:-h2 hsqldb derby}

jars=
for artifact in com.h2database:h2:2.3.232 org.hsqldb:hsqldb:2.7.4 org.apache.derby:derby:10.16.1.1 \
    org.apache.derby:derbyshared:10.16.1.1; do
    jar=$(java_artifact "$artifact" "$artifact") || tap_skip_all "$jar"
    jars=$jars:$jar
done

jdk_test() {
    local kind name
    mkdir -p "classes-$JDK_NAME"
    "$JDK/bin/javac" -d "classes-$JDK_NAME" "$LR_ROOT/tests/programs/Databases.java" || return
    for kind in $KINDS; do
        name=$kind-$(lr_jdk_version "$JDK")
        with_and_without "$name" "$JDK/bin/java" -Xmx400m -cp "$T/classes-$JDK_NAME$jars" Databases "$kind" "$ROWS"
        tap_like "$(tail -1 "$name.plain.out")" '^ended$' "$name: runs to its end" \
            "$(tail -3 "$name.plain.err")"
        program_is_fine "$name" java
    done
}
java_each_jdk jdk_test
tap_done
