#!/bin/bash
# tools.sh -- programs as people run them once, with all their children: git, ffmpeg, ImageMagick, perl,
# ruby, php, Go's compiler, clang, Chromium (its own allocator); servers: nginx, PostgreSQL.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
tap_need jq python3
LR_KEYS=

# PROGRAMS="git perl": these alone.
wanted() { case " ${PROGRAMS:-$1} " in *" $1 "*) ;; *) return 1 ;; esac; }
# have COMMAND: it is wanted, and there; else it is skipped.
have() {
    wanted "${1##*/}" || return
    tap_have "$1" || { tap_skip "${1##*/}" "$1 is not installed"; return 1; }
}

export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' \
    GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

if have git; then
    cat >git.sh <<'SH'
git -c init.defaultBranch=main init -q one && cd one && git config pack.threads 1 && git config gc.auto 0
for i in 1 2 3 4 5 6 7 8; do
    for j in 1 2 3 4 5 6 7 8 9; do seq $((i * j)) $((i * j + 3000)) >file$j; done
    git add . && git commit -q -m "commit $i"
done
git repack -adfq && git fsck --no-progress && git log --format='%H %s' && cd .. &&
    git clone -q --no-local one two && git -C two log --stat --format=%H | tail -3 &&
    git -C two archive --format=tar.gz HEAD | gzip -dc | sha256sum && git -C one blame file3 | sha256sum
rm -rf one two
SH
    LR_KEYS=children=1 with_and_without git sh "$T/git.sh"
    all_traces_load git 30
fi
if have ffmpeg; then
    with_and_without ffmpeg ffmpeg -v error -f lavfi -i testsrc=d=4:s=320x240 -f lavfi -i sine=d=4 -threads 2 \
        -c:v mpeg4 -c:a aac -fflags +bitexact -flags:v +bitexact -flags:a +bitexact out.mkv
    program_is_fine ffmpeg ffmpeg
fi
if have convert-im6.q16; then
    with_and_without imagemagick convert-im6.q16 -size 600x400 plasma:red-blue -seed 5 -blur 0x3 -resize 50% \
        -define png:exclude-chunks=date,time -seed 5 -colors 16 -fill white -draw 'rectangle 0,0 300,200' out.png
    program_is_fine imagemagick 'convert*'
fi
if have perl; then
    with_and_without perl perl -MCompress::Zlib -MDigest::SHA=sha1_hex -e '
        for my $i (1 .. 200) { my %h = map { $_ => "x" x $_ } 1 .. 300; my $z = Compress::Zlib::memGzip(join ",", %h{1 .. 3});
            print sha1_hex(Compress::Zlib::memGunzip($z)), "\n" }'
    program_is_fine perl perl
fi
if have ruby; then
    with_and_without ruby ruby -rzlib -rjson -e '
        100.times { |i| z = Zlib::Deflate.deflate(JSON.dump((0..2000).map { |n| {n: n * i} })); puts Zlib.crc32(z) }
        threads = 4.times.map { |i| Thread.new { (0..20000).map(&:to_s).join.size } }; puts threads.map(&:value).sum'
    program_is_fine ruby 'ruby*'
fi
if have php; then
    with_and_without php php -r 'for ($i = 0; $i < 200; $i++) { $a = range(0, 2000); echo crc32(gzcompress(json_encode($a), 6)), "\n"; }'
    program_is_fine php 'php*'
fi
if have /usr/bin/clang++; then
    prepare_clang() { cp "$LR_ROOT/tests/oracle/unwind_shapes.cc" .; }
    PREPARE=prepare_clang LR_KEYS=children=1 with_and_without clang /usr/bin/clang++ -std=gnu++17 -O2 -c -o shapes.o unwind_shapes.cc
    program_is_fine clang 'clang*'
fi
if have go; then
    prepare_go() {
        printf 'module hello\ngo 1.19\n' >go.mod
        printf 'package main\nimport ("compress/gzip"; "fmt"; "os")\nfunc main() { w := gzip.NewWriter(os.Stdout); fmt.Fprintln(w, "hello"); w.Close() }\n' >main.go
    }
    export GOCACHE=$T/gocache GOFLAGS=-trimpath GOTOOLCHAIN=local
    (mkdir warm && cd warm && prepare_go && go build -o hello . >/dev/null 2>&1)
    PREPARE=prepare_go LR_KEYS=children=1 with_and_without go sh -c 'rm -rf cache && GOCACHE=$PWD/cache go build -o hello . && ./hello | gzip -dc && rm -rf cache'
