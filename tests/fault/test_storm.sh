#!/bin/bash
# test_storm.sh -- thousands of children while threads allocate: fork, raw clone, vfork, posix_spawn,
# daemons, and the JDK's launcher that closes every descriptor.  Nobody hangs, no child leaves a
# file or a mark in the parent's, and the parent's record is exact.
# FORKS, SPAWNS, DAEMONS, JVM_CHILDREN: how many (make check-faults: 10,000, 2,000, 500, 500).
# timeout: 1800
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
. "$(dirname "$0")/../lib/java.sh"

FORKS=${FORKS:-1000} SPAWNS=${SPAWNS:-200} DAEMONS=${DAEMONS:-40} JVM_CHILDREN=${JVM_CHILDREN:-30}

storm() { # NAME END KEYS
    local name=$1 end=$2
    mkdir $name
    LR_KEYS=$(exact_keys "$3") run_oracle $end "$PWD/$name/storm.lkr" timeout_storm
    tap_ok $? "$name: nobody hangs or dies" "$(tail -3 $name/storm.lkr.err)"
    tap_is "$(sed -n 's/^children //p' $name/storm.lkr.out)" $((FORKS + SPAWNS + DAEMONS)) "$name: all had their turn"
    matches_truth "$PWD/$name/storm.lkr" 'sites malloc' "$name: the parent's blocks exactly, and no child's"
    tap_is "$(completeness_of $name/storm.lkr.json)" complete "$name: complete"
    tap_is "$(count_traces $name)" 1 "$name: no child left a file"
    tap_is "$(cat $name/storm.lkr.err)" "" "$name: silent"
}

# The oracle with its counts, for run_oracle: END is its first argument.
cat >timeout_storm <<END
#!/bin/sh
exec "$LR_ORACLE/fork_storm" \$1 $FORKS $SPAWNS $DAEMONS "$(type -P true)"
END
chmod +x timeout_storm
PATH=$PWD:$PATH

storm exit exit size=16M
storm killed kill size=16M
storm straight exit size=16M,young=0

# Kernels before 4.14: no page tells a child of raw clone that it is one.
export LR_NO_WIPE=1
LR_LIB=$LR_BUILD/test/faulty/libleakring.so
run_oracle exit "$PWD/old.lkr" "$LR_ORACLE/fork_oracle" "$LR_ORACLE/say_hello"
tap_is "$?,$(cat old.lkr.err)" "0," "without MADV_WIPEONFORK: every kind of child lives"
matches_truth old.lkr 'sites malloc' "without MADV_WIPEONFORK: the parent's blocks exactly"
storm wipeless kill size=16M
LR_LIB=$LR_BUILD/libleakring.so
unset LR_NO_WIPE
rm -f old.lkr*

jdk_test() {
    local way ways="POSIX_SPAWN FORK"
    [ "$(lr_jdk_version "$JDK")" -gt 17 ] || ways+=" VFORK" # later ones have words to say about it
    for way in $ways; do
        JAVA_FLAGS=(-Djdk.lang.Process.launchMechanism=$way)
        LABEL="$JVM_CHILDREN children by $way" java_oracle exit Children "$JVM_CHILDREN" "$LR_ORACLE/say_hello"
        tap_is "$(ls ./*.lkr)" ./Children.lkr "$JDK_NAME: children by $way: no child left a file"
    done
    JAVA_FLAGS=()
}
java_each_jdk jdk_test
tap_done
