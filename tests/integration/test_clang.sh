#!/bin/bash
# Both halves compile without a warning under clang too, and clang's library works as well.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"
tap_need clang

make -C "$LR_ROOT" --no-print-directory -j2 BUILD="$LR_BUILD-clang" CC=clang all >clang.log 2>&1
tap_ok $? "clang builds both without a warning" "$(grep -v '^  ' clang.log | head -40)"
LR_LIB=$LR_BUILD-clang/libleakring.so
LR_CLI=$LR_BUILD-clang/leakring
run_oracle exit leak50.lkr "$LR_ORACLE/leak50" 2
matches_truth leak50.lkr 'sites malloc new' "50 sites exactly, built by clang"
LEAKRING_BUILD=$LR_BUILD-clang "$LR_ROOT/tests/integration/test_symbols.sh" >symbols.tap 2>&1
tap_ok $? "its symbols are as they should be" "$(grep -A5 '^not ok' symbols.tap)"
tap_done
