#!/bin/bash
# test_hostile_symbols.sh -- libraries whose ELF and DWARF were made to hurt a reader: each costs at
# most two seconds of processor time and 256 MB, and the report comes without its names.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
tap_need python3

unset DEBUGINFOD_URLS
python3 -B "$LR_ROOT/tests/lib/hostile_elf.py" files 2>make.err || tap_fail "the files are made" "$(cat make.err)"
"$LR_BUILD/test/unit/test_symbol_worker" "$PWD/files"
tap_is "$?,$(ls files/*.lkr | wc -l)" "0,$(ls files/*.so | wc -l)" "a trace of each"

# costs NAME COMMAND…: an exit status that isn't of a bad file or command line, within limits.
costs() {
    local name=$1 status seconds megabytes
    shift
    read -r status seconds megabytes < <(python3 -B "$LR_ROOT/tests/lib/measured.py" out "$@")
    if [[ $status == [013] ]] && [ "${seconds/./}" -le 200 ] && [ "$megabytes" -le 256 ]; then
        tap_pass "$name: within 2 s and 256 MB"
    else
        tap_fail "$name: within 2 s and 256 MB" "status $status, $seconds s, $megabytes MB" "$(head -20 out)"
    fi
}

for trace in files/*.lkr; do
    name=$(basename "$trace" .lkr)
    costs "$name" "$LR_CLI" report --stacks "$trace"
    cp out "files/$name.txt"
done

# says NAME TEXT: what the report says about the file.
says() { tap_like "$(cat "files/$1.txt")" "$1.so: functions have no names: .*$2" "$1: $2"; }
says bomb-claimed "compressed debug information is damaged"
says bomb-real "compressed debug information is damaged"
says mangled-bomb "its file is damaged \(reading it took too (long|much memory)\)"
says bomb-unfit "its file is damaged \(reading it took too much memory\)" # half of its names would be no word of it
says fifo-alternate "its file is damaged"
for name in plain deep-blocks deep-namespaces overlapping-symbols; do
    tap_unlike "$(cat files/$name.txt)" "no names" "$name: what can be named has its names"
done

# Whatever the command: the same process reads the files.
good=files/plain.lkr bad=files/mangled-bomb.lkr
costs "diff" "$LR_CLI" diff $good $bad
bad=files/bomb-claimed.lkr
for way in "report --format=html -o page.html" "report --format=json" check "check --baseline=$good" \
    "export --format=folded" "top --once" "dump --section=stacks"; do
    costs "$way" "$LR_CLI" $way $bad
done
tap_done
