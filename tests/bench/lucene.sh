#!/bin/bash
# lucene.sh -- what the tracer costs a JVM: Lucene indexing with and without it, interleaved.
# Prints medians of CPU and wall seconds and their ratios to "no tool", per JDK; the ratio of the
# lowest CPU times too, which says most on a busy machine.
#
#     tests/bench/lucene.sh [ROUNDS [DOCUMENTS]]
#
# One warm-up round is thrown away.  CPU time (user + system) is the figure; wall time depends on
# who else uses the machine.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
. "$(dirname "$0")/../lib/lucene.sh"

rounds=${1:-7}
documents=${2:-30000}
jvm_flags="-Xms1g -Xmx1g -XX:+UseSerialGC"

# measure FILE COMMAND…: appends "cpu wall" in seconds.
measure() {
    local file=$1 TIMEFORMAT='%U %S %R'
    shift
    { time "$@" >run.out 2>run.err; } 2>run.time
    grep -q '^found' run.out || { cat run.err >&2; exit 1; }
    awk '{printf "%.3f %.3f\n", $1 + $2, $3}' run.time >>"$file"
}

median() { # FILE COLUMN
    awk -v column="$2" '{print $column}' "$1" | sort -n |
        awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

lowest() { awk '{print $1}' "$1" | sort -n | head -1; }
highest() { awk '{print $1}' "$1" | sort -n | tail -1; }

row() { # NAME FILE BASE
    awk -v name="$1" -v cpu="$(median "$2" 1)" -v wall="$(median "$2" 2)" \
        -v base="$(median "$3" 1)" -v base_wall="$(median "$3" 2)" \
        -v low="$(lowest "$2")" -v high="$(highest "$2")" -v base_low="$(lowest "$3")" 'BEGIN {
        printf "  %-9s cpu %6.2f s (%.2f-%.2f), ratio %.3f, of the lowest %.3f;  wall %6.2f s, %.3f\n",
            name, cpu, low, high, cpu / base, low / base_low, wall, wall / base_wall }'
}

jar=$(lucene_jar 6.4.1) || { echo "lucene.sh: $jar" >&2; exit 1; }
[ -e "$LR_LIB" ] || { echo "lucene.sh: $LR_LIB is missing; run make" >&2; exit 1; }
echo "Lucene 6.4.1, $documents documents, $rounds interleaved rounds, $jvm_flags"
for JDK in $LR_JDKS; do
    "$JDK/bin/javac" -nowarn -cp "$jar" -d classes "$LR_ROOT/tests/bench/LuceneIndexing.java" || exit 1
    command="$JDK/bin/java $jvm_flags -cp $jar:classes LuceneIndexing $documents"
    for round in $(seq 0 "$rounds"); do
        [ "$round" -ne 1 ] || rm -f none ours
        rm -f bench.lkr*
        measure none $command
        measure ours env LD_PRELOAD="$LR_LIB" LEAKRING="file=$T/bench.lkr" $command
        [ -s bench.lkr ] || { echo "lucene.sh: no trace file" >&2; exit 1; }
    done
    echo "JDK $(lr_jdk_version "$JDK")"
    row "no tool" none none
    row leakring ours none
    rm -rf classes none ours
done
