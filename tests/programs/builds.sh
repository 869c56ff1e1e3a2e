#!/bin/bash
# builds.sh -- large builds, every compiler, assembler and linker traced (children=1): the objects are
# the same bytes.  binutils (C: configure, gcc, as, ar, ld), GoogleTest (C++), Commons Lang (javac).
# timeout: 7200
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq python3 make gcc g++
PROGRAM_LIMIT=3000
# BUILDS="googletest javac": these alone.
wanted() { case " ${BUILDS:-$1} " in *" $1 "*) ;; *) return 1 ;; esac; }

# --- GoogleTest and its samples ---
google=/usr/src/googletest
if ! wanted googletest; then
    :
elif [ -d $google/googlemock ]; then
    prepare_google() {
        cp -r $google/googletest $google/googlemock .
        cat >Makefile <<'MAKE'
SRC := googletest/src/gtest-all.cc googlemock/src/gmock-all.cc $(wildcard googletest/samples/sample*_unittest.cc)
SRC += googletest/samples/sample1.cc googletest/samples/sample2.cc googletest/samples/sample4.cc googletest/src/gtest_main.cc
samples: $(SRC:.cc=.o)
	g++ -o $@ $^ -pthread
	./samples | sed 's/ ([0-9]* ms[^)]*)//' >told.txt
%.o: %.cc
	g++ -O1 -Igoogletest/include -Igooglemock/include -Igoogletest -Igooglemock -c -o $@ $<
MAKE
    }
    PREPARE=prepare_google FILTER=sort LR_KEYS=children=1,size=4M with_and_without googletest make -j2 samples
    tap_ok "$(grep -q PASSED googletest.plain/told.txt; echo $?)" "googletest: its samples were built and pass"
    all_traces_load googletest 30
    rm -rf googletest.*
else
    tap_skip "googletest" "googletest is not installed"
fi

# --- binutils ---
sources=$(ls /usr/src/binutils/binutils-*.tar.xz 2>/dev/null | head -1)
if ! wanted binutils; then
    :
elif [ -n "$sources" ]; then
    mkdir sources && tar -xf "$sources" -C sources --strip-components=1
    cat >build.sh <<'SH'
"$1/configure" --disable-gdb --disable-gprofng --disable-nls --disable-werror --disable-gold \
    --disable-plugins --enable-deterministic-archives MAKEINFO=true >configure.log 2>&1 &&
    make -j2 MAKEINFO=true all-gas >make.log 2>&1
SH
    build_both() {
        local way
        for way in plain traced; do
            mkdir -p "binutils.$way"
            program_once binutils $way sh "$T/build.sh" "$T/sources"
            (cd "binutils.$way" && find . -name '*.o' -o -name '*.a' -o -name config.h -o -name as-new |
                grep -v /.libs/as-new | sort | xargs sha256sum) >"binutils.$way.sums"
        done
    }
    LR_KEYS=children=1,size=4M build_both
    tap_is "$(cat binutils.plain.status)" "status 0" "binutils: is built" "$(tail -5 binutils.plain/*.log)"
    tap_is "$(cat binutils.traced.status)" "status 0" "binutils: is built under the tracer, too" "$(tail -5 binutils.traced/*.log)"
    tap_same binutils.plain.sums binutils.traced.sums "binutils: the same objects, libraries, program and headers"
    tap_diag "binutils: $(wc -l <binutils.plain.sums) files"
    program_costs binutils
    all_traces_load binutils 1000
    rm -rf binutils.* sources
else
    tap_skip "binutils" "binutils-source is not installed"
fi

# --- javac ---
wanted javac || tap_done
lang=$(java_artifact "Commons Lang" org.apache.commons:commons-lang3:3.17.0:jar:sources) || tap_skip_all "$lang"
mkdir lang && python3 -m zipfile -e "$lang" lang
find "$T/lang" -name '*.java' | sort >lang.list
jdk_test() {
    local name=javac-$(lr_jdk_version "$JDK")
    prepare_lang() { mkdir classes; }
    PREPARE=prepare_lang with_and_without "$name" "$JDK/bin/javac" -J-Xmx500m -nowarn -proc:none -encoding UTF-8 \
        -d classes "@$T/lang.list"
    tap_ok $(($(find "$name.plain" -name '*.class' | wc -l) < 300)) "$name: classes were made"
    program_is_fine "$name" javac
}
java_each_jdk jdk_test
tap_done
