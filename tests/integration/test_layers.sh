#!/bin/bash
# Who may include whom, and how long a file may be: the rules of docs/ARCHITECTURE.md.
. "$(dirname "$0")/../lib/tap.sh"
cd "$LR_ROOT" || exit 1

# includes FILE…: `file header` for each #include; system headers keep their <>.
includes() {
    awk '/^[ \t]*#[ \t]*include/ { header = $0
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header); sub(/[ \t]*(\/[*\/].*)?$/, "", header)
        gsub(/"/, "", header); print FILENAME, header }' "$@"
}

# only REGEX_OF_HEADERS REGEX_OF_FILES NAME: no other file includes such a header.
only() {
    tap_is "$(echo "$all" | awk -v header="$1" -v file="$2" '$2 ~ header && $1 !~ file')" "" "$3"
}

preload=$(ls preload/*/*.[chS])
analyzer=$(ls analyzer/main.c analyzer/*/*.[ch])
all=$(includes include/leakring/* $preload $analyzer)
tap_ok $([ "$(echo "$all" | wc -l)" -gt 100 ]; echo $?) "there are includes to look at"

tap_is "$(includes include/leakring/*.h | awk '$2 !~ /^(<stdint.h>|<stddef.h>|leakring\/)/')" "" \
    "include/ needs only stdint.h and stddef.h"

# A quoted header is one's own or include/leakring's.
own() {
    local side=$1 file header
    shift
    includes "$@" | while read -r file header; do
        case $header in '<'* | leakring/*) continue ;; esac
        [ -n "$(find "$side" -name "$header")" ] || echo "$file: $header"
    done
}
tap_is "$(own preload $preload)" "" "preload/ includes nothing of analyzer/"
tap_is "$(own analyzer $analyzer)" "" "analyzer/ includes nothing of preload/"

only '^<(jvmti|jni|jni_md)[.]h>' '^preload/jvm/' "only preload/jvm sees the JDK's headers"
only '^<libunwind' '^preload/unwind/unwind_libunwind[.]c' "only unwind_libunwind.c sees libunwind"
only '^<(libelf|gelf|dwarf|elfutils/.*)[.]h>' '^analyzer/symbols/symbolize' "only symbolize*.c sees libelf and libdw"
only '^<(libiberty/.*|demangle)[.]h>' '^analyzer/symbols/demangle[.]c' "only demangle.c sees libiberty"
only '^<json-c/' '^analyzer/emit/' "only emitters see json-c"
only '^<(stdio|assert|syslog|err)[.]h>' '^analyzer/' "no stdio and no assert in preload/"
only '^syscall[.]h' '^preload/system/prim_' "only prim_*.c makes system calls"
tap_is "$(grep -lE '\<struct lr_(header|section|live|region|pair|pairsite|stack|event|jframe|method)\>' \
    $analyzer | grep -vE '^analyzer/(load/load|commands/(cmd_dump|dump_))[a-z_]*[.][ch]:?$')" "" \
    "only load*.c parses the format's structures, and dump shows them"
tap_is "$(grep -nE '\<(exit|_exit|abort)[ ]*\(' $analyzer |
    grep -vE '^analyzer/main[.]c:|^[^:]*:[0-9]+: *(\*|//|/\*)|^analyzer/(commands/run_child|symbols/symbolize_(serve|worker))[.]c:[0-9]+: *_exit')" "" \
    "in the analyzer only main exits, and the children that are forked"

# Nothing may allocate in preload/ but through the wrappers' own "next" pointers.
tap_is "$(grep -nE '[^_a-zA-Z.>](malloc|calloc|realloc|strdup|printf|snprintf|pthread_mutex_lock|dl_iterate_phdr)[ ]*\(' $preload |
    grep -vE '^[^:]*:[0-9]+: *(\*|//|/\*)|LR_EXPORT|^[^:]*:[0-9]+:.*(/\*|\*).*\<(malloc|calloc|realloc|printf|dl_iterate_phdr)|unwind_libunwind|^preload/intercept/intercept_(malloc|new)[.]c')" "" \
    "no allocation, no stdio, no waiting lock in preload/"

tap_is "$(find preload analyzer include tests tools mk -name '*.[chS]' -o -name '*.java' -o -name '*.sh' | xargs wc -l |
    awk '$1 > 500 && $2 != "total"')" "" "no source file is longer than 500 lines"
tap_is "$(find preload analyzer include -type f -printf '%f\n' | sort | uniq -d)" "" "file names are unique"
headless=$(for file in $preload $analyzer include/leakring/*; do
    head -1 "$file" | grep -qE '^/\* [a-z0-9_]+\.(c|h|S|def)\>' || echo "$file"
done)
tap_is "$headless" "" "each file opens with its name and job"
tap_is "$(LC_ALL=C.UTF-8 grep -nE '^.{101}' $preload $analyzer include/leakring/* | cut -c1-120)" "" \
    "no line is longer than 100 columns"
tap_done
