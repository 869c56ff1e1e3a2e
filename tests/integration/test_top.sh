#!/bin/bash
# test_top.sh -- leakring top: once, in a script, and on a real terminal's screen (tmux) beside a JVM
# that leaks, is looked into, and is killed.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/java.sh"
"$LR_BUILD/test/unit/test_golden" "$T" >/dev/null || exit 1

once=$("$LR_CLI" top --once leak.lkr 2>err)
tap_is "$? $(cat err)" "0 " "--once says nothing on stderr"
tap_like "$once" "^pid 4242 was killed, 10.0 s; complete, exact; java -jar acme.jar" "--once: the state comes first"
tap_like "$once" "^LEAK: 62 java.util.zip.Inflater and 7 java.util.zip.Deflater were never ended" "--once: then the verdict"
tap_like "$once" " 40  LEAK +com.acme.codec.Codec.<init>\(Codec.java:31\): java.util.zip.Inflater$" \
    "--once: each place is a line"
tap_is "$("$LR_CLI" top --once --top=1 leak.lkr | tail -1 | grep -c '^and [0-9]* more$')" 1 \
    "--once: what is left out is said"
tap_is "$("$LR_CLI" top --once --sort=count leak.lkr | sed -n 4p | awk '{print $4}')" 40 "--sort=count"
tap_is "$("$LR_CLI" top -b -n 3 -d 1 leak.lkr | grep -c '^pid')" 1 "a program that has ended is looked at once"
tap_is "$("$LR_CLI" top --once hostile.lkr | LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]')" 0 \
    "no control characters from names"
for wrong in --sort=size --delay=0 --iterations=-1 "leak.lkr clean.lkr" nowhere.lkr 999999999; do
    "$LR_CLI" top --once $wrong >out 2>err
    tap_is "$? $(wc -l <out) $(grep -c ^leakring: err)" "2 0 1" "top $wrong: refused in one line"
done

trap 'tmux -S "$T/tmux" kill-server 2>/dev/null; tap_cleanup' EXIT
trap 'exit 143' TERM INT
screen() { tmux -S "$T/tmux" capture-pane -p -t top 2>/dev/null; }
shows() { screen | grep -Eq -- "$1"; }
press() { tmux -S "$T/tmux" send-keys -t top "$@"; }
is_gone() { ! tmux -S "$T/tmux" ls; }
# on_screen REGEX NAME: sooner or later.
on_screen() {
    wait_for 60 shows "$1"
    tap_ok $? "$2" "$(screen)"
}

beside_jvm() {
    local trace=$T/live-$(lr_jdk_version "$JDK").lkr
    (traced_exec "$trace" "$JDK/bin/java" -Xmx128m -cp "$JAVA_CLASSES" ForgetfulService 1200) &
    local pid=$!
    wait_for 60 test -e "$trace"
    tmux -S "$T/tmux" -f /dev/null new-session -d -s top -x 120 -y 30 \
        "env LC_ALL=C.UTF-8 TERM=screen-256color '$LR_CLI' top --delay=1 $pid"
    on_screen "LEAK: .* java.util.zip.Inflater" "$JDK_NAME: the verdict so far"
    on_screen "\+.* LEAK +ForgetfulService.leakInflater" "$JDK_NAME: the place that grows, and how fast"
    on_screen "resident .*█" "$JDK_NAME: a curve"
    press / ; press -l leakdirect; press Enter
    on_screen '[0-9]+ places, all, with "leakdirect"' "$JDK_NAME: only places with a word in their stack"
    press Enter
    on_screen "->#.*ForgetfulService.leakDirect\(" "$JDK_NAME: a place's stack"
    press Escape
    on_screen "where" "$JDK_NAME: back to the list"
    press "?"
    on_screen "sort by growth" "$JDK_NAME: keys are explained"
    press "?"
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
    on_screen "pid $pid was killed" "$JDK_NAME: the death is shown, and the figures stay"
    press q
    wait_for 30 is_gone
    tap_ok $? "$JDK_NAME: q leaves"
}
# A terminal of the usual size, and one that is too small: nothing that matters is cut off.
narrow() {
    tmux -S "$T/tmux" -f /dev/null new-session -d -s top -x "$1" -y "$2" \
        "env LC_ALL=C.UTF-8 TERM=screen-256color '$LR_CLI' top leak.lkr"
    on_screen "^LEAK: " "$1 columns: the verdict"
    tap_like "$(screen | tr '\n' ' ')" "hold 1.65 MB of ?native memory\." "$1 columns: to its end"
}
narrow_terminals() {
    narrow 80 24
    on_screen " LEAK +c\.a\.codec\.Codec\.<init>\(Codec\.java:31\)" "80 columns: a place is shortened, never its method or line"
    press "?"
    on_screen "Address space" "80 columns: help"
    tap_unlike "$(screen | sed -n '8,$p')" '\.\.$' "80 columns: no line of it is cut"
    press q
    wait_for 30 is_gone
    narrow 70 11
    press Enter
    on_screen "#0 .*Inflater.<init>" "11 lines: the beginning of a stack"
    tap_unlike "$(screen)" 'Handler.handle' "11 lines: which is too long"
    press Down; press Down; press Down; press Down
    on_screen "#3 .*Handler.handle" "11 lines: and moves to its end"
    press q
    wait_for 30 is_gone
}
if tap_have tmux; then
    narrow_terminals
    java_each_jdk beside_jvm
    tmux -S "$T/tmux" kill-server 2>/dev/null
else
    tap_skip "on a screen" "tmux is not installed"
fi
tap_done