fi
if have chromium; then
    printf '<html><body><div id="x"></div><script>x.textContent = [...Array(50).keys()].map(i => i * i).join(",")</script></body></html>' >page.html
    PREPARE=: FILTER='grep -v ERROR' with_and_without chromium chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$T/chromium-data" --virtual-time-budget=2000 --dump-dom "file://$T/page.html"
    tap_like "$(cat chromium.plain.out)" '1,4,9,16' "chromium: shows the page"
    report "$(program_trace chromium chromium)" >chromium.json
    tap_diag "chromium: $(jq -c '[.verdict.kind, .completeness.verdict, .completeness.notes]' chromium.json)"
fi

# --- servers ---
# as_user COMMAND…: PostgreSQL and MariaDB refuse root.
as_user() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }

if ! wanted nginx; then
    :
elif nginx=$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null); then
    mkdir www && seq 5000 >www/index.html
    for way in plain traced; do
        port=$(free_port)
        cat >nginx.conf <<CONF
pid $T/nginx.pid; error_log stderr crit; daemon off; master_process off;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $T/b; proxy_temp_path $T/p; fastcgi_temp_path $T/f; uwsgi_temp_path $T/u;
  scgi_temp_path $T/s; gzip on; gzip_types *;
  server { listen 127.0.0.1:$port; root $T/www; } }
CONF
        serve nginx $way "$nginx" -c "$T/nginx.conf"
        wait_for 120 curl -sf -o /dev/null "http://127.0.0.1:$port/" 
        tap_diag "nginx $way: $(load_pages nginx.$way.pages "http://127.0.0.1:$port" 200 / /nothing), $(server_rss)"
        served nginx $way QUIT
    done
    tap_is "$(grep -c ^200 nginx.plain.pages)" 200 "nginx: answers"
    tap_same nginx.plain.pages nginx.traced.pages "nginx: every answer is the same bytes"
    tap_same nginx.plain.status nginx.traced.status "nginx: ends as without us"
    tap_is "$(cat nginx.traced.err)" "$(cat nginx.plain.err)" "nginx: says the same"
    program_is_fine nginx nginx
else
    tap_skip nginx "nginx is not installed"
fi

postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if ! wanted postgres; then
    :
elif [ -n "$postgres" ] && [ "$(id -u)" = 0 ]; then
    work=$(mktemp -d /tmp/leakring-pg.XXXXXX) && chmod 777 "$work"
    cp "$LR_LIB" "$work/libleakring.so" && chmod 755 "$work/libleakring.so"
    trap 'serve_kill; rm -rf "$work"' EXIT
    for way in plain traced; do
        as_user "$postgres/initdb" -D "$work/$way" -A trust --no-sync >initdb.log 2>&1
        trace=()
        [ $way = plain ] || trace=("LEAKRING=file=$work/%e.%p.lkr" "LD_PRELOAD=$work/libleakring.so")
        setpriv --reuid=nobody --regid=nogroup --clear-groups --pdeathsig KILL env "${trace[@]}" "$postgres/postgres" -D "$work/$way" \
            -k "$work" -c listen_addresses= >pg.$way.out 2>pg.$way.err &
        SERVER_PID=$!
        wait_for 120 "$postgres/pg_isready" -q -h "$work"
        "$postgres/psql" -h "$work" -U nobody -d postgres -qAt >pg.$way.told 2>&1 <<'SQL'
CREATE TABLE t AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 50000) i;
CREATE INDEX ON t (name);
SELECT count(*), min(name), max(name) FROM t;
SELECT sum(a.id) FROM t a JOIN t b ON a.name = b.name WHERE b.id % 7 = 0;
UPDATE t SET name = name || 'x' WHERE id % 3 = 0; VACUUM t;
SELECT md5(string_agg(name, ',' ORDER BY id)) FROM t;
SQL
        tap_diag "postgres $way: $(server_rss)"
        served pg $way INT
    done
    tap_is "$(wc -l <pg.plain.told)" 3 "postgres: answers" "$(cat pg.plain.told; tail -3 pg.plain.err)"
    tap_same pg.plain.told pg.traced.told "postgres: the same answers"
    tap_same pg.plain.status pg.traced.status "postgres: ends as without us"
    tap_is "$(grep -c leakring: pg.traced.err)" 0 "postgres: nothing of ours among its messages"
    trace_is_fine postgres "$(ls "$work"/postgres.*.lkr | head -1)" exit
    tap_is "$(ls "$work"/*.lkr | wc -l)" 1 "postgres: one trace, of the process that was started"
    rm -rf "$work"
else
    tap_skip postgres "postgresql is not installed, or this is not root"
fi
tap_done
