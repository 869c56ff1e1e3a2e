# sources.sh -- the unpacked Debian source of a package, for tests that only its source has.
#
#     directory=$(source_of redis) || tap_skip_all "no source: $(cat source.err)"
#
# The machine's own apt sources are asked for deb-src, in a configuration of its own: nothing of the
# system is changed.  What was unpacked stays in the build directory (LR_SOURCES) for the next time.
LR_SOURCES=${LR_SOURCES:-$LR_BUILD/suites/sources}

# with_sources PROGRAM…: apt-get or apt-cache, which also knows where sources are.
with_sources() {
    local program=$1 state=$LR_SOURCES/apt file
    shift
    if [ ! -d "$state" ]; then
        mkdir -p "$state/parts" "$state/lists/partial" "$state/archives/partial"
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" >"$state/parts/$(basename "$file" .list).list"
        done
        for file in /etc/apt/sources.list.d/*.sources; do
            [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$state/parts/$(basename "$file")"
        done
    fi
    "$program" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$state/parts" \
        -o Dir::State::lists="$state/lists" -o Dir::Cache::archives="$state/archives" \
        -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root "$@"
}

# Of the versions that are listed the newest that can be had: a mirror may not have all.
download() {
    local package=$1 version
    with_sources apt-get update -qq || return 1
    for version in $(with_sources apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -rV); do
        rm -f "$package"_*
        with_sources apt-get source --download-only "$package=$version" && return 0
    done
    return 1
}

# source_of PACKAGE: its directory; on failure 1, and the reason in source.err.
source_of() {
    local package=$1 place=$LR_SOURCES/$1
    if [ ! -d "$place/tree" ]; then
        rm -rf "$place"
        mkdir -p "$place"
        {
            tap_have dpkg-source || { echo "dpkg-source (dpkg-dev) is not installed"; return 1; }
            (cd "$place" && download "$package") || return 1
            dpkg-source --no-check -x "$place"/*.dsc "$place/unpacked" && mv "$place/unpacked" "$place/tree" || return 1
        } >source.err 2>&1
    fi
    echo "$place/tree"
}
