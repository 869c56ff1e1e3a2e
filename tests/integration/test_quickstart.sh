#!/bin/bash
# The README's quick start on a clean copy of what is committed: `make demo` builds, runs, and
# shows what the README shows.
# timeout: 1200
. "$(dirname "$0")/../lib/tap.sh"
tap_need git javac
git -C "$LR_ROOT" rev-parse HEAD >/dev/null 2>&1 || tap_skip_all "this isn't a git clone"

mkdir clone
git -C "$LR_ROOT" archive HEAD | tar x -C clone || tap_fail "git archive"
make -C clone --no-print-directory demo >demo.out 2>demo.err
tap_ok $? "make demo on a clean copy" "$(tail -n 20 demo.out demo.err)"
tap_is "$(cat demo.err)" "" "nothing is installed or complained about"
tap_like "$(cat demo.out)" '^LEAK: .*never ended' "it shows the leak"

# The lines that matter are the same in the README: places, and who called them.
places() { grep -E '^ *[0-9]+\. |^ +called by ' "$1" | sed 's/ *$//'; }
places demo.out >shown
sed -n '/^## Quick start/,/^## Installing/p' "$LR_ROOT/README.md" >quickstart
places quickstart >written
tap_ok $([ -s shown ]; echo $?) "it names places"
tap_same written shown "the README shows the same places"

# A new user's way: the three commands of the README, as they stand there, on every JDK.  Installed is
# into a directory of our own, without becoming root.
cat >App.java <<'J'
public class App {
    public static void main(String[] arguments) {
        for (int i = 0; i < 1000; i++)
            forget();
    }
    static void forget() {
        new java.util.zip.Inflater(); // line 7
    }
}
J
sed -n '/^With your own program it takes three commands/,/^What else/s/^    //p' "$LR_ROOT/README.md" >commands
tap_is "$(wc -l <commands)" 3 "from the README to the line to fix: three commands"
mkdir bin
printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
chmod 755 bin/sudo
new_user() {
    mkdir "user-$1"
    javac -d "user-$1" App.java && jar -c -f "user-$1/app.jar" -e App -C "user-$1" App.class || return
    (cd clone && prefix=$T/usr bash -c "$(sed -n 1p ../commands)") &&
        (cd "user-$1" && sed 1d ../commands >commands && bash -e commands)
}
for jdk in $LR_JDKS; do
    version=$(lr_jdk_version "$jdk")
    PATH=$T/usr/bin:$T/bin:$jdk/bin:$PATH new_user "$version" >user.out 2>user.err
    tap_ok $? "JDK $version: they succeed" "$(tail -n 5 user.out user.err)"
    tap_like "$(cat user.out)" '^ 1\. App\.forget\(App\.java:7\)$' "JDK $version: they lead to the line"
done

# Every target that the README and CONTRIBUTING name exists.
for target in $(grep -ohE '\bmake [a-z0-9-]+' "$LR_ROOT/README.md" "$LR_ROOT/CONTRIBUTING.md" | cut -d' ' -f2 | sort -u); do
    case $target in it | sure | dist | demo | check | install | uninstall) continue ;; esac
    make -C clone -n --no-print-directory "$target" >target.log 2>&1
    tap_ok $? "make $target exists" "$(tail -2 target.log)"
done
make -C clone --no-print-directory help >help.txt
for target in all demo check install uninstall dist bench clean help; do
    tap_like "$(cat help.txt)" "^  $target " "make help lists $target"
done

# Every key of LEAKRING that the library knows is in the README's table, and no other.
known=$(LEAKRING=x=1 LD_PRELOAD="$LR_LIB" "$LR_ORACLE/say_hello" 2>&1 >/dev/null |
    sed -n 's/.*(keys: \([a-z_ ]*\)).*/\1/p' | tr ' ' '\n' | sort)
written=$(sed -n '/^## Configuration/,/^## /p' "$LR_ROOT/README.md" | sed -n 's/^| `\([a-z_]*\)` .*/\1/p' | sort)
tap_ok $([ -n "$known" ]; echo $?) "the library lists its keys"
tap_is "$written" "$known" "the README lists the same keys"
tap_done
