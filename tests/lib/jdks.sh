# jdks.sh -- lr_find_jdks: the JDK homes that tests run on, one a line, oldest first.
# LEAKRING_JDKS (blank-separated homes) overrides the search of /usr/lib/jvm.

# Feature version of the JDK in $1: 17, 25, …
lr_jdk_version() {
    sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$1/release" 2>/dev/null
}

lr_find_jdks() {
    local home version real seen=
    if [ -n "${LEAKRING_JDKS:-}" ]; then
        printf '%s\n' $LEAKRING_JDKS
        return
    fi
    for home in /usr/lib/jvm/*/; do
        real=$(readlink -f "$home")
        [ -x "$real/bin/javac" ] && [ -e "$real/lib/server/libjvm.so" ] || continue
        version=$(lr_jdk_version "$real")
        case " $seen " in *" $version "*) continue ;; esac
        seen="$seen $version"
        echo "${version:-0} $real"
    done | sort -n | cut -d' ' -f2-
}
