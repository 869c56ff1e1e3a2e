# native.sh -- what the tests of native programs share: running oracles, comparing with reports.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     . "$(dirname "$0")/../lib/native.sh"

# sites REPORT.json KIND…: live memory by culprit, `function<TAB>count<TAB>bytes`.
sites() {
    local report=$1
    shift
    jq -r --args '.sites[] | select(.kind | IN($ARGS.positional[]))
        | [.culprit.function, .live_count.value + 0, .live_bytes.value + 0] | @tsv' "$@" \
        <"$report" | sum_by_first
}

# pair_sites REPORT.json: `function<TAB>acquired<TAB>released<TAB>live<TAB>live_bytes`.
pair_sites() {
    jq -r '.pairs[].sites[] | [.culprit.function, .acquired, .released, .live, .live_bytes]
        | @tsv' <"$1" | sum_by_first
}

# Adds up the lines that share their first column.
sum_by_first() {
    awk -F'\t' -v OFS='\t' '
        { if (NF > width) width = NF
          for (i = 2; i <= NF; i++) sum[$1, i] += $i
          seen[$1] }
        END { for (name in seen) {
                  line = name
                  for (i = 2; i <= width; i++) line = line OFS sprintf("%.0f", sum[name, i])
                  print line } }' | sort
}

# only_known TRUTH FIGURES: FIGURES of functions that TRUTH names; functions that TRUTH has with
# zeros only, and FIGURES doesn't have, are added so.
only_known() {
    awk -F'\t' -v OFS='\t' '
        NR == FNR { known[$1] = $0; next }
        $1 in known { print; delete known[$1] }
        END { for (name in known) {
                  n = split(known[name], field)
                  zero = 1
                  for (i = 2; i <= n; i++) if (field[i] != 0) zero = 0
                  if (zero) print known[name] } }' "$1" "$2" | sort
}

# truth_of OUTPUT: the tab-separated lines that an oracle printed, sorted.
truth_of() { grep "$(printf '\t')" "$1" | sort; }

# run_oracle END TRACE PROGRAM ARGUMENT…: runs an oracle under the preload.  END is exit, or kill:
# SIGKILL once it is ready and older than the young window.  Its output goes to TRACE.out and
# TRACE.err.  PROGRAM's first argument becomes exit or wait.
run_oracle() {
    local end=$1 trace=$2 program=$3 pid
    shift 3
    if [ "$end" = exit ]; then
        traced "$trace" "$program" exit "$@" >"$trace.out" 2>"$trace.err"
        return
    fi
    traced_exec "$trace" "$program" wait "$@" >"$trace.out" 2>"$trace.err" &
    pid=$!
    ready_or_dead $pid "$trace.out" || { kill -9 $pid; return 1; }
    settle $pid
    kill -9 $pid
    wait $pid 2>/dev/null
    return 0
}

# exact_keys KEYS: with what keeps every record exact at any speed, if this library samples.
exact_keys() {
    case $(LEAKRING=x=1 LD_PRELOAD=$LR_LIB "$LR_ORACLE/say_hello" 2>&1 >/dev/null) in
    *' budget'*) echo "$1,budget=off" ;;
    *) echo "$1" ;;
    esac
    rm -f leakring.say_hello.*.lkr
}

# ready_or_dead PID OUTPUT: until it says so; 1 when it ended first.
ready_or_dead() {
    wait_for 300 eval "grep -q '^ready\$' '$2' || ! kill -0 $1"
    grep -q '^ready$' "$2"
}

# settle PID: until what it has recorded so far is in the file, however slow the machine is: it is
# older than the young window, and the helper thread has made whole turns since.
settle() {
    local pid=$1 task turns
    sleep 0.3
    for task in /proc/"$pid"/task/*; do
        [ "$(cat "$task/comm" 2>/dev/null)" != leakring ] || break
    done
    turns=$(turns_of "$task") || return 0 # there is none: everything goes straight to the file
    wait_for 120 more_turns "$task" $((turns + 4))
}
turns_of() {
    [ "$(cat "$1/comm" 2>/dev/null)" = leakring ] &&
        sed -n 's/^voluntary_ctxt_switches:\t//p' "$1/status"
}
more_turns() { [ "$(turns_of "$1")" -ge "$2" ] || ! kill -0 "${1##*/}"; }

# matches_truth TRACE HOW NAME: HOW is `sites KIND…` or pair_sites.
matches_truth() {
    local trace=$1 how=$2 name=$3
    if ! report "$trace" >"$trace.json" 2>"$trace.report-err"; then
        tap_fail "$name" "leakring report: $(cat "$trace.report-err")"
        return
    fi
    truth_of "$trace.out" >"$trace.truth"
    set -- $how
    "$1" "$trace.json" "${@:2}" >"$trace.figures"
    only_known "$trace.truth" "$trace.figures" >"$trace.known"
    if [ -s "$trace.truth" ] && cmp -s "$trace.truth" "$trace.known"; then
        tap_pass "$name"
    else
        tap_fail "$name" "truth and report differ:
$(diff "$trace.truth" "$trace.known" | head -30)"
    fi
}

ended_of() { jq -r .run.ended "$1"; }
completeness_of() { jq -r .completeness.verdict "$1"; }

jemalloc_path() {
    local path
    path=$(ldconfig -p | awk '/libjemalloc\.so\.2 / { print $NF; exit }')
    echo "${path:-}"
}

# How many files named *.lkr there are in a directory.
count_traces() { find "$1" -name '*.lkr' | wc -l; }
