#!/bin/bash
# Man pages: one for each command, well formed, with every option that --help lists.
. "$(dirname "$0")/../lib/tap.sh"

pages=$LR_ROOT/docs/man
commands=$("$LR_CLI" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
tap_ok $([ -n "$commands" ]; echo $?) "leakring --help lists commands"
tap_ok $([ -s "$pages/leakring.1" ]; echo $?) "leakring has a man page"
for command in $commands; do
    page=$pages/leakring-$command.1
    if ! [ -s "$page" ]; then
        tap_fail "leakring $command has a man page"
        continue
    fi
    missing=
    for option in $("$LR_CLI" $command --help | grep -oE -- '(^|[ ,])--[a-z][a-z-]+' | tr -d ' ,' | sort -u); do
        sed 's/\\-/-/g' "$page" | grep -qE -- "(${option}|Fl -${option#--})\b" || missing="$missing $option"
    done
    tap_is "$missing" "" "its man page has every option of leakring $command --help"
    tap_like "$(cat "$page")" 'EXAMPLES' "and examples"
    tap_like "$("$LR_CLI" $command --help | head -1)" '^Examples:' "leakring $command --help opens with examples"
done
for page in "$pages"/*.[1-9]; do
    if tap_have mandoc; then
        tap_is "$(mandoc -T lint -W warning "$page" 2>&1)" "" "$(basename "$page") is well formed"
    else
        tap_skip "$(basename "$page") is well formed" "mandoc is not installed"
    fi
done
# Every key of LEAKRING is in libleakring.7.
for key in $(LEAKRING=x=1 LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" 2>&1 >/dev/null |
    sed -n 's/.*(keys: \([a-z_ ]*\)).*/\1/p'); do
    tap_ok $(grep -qE "^\.(BI|BR) $key= " "$pages/libleakring.7"; echo $?) "libleakring.7 has the key $key"
done
tap_done
