# dist.sh -- dist_tarball: makes the tarball (once for tests that run side by side) and sets
# DIST_TARBALL; the log is ./dist.log.  Where there is no Node.js, it is one without pages.
dist_tarball() {
    (
        exec 9>"$LR_BUILD/dist.lock"
        flock 9
        [ -s "$LR_ROOT/build/web/report.js" ] || without_page=HTML=no
        make -C "$LR_ROOT" --no-print-directory BUILD="$LR_BUILD" ${without_page:-} dist
    ) >dist.log 2>&1 || return 1
    DIST_TARBALL=$(ls -t "$LR_BUILD"/leakring-*-linux-*.tar.gz 2>/dev/null | head -1)
    [ -n "$DIST_TARBALL" ]
}
