#!/bin/bash
# make install and uninstall with DESTDIR and prefix: everything in its place, and nothing left.
. "$(dirname "$0")/../lib/tap.sh"

run_make() { make -C "$LR_ROOT" --no-print-directory BUILD="$LR_BUILD" DESTDIR="$PWD/dest" prefix=/usr "$@"; }

run_make install >install.log 2>&1
tap_ok $? "make install" "$(tail -5 install.log)"
tap_ok $([ -x dest/usr/bin/leakring ]; echo $?) "the command is in bindir"
tap_ok $([ -x dest/usr/lib/leakring/libleakring.so ]; echo $?) "the library is in libdir/leakring"
tap_ok $([ -s dest/usr/share/doc/leakring/LICENSE ]; echo $?) "the licence is installed"
for page in "$LR_ROOT"/docs/man/*.1; do
    [ -e "$page" ] || { tap_fail "there are man pages"; break; }
    [ -s "dest/usr/share/man/man1/$(basename "$page")" ] || tap_fail "$(basename "$page") is installed"
done
tap_ok $([ -s dest/usr/share/bash-completion/completions/leakring ] && [ -s dest/usr/share/zsh/site-functions/_leakring ]
    echo $?) "shell completion is installed"
tap_is "$(find dest -type f ! -perm -444)" "" "everything is readable"
tap_like "$(dest/usr/bin/leakring --version)" '^leakring [0-9]' "the installed command runs"

mkdir work
(cd work && ../dest/usr/bin/leakring run -- "$LR_ORACLE/say_hello" 5) >run.out 2>run.err
tap_is "$?,$(cat run.out)" "5,hello world" "leakring run finds the installed library; the status passes through"
tap_is "$(find work -name '*.lkr' | wc -l)" 1 "and records"

run_make libdir=/usr/lib/x86_64-linux-gnu install >>install.log 2>&1
tap_ok $([ -x dest/usr/lib/x86_64-linux-gnu/leakring/libleakring.so ]; echo $?) "libdir can be a multiarch one"
run_make libdir=/usr/lib/x86_64-linux-gnu uninstall >>install.log 2>&1
run_make uninstall >uninstall.log 2>&1
tap_ok $? "make uninstall"
tap_is "$(find dest -type f)" "" "nothing is left behind"
tap_done
