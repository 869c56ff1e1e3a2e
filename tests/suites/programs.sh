#!/bin/bash
# programs.sh -- what allocator benchmarks run (mimalloc-bench's list, as far as Debian has it): a theorem prover, a
# PostScript renderer, Lua, Ruby, a key-value store, Redis under its own load; the output is that without us.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/suites.sh"

# program NAME COMMAND…: the same status, output and (a file named `result`) result.
program() {
    local name=$1 way
    shift
    tap_have "$1" || { tap_skip "$name" "$1 is not installed"; return; }
    for way in plain under_us; do
        rm -rf result
        $way "$name" timeout -s KILL 900 "$@"
        [ ! -e result ] || cksum <result >>"$name.$([ $way = plain ] && echo plain || echo traced).out"
    done
    tap_same "$name.plain.status" "$name.traced.status" "$name: ends as without us ($(cat "$name.plain.status"))"
    tap_ok "$([ -s "$name.plain.out" ] && [ "$(cat "$name.plain.status")" = 0 ]; echo $?)" "$name: there is output" \
        "$(tail -3 "$name.plain.err")"
    tap_same "$name.plain.out" "$name.traced.out" "$name: output as without us"
    tap_same "$name.plain.err" "$name.traced.err" "$name: nor is anything else said"
    was_traced "$name"
    rm -rf "$name.traces"
}

cat >queens.smt2 <<'END'
(set-logic QF_BV)
(declare-fun a () (_ BitVec 24)) (declare-fun b () (_ BitVec 24)) (declare-fun c () (_ BitVec 24))
(assert (= (bvmul a b) #x00c0ff)) (assert (bvugt a #x000001)) (assert (bvugt b #x000001))
(assert (= (bvadd (bvmul a a) c) (bvmul b #x000011)))
(check-sat)
END
program z3 z3 queens.smt2

cat >picture.ps <<'END'
%!PS
/Times-Roman findfont 40 scalefont setfont
0 1 40 { /i exch def gsave i 10 mul i 13 mul translate i 9 mul rotate 0 0 moveto i 40 div 0.3 0.7 setrgbcolor
  (leak ) show i 20 string cvs show stroke grestore } for
0 1 2000 { /i exch def i 7 mul 595 mod i 11 mul 842 mod moveto i 3 mul 595 mod i 5 mul 842 mod lineto stroke } for
showpage
END
program ghostscript gs -q -dBATCH -dNOPAUSE -dSAFER -sDEVICE=ppmraw -r100 -sOutputFile=result picture.ps

cat >trees.lua <<'END'
local function tree(depth) if depth == 0 then return {} end return {tree(depth - 1), tree(depth - 1)} end
local function count(t) if not t[1] then return 1 end return 1 + count(t[1]) + count(t[2]) end
local sum, words = 0, {}
for i = 1, 20 do sum = sum + count(tree(14)) end
for i = 1, 200000 do words[i % 5000] = (words[i % 5000] or "") .. string.char(97 + i % 26) end
print(sum, #table.concat(words))
END
program lua lua5.4 trees.lua

cat >strings.rb <<'END'
table = {}
150_000.times { |i| table["key#{i % 20_000}"] = [i.to_s * (i % 40), { i => i.to_s }] }
threads = 4.times.map { |t| Thread.new { (1..20_000).map { |i| "#{t}-#{i}".reverse }.sort.last } }
GC.start
puts table.sum { |key, value| key.size + value[0].size }, threads.map(&:value)
END
program ruby ruby strings.rb

mkdir -p data
program rocksdb sh -c 'rm -rf data/db; db_bench --benchmarks=fillrandom,readrandom,compact,readseq --num=60000 --seed=7 \
    --threads=2 --db="$PWD/data/db" 2>/dev/null | grep -oE "^(fillrandom|readrandom|compact|readseq)|\([0-9]+ of [0-9]+ found\)"' 
cat >perl.pl <<'END'
my (%words, $sum);
for my $i (1 .. 300000) { push @{ $words{ $i % 7919 } }, "x" x ($i % 60); delete $words{ ($i * 31) % 7919 } if $i % 3 == 0; }
$sum += length join "", @$_ for values %words;
print "$sum\n";
END
program perl perl perl.pl
tap_done
