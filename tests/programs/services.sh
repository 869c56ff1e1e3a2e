#!/bin/bash
# services.sh -- services with native modules on loopback: Node.js with sharp and snappy (npm), Python
# with numpy, lxml and cryptography (Debian), by threads and by gunicorn's workers.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
. "$LR_ROOT/tests/lib/python.sh"
tap_need jq python3 curl setpriv
ROUNDS=${ROUNDS:-40}

answers() { curl -sf -o /dev/null "http://127.0.0.1:$1/" || server_is_gone; }

# service NAME TRACE-OF ENDED COMMAND…: PORT in the environment.
service() {
    local name=$1 program=$2 ended=$3 way port
    shift 3
    for way in plain traced; do
        port=$(free_port)
        serve "$name" $way env PORT="$port" "$@"
        wait_for 300 answers "$port"
        tap_diag "$name $way: $(load_pages "$name.$way.pages" "http://127.0.0.1:$port" "$ROUNDS" \
            / /image /pack /xml /sum /crypt 'POST:50 /post'), $(server_rss)"
        served "$name" $way TERM
        sed -E 's/^\[[-0-9: +]+\] \[[0-9]+\]/[]/; s/pid: [0-9]+/pid/; s/127.0.0.1:[0-9]+( \([0-9]+\))?/here/' \
            "$name.$way.err" | sort >"$name.$way.errors"
    done
    tap_is "$(grep -c '^200' "$name.plain.pages")" $((7 * ROUNDS)) "$name: answers" "$(tail -3 "$name.plain.err")"
    tap_same "$name.plain.pages" "$name.traced.pages" "$name: every answer is the same bytes"
    tap_same "$name.plain.status" "$name.traced.status" "$name: ends as without us"
    tap_same "$name.plain.errors" "$name.traced.errors" "$name: says the same"
    program_is_fine "$name" "$program" "$ended"
}

if tap_have node && tap_have npm; then
    modules=$LR_BUILD/npm-programs
    mkdir -p "$modules" && (
        exec 9>"$modules/lock" && flock 9 && cd "$modules" && [ -d node_modules/sharp ] && [ -d node_modules/snappy ] ||
            { echo '{"private": true}' >package.json &&
                npm install --no-audit --no-fund --ignore-scripts sharp@0.33.5 snappy@7.2.2; }
    ) >npm.log 2>&1
    if [ -d "$modules/node_modules/sharp" ] && [ -d "$modules/node_modules/snappy" ]; then
        cp "$LR_ROOT/tests/programs/service.js" "$modules/"
        service node node exit node "$modules/service.js"
    else
        tap_skip "node" "sharp and snappy can't be had: $(grep -m1 -i err npm.log)"
    fi
else
    tap_skip "node" "node or npm is not installed"
fi

if python=$(python_with numpy lxml.etree cryptography); then
    service python 'python3*' exit "$python" "$LR_ROOT/tests/programs/service.py"
    if $python -c 'import gunicorn' 2>/dev/null; then
        service gunicorn 'python3*' exit "$python" -m gunicorn --chdir "$LR_ROOT/tests/programs" \
            --config "$LR_ROOT/tests/programs/gunicorn.py" service:application
    else
        tap_skip "gunicorn" "gunicorn is not installed"
    fi
else
    tap_skip "python" "python3-numpy, python3-lxml or python3-cryptography is not installed"
fi
tap_done
