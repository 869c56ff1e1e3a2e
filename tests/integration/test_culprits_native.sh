#!/bin/bash
# The culprit of every kind of allocation in C, C++ and Rust is the line that a user would open:
# not the C library's, a header's, a container's or an allocator's wrapper's.
# timeout: 600
. "$(dirname "$0")/../lib/tap.sh"
LR_KEYS=budget=off # figures are compared exactly
. "$(dirname "$0")/../lib/native.sh"
tap_need jq
sources=$LR_ROOT/tests/fixtures/culprits

# expected SOURCE OUTPUT: function<TAB>line of each place that allocates: those printed, and those
# marked "AT: function" in the source.
expected() {
    { sed -n 's/^culprit\t//p' "$2"
      grep -n ' AT: ' "$1" | sed 's/^\([0-9]*\):.* AT: \([^ ]*\).*/\2\t\1/'; } | sort -u
}

# culprits JSON: function<TAB>line of each culprit of live memory.  A `main` without a line is the
# one that rustc makes: what Rust's run-time allocates to begin with.
culprits() {
    jq -r '.sites[] | select(.kind != "mmap" and (.culprit | .function != "main" or .line != null)) | [.culprit.function, .culprit.line] | @tsv' "$1" | sort -u
}

# unmatched A B [end]: lines of A for which B has none with that line number and a function that
# contains A's (end: that A's contains).
unmatched() {
    awk -F'\t' -v reverse="${3:-}" '
        FILENAME == ARGV[1] { names[$2] = names[$2] "\t" $1; next }
        { n = split(names[$2], have, "\t"); found = 0
          for (i = 1; i <= n; i++)
              if (have[i] != "" && index(reverse ? $1 : have[i], reverse ? have[i] : $1)) found = 1
          if (!found) print }' "$2" "$1"
}

# check NAME SOURCE COMMAND…: builds a program by COMMAND -o NAME, runs it traced, and compares.
check() {
    local name=$1 source=$2
    shift 2
    if ! "$@" -o "$name" "$sources/$source" 2>"$name.log"; then
        tap_fail "$name: builds" "$(tail -5 "$name.log")"
        return
    fi
    traced "$T/$name.lkr" "./$name" >"$name.out" 2>"$name.err" &&
        report "$name.lkr" >"$name.json" 2>>"$name.err"
    tap_is "$?$(cat "$name.err")" 0 "$name: runs and is reported"
    expected "$sources/$source" "$name.out" >"$name.want"
    culprits "$name.json" >"$name.got"
    tap_is "$(unmatched "$name.want" "$name.got")" "" "$name: each of $(wc -l <"$name.want") lines that allocate is a culprit"
    tap_is "$(unmatched "$name.got" "$name.want" end)" "" "$name: and nothing else is"
}

# have NAME COMMAND: loud skip otherwise.
have() { tap_have "$2" || { tap_skip "$1" "$2 is not installed"; return 1; }; }

for level in 0 1 2; do
    have c-gcc cc && check c-gcc$level culprits.c cc -g -O$level
    have cxx-gcc g++ && check cxx-gcc$level culprits.cc g++ -std=c++17 -g -O$level
done
have cxx-clang clang++ && for level in 0 2; do
    check cxx-clang$level culprits.cc clang++ -std=c++17 -g -O$level
done
if have rust rustc; then
    # rustup's rustc looks for its compilers below HOME, which tests have elsewhere.
    rustc=$(command -v rustc)
    export RUSTUP_HOME=${RUSTUP_HOME:-${rustc%/*/bin/rustc}/.rustup}
    if rustc -vV >rustc.version 2>&1; then
        check rust culprits.rs rustc -g
        check rust-O culprits.rs rustc -g -O
        check rust-v0 culprits.rs rustc -g -O -C symbol-mangling-version=v0
    else
        tap_skip rust "rustc doesn't run here: $(head -1 rustc.version)"
    fi
fi
tap_done
