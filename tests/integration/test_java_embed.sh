#!/bin/bash
# test_java_embed.sh -- a C program that makes its own JVM: linked with -ljvm, or by dlopen and
# dlsym; on its first thread or another.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"

# embed_test LABEL COMMAND…
embed_test() {
    local label=$1 mode
    shift
    for mode in exit kill; do
        java_run $mode embed "$@" Unended "${JAVA_OPEN[@]}" "-Djava.class.path=$JAVA_CLASSES" --
        tap_is "$?" 0 "$JDK_NAME: $label ($mode): exit status"
        java_check $mode embed "$label"
    done
}

jdk_test() {
    local server=$JDK/lib/server source=$LR_ROOT/tests/oracle/jni_embed.c
    local flags="-std=gnu11 -Wall -Wextra -Werror -g -I$JDK/include -I$JDK/include/linux"
    if ! ${CC:-cc} $flags -DLINKED -o linked "$source" -L"$server" -Wl,-rpath,"$server" -ljvm \
        -lpthread || ! ${CC:-cc} $flags -o opened "$source" -lpthread -ldl; then
        tap_fail "$JDK_NAME: jni_embed.c compiles"
        return
    fi
    embed_test "linked with -ljvm" ./linked
    embed_test "dlopen" ./opened --libjvm "$server/libjvm.so"
    embed_test "dlopen on a second thread" ./opened --libjvm "$server/libjvm.so" --thread
}

java_each_jdk jdk_test
tap_done
