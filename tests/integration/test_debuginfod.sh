#!/bin/bash
# Debug information from a debuginfod server: asked when, and only when, DEBUGINFOD_URLS names one.
# The server is a few lines of Python on loopback, which notes what it was asked.
. "$(dirname "$0")/../lib/tap.sh"
LR_KEYS=budget=off # figures are compared exactly
. "$(dirname "$0")/../lib/native.sh"
tap_need cc python3 objcopy eu-readelf ldconfig
ldconfig -p | grep -q libdebuginfod.so.1 || tap_skip_all "libdebuginfod.so.1 (elfutils) is not installed"
unset DEBUGINFOD_URLS DEBUGINFOD_TIMEOUT DEBUGINFOD_MAXTIME DEBUGINFOD_MAXSIZE DEBUGINFOD_PROGRESS
export DEBUGINFOD_TIMEOUT=250 # for servers that do answer, however slow this machine is
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1 DEBUGINFOD_CACHE_PATH=$T/cache

cat >fetched.c <<'C'
#include <stdlib.h>
static void *volatile kept;
static inline __attribute__((always_inline)) void inner(unsigned i)
{
    kept = malloc(700 + i); /* line 5 */
}
__attribute__((noinline)) static void outer_site(unsigned i) { inner(i); }
int main(void)
{
    for (unsigned i = 0; i < 10; i++)
        outer_site(i);
    return 0;
}
C
cc -g -O1 -Wl,--build-id -o whole fetched.c || tap_skip_all "cc doesn't build"
id=$(eu-readelf -n whole | sed -n 's/.*Build ID: //p')
mkdir -p "www/buildid/$id"
objcopy --only-keep-debug whole "www/buildid/$id/debuginfo"
objcopy -S whole stripped
traced "$T/fetched.lkr" ./stripped || tap_fail "the program runs"

cat >server.py <<'P'
import http.server, os, sys, time
mode, log = sys.argv[1:3]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        with open(log, 'a') as out:
            out.write(self.path + '\n')
        if mode == 'silent':
            time.sleep(3600)
        path = 'www' + self.path
        if mode == 'missing' or '..' in path or not os.path.isfile(path):
            return self.send_error(404)
        data = open(path, 'rb').read()
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *unused):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
P

# serve MODE: starts a server; its port in $port, its process in $server.
serve() {
    rm -rf cache
    : >requests
    python3 server.py "$1" requests >port 2>server.err &
    server=$!
    wait_line 300 port '^[0-9]+$' || { tap_fail "server $1 starts" "$(cat server.err)"; tap_done; }
    port=$(cat port)
}
unserve() { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
trap 'unserve; tap_cleanup' EXIT

# The culprits of the site as "function file:line", and its frames that were inlined.
culprit_in() {
    jq -r '[.sites[] | select(.kind == "malloc" and .live_bytes.value == 7045)][0] |
        "\(.culprit.function | sub("\\+0x.*"; "+")) \(.culprit.file // "-" | sub(".*/"; "")):\(.culprit.line // 0) \([.stack[] | select(.inlined) | .function] | join(","))"' "$1"
}

serve good
report fetched.lkr >without.json 2>without.err
tap_is "$(culprit_in without.json)$(cat without.err)" "stripped+ -:0 " "without DEBUGINFOD_URLS a stripped program has offsets"
tap_is "$(cat requests)" "" "and no server is asked"
export DEBUGINFOD_URLS=http://127.0.0.1:$port
report --no-symbols fetched.lkr >none.json
tap_is "$(cat requests)" "" "with --no-symbols neither"
report fetched.lkr >with.json 2>with.err
tap_is "$(culprit_in with.json)" "inner fetched.c:5 inner" "with it: functions, lines and inlined calls"
tap_like "$(cat requests)" "^/buildid/$id/debuginfo\$" "asked by build-id"
unserve
report fetched.lkr >cached.json 2>cached.err
tap_is "$(culprit_in cached.json)" "inner fetched.c:5 inner" "from its cache when the server is gone"

serve missing
DEBUGINFOD_URLS=http://127.0.0.1:$port report fetched.lkr >missing.json 2>missing.err
tap_is "$(culprit_in missing.json)$(cat missing.err)" "stripped+ -:0 " "a server that has nothing: offsets, silently"
unserve

serve good
cp "$LR_CLI" "www/buildid/$id/debuginfo"
DEBUGINFOD_URLS=http://127.0.0.1:$port report fetched.lkr >wrong.json 2>wrong.err
tap_is "$(culprit_in wrong.json)" "stripped+ -:0 " "a server that sends another file: not used"
head -c 100000 /dev/urandom >"www/buildid/$id/debuginfo"
rm -rf cache
DEBUGINFOD_URLS=http://127.0.0.1:$port report fetched.lkr >noise.json 2>noise.err
tap_is "$?,$(culprit_in noise.json)" "0,stripped+ -:0 " "a server that sends noise: not used"
unserve

serve silent
unset DEBUGINFOD_TIMEOUT
DEBUGINFOD_URLS=http://127.0.0.1:$port report fetched.lkr >silent.json 2>silent.err
tap_is "$?,$(culprit_in silent.json)" "0,stripped+ -:0 " "a server that never answers: the report is written"
tap_like "$(cat silent.err)" 'asking DEBUGINFOD_URLS .*/stripped' "and says what it waited for"
tap_is "$(grep -c 'no answer for 5 s; going on without' silent.err)" 1 "and gives that server up once"
unserve
tap_done
