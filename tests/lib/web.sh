# web.sh -- pages in a real browser: for tests that write traces to pages/.
#
# Wants tap.sh.

# CHROMIUM, and in WEB what the page's script is built and tested with; $T/web-check.log says what is
# wrong with its types, and WEB_CHECKED whether anything is.
web_setup() {
    tap_need node jq
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        tap_skip_all "no Chromium; install the package chromium"
    WEB=$LR_ROOT/build/web
    [ -s "$WEB/report.js" ] || tap_skip_all "built without Node.js (see build/web/npm.log)"
    make -s -C "$LR_ROOT" web-check >"$T/web-check.log" 2>&1
    WEB_CHECKED=$?
    [ -e "$WEB/node_modules/playwright-core/index.mjs" ] &&
        [ -e "$WEB/node_modules/axe-core/axe.min.js" ] ||
        tap_skip_all "no playwright-core or axe-core; the npm registry can't be reached"
    mkdir pages
}

# The page and the JSON of each trace.
web_pages() {
    local trace
    for trace in pages/*.lkr; do
        "$LR_CLI" report --format=html -o "${trace%.lkr}.html" "$trace" 2>/dev/null &&
            "$LR_CLI" report --format=json "$trace" >"${trace%.lkr}.json" || exit 1
        echo "# ${trace#pages/}: $(stat -c %s "${trace%.lkr}.html") bytes"
    done
}

# web_browse DIRECTORY: runs the browser's tests; screenshots are kept there.
web_browse() {
    local status
    mkdir -p "$1"
    node "$LR_ROOT/tests/web/pages.mjs" "$WEB/node_modules" "$CHROMIUM" "$T/pages" "$1" \
        >"$T/browser.log" 2>&1
    status=$?
    tap_take "$T/browser.log"
    tap_ok "$status" "the browser's tests ran to their end" "$(tail -5 "$T/browser.log")"
}
