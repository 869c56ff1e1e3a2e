#!/bin/bash
# test_hardening.sh -- how the command and the library are linked and compiled, and the list of what
# they are made of.  (That two builds are the same takes two builds: make reproducible.)
. "$(dirname "$0")/../lib/tap.sh"
tap_need readelf
[ "$(uname -m)" = x86_64 ] || tap_skip_all "the notes are those of x86_64"

# has FILE LABEL REGEX COMMAND…
has() {
    local file=$1 label=$2 regex=$3
    shift 3
    tap_like "$("$@" "$file" 2>&1)" "$regex" "$(basename "$file"): $label"
}
for file in "$LR_CLI" "$LR_LIB"; do
    has "$file" "addresses are written before the program runs, and never again" 'GNU_RELRO' readelf -lW
    has "$file" "all of them at once" 'FLAGS_1.*NOW' readelf -dW
    has "$file" "no stack that can be executed" 'GNU_STACK( +0x0+)+ +RW ' readelf -lW
    tap_is "$(readelf -lW "$file" | grep -c ' RWE ')" 0 "$(basename "$file"): nothing is both written and executed"
    tap_unlike "$(readelf -dW "$file")" 'TEXTREL|RPATH|RUNPATH' "$(basename "$file"): no text relocations, no search path"
    has "$file" "nothing of where it was built" '^0$' grep -c -a -F "$LR_ROOT/"
done
has "$LR_LIB" "calls and jumps are marked (CET)" 'IBT, SHSTK' readelf -nW
has "$LR_CLI" "loaded anywhere" 'Type: +DYN' readelf -hW
case $(readelf -sW "$LR_CLI") in
*__asan_init*) tap_skip "fortified" "a sanitizer's build" ;;
*)
    has "$LR_CLI" "stacks are guarded" '__stack_chk_fail' readelf -sW
    has "$LR_CLI" "fortified" '__[a-z]*printf_chk' readelf -sW
    ;;
esac
"$LR_ROOT/tools/sbom" "$LR_BUILD" 1.2.3 >sbom 2>sbom.err
tap_is "$?,$(cat sbom.err)" "0," "tools/sbom"
for library in $(readelf -dW "$LR_CLI" "$LR_LIB" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | sort -u); do
    tap_is "$(grep -cx "PackageName: $library" sbom)" 1 "the list has $library"
done
"$LR_ROOT/tools/sbom" "$LR_BUILD" 1.2.3 >again 2>&1
tap_same sbom again "and is the same a second time"
tap_done
