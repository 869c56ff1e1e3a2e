#!/bin/bash
# leakring check's files for continuous integration: JUnit XML and SARIF by their schemas, Markdown,
# annotations; what is suppressed in them.
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/python.sh"
tap_need jq
"$LR_BUILD/test/unit/test_golden" "$T" || tap_fail "synthesized traces"
schemas=$LR_ROOT/tests/schemas
unset GITHUB_STEP_SUMMARY

# checked FILE…: all outputs; the exit code is in $code.
checked() {
    "$LR_CLI" check --growth=off --junit=out.xml --markdown=out.md --sarif=out.sarif --annotations "$@" \
        >out.txt 2>err.txt
    code=$?
}

valid_xml() { # NAME
    if tap_have xmllint; then
        xmllint --noout --schema "$schemas/junit.xsd" out.xml >xml.err 2>&1
        tap_ok $? "$1: JUnit XML by its schema" "$(cat xml.err)"
    else
        tap_skip "$1: JUnit XML by its schema" "xmllint is not installed (libxml2-utils)"
    fi
}

valid_sarif() { # NAME
    local python
    if python=$(python_with jsonschema); then
        "$python" - "$schemas/sarif-code-scanning.json" out.sarif >sarif.err 2>&1 <<'EOF'
import json, sys
import jsonschema
schema, document = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.validate(document, schema)
run = document["runs"][0]
assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
EOF
        tap_ok $? "$1: SARIF by its schema" "$(tail -5 sarif.err)"
    else
        tap_skip "$1: SARIF by its schema" "python3-jsonschema is not installed"
    fi
}

for name in leak clean incomplete hostile blind native in-use; do
    checked $name.lkr
    valid_xml $name
    valid_sarif $name
    tap_is "$(grep -c 'name="completeness: ' out.xml)" 1 "$name: a case for completeness"
done
echo junk >junk.lkr
checked leak.lkr clean.lkr incomplete.lkr hostile.lkr junk.lkr
tap_is "$code" 1 "five recordings: a leak"
valid_xml "five recordings"
valid_sarif "five recordings"
# What each suite says it has is what it has, and what the JSON has.
"$LR_CLI" check --growth=off -F json leak.lkr clean.lkr incomplete.lkr hostile.lkr junk.lkr >out.json 2>/dev/null
outcomes() { jq "[.files[$1].results[] | select(.outcome == \"$2\")] | length" out.json; }
for i in 0 1 2 3 4; do
    name=$(sed -n "$((i + 1))p" <<<'java
java (2)
java (3)
java (4)
recording')
    awk -v name="name=\"$name\"" '/<testsuite / { on = index($0, name " ") } on' out.xml |
        sed '/<\/testsuite>/q' >suite.xml
    tap_is "$(sed -n '1s/.*tests="\([0-9]*\)" failures="\([0-9]*\)" errors="\([0-9]*\)".*/\1 \2 \3/p' suite.xml)" \
        "$(grep -c '<testcase ' suite.xml) $(grep -c '<failure ' suite.xml) $(grep -c '<error ' suite.xml)" "$name: counts"
    tap_is "$(grep -c '<failure ' suite.xml) $(grep -c '<error ' suite.xml)" \
        "$(outcomes $i fail) $(outcomes $i cannot-tell)" "$name: as in JSON"
done
tap_unlike "$(grep -oE '<testcase [^>]* name="[^"]*"' out.xml)" '0x|[0-9] (B|kB|MB)|4242|[.]lkr' \
    "no figures, addresses or files in names"
tap_is "$(grep -oE 'message="[^"]*never ended[^"]*1[.]60 MB"' out.xml | wc -l) $(grep -c '^ *<failure.*>50 of 50 .*1.60 MB$' out.xml)" \
    "1 1" "figures in the message and in the body"
tap_like "$(cat out.xml)" '^    at com.acme.web.Handler.handle.Handler.java:77.$' "the way to the line"
tap_is "$(jq -c '[.runs[0].results[].level] | group_by(.) | map([.[0], length])' out.sarif)" \
    "$(jq -c '[.files[].results[] | select(.outcome != "pass") | if .outcome == "fail" then "error" else "warning" end]
        | group_by(.) | map([.[0], length])' out.json)" "SARIF has what fails and what can't be told"
cp out.sarif first.sarif
checked leak.lkr clean.lkr incomplete.lkr hostile.lkr junk.lkr
tap_same first.sarif out.sarif "the same again: fingerprints are stable"

# Annotations: ten at most, failures first, and nothing of a name is taken for a command.
tap_is "$(grep -c '^::error ' out.txt) $(grep -c '^::warning ' out.txt)" \
    "$(jq '[.files[].results[] | select(.outcome == "fail")] | length' out.json) $(
        jq '[.files[].results[] | select(.outcome == "cannot-tell")] | length' out.json)" "annotations"
checked leak.lkr leak.lkr leak.lkr leak.lkr leak.lkr incomplete.lkr
tap_is "$(grep -cE '^::(error|warning) ' out.txt)" 10 "ten at most"

# Where the checkout has the source file, that is the place.
mkdir -p repo/src/main/java/com/acme/codec && touch repo/src/main/java/com/acme/codec/Codec.java
(cd repo && "$LR_CLI" check --growth=off --sarif=r.sarif --annotations ../leak.lkr >out.txt 2>&1)
tap_is "$(jq -r '[.runs[0].results[].locations[0].physicalLocation | "\(.artifactLocation.uri):\(.region.startLine)"] | unique | join(" ")' repo/r.sarif)" \
    "src/main/java/com/acme/codec/Codec.java:31 src/main/java/com/acme/codec/Codec.java:90" \
    "SARIF points at the source"
tap_like "$(cat repo/out.txt)" '^::error file=src/main/java/com/acme/codec/Codec.java,line=31,title=leakring unended::' \
    "so do annotations"
printf '[rules]\n' >rules.ini
"$LR_CLI" check --growth=off --rules=rules.ini --sarif=out.sarif leak.lkr >/dev/null 2>&1
tap_is "$(jq -r '[.runs[0].results[].locations[0].physicalLocation.artifactLocation.uri] | unique | join(" ")' out.sarif)" \
    rules.ini "else at the file of rules"

# Markdown.
checked leak.lkr clean.lkr
tap_is "$(grep '^###' out.md | tr '\n' ' ')" "### ❌ leakring: FAIL: java ### ✅ leakring: PASS: java (2) " \
    "Markdown: a heading for each"
tap_is "$(grep -E '^\|' out.md | sed 's/\\|//g' | awk -F'|' '{ print NF }' | sort -u)" 6 "Markdown: rows of four cells"
checked leak.lkr
tap_is "$(grep -E '^(###|[|])' "$LR_ROOT/README.md" | grep -A99 '^### ❌' | grep -B99 '➖')" "$(grep -E '^(###|[|])' out.md)" \
    "Markdown: what the README shows"
checked hostile.lkr
tap_unlike "$(cat out.md)" '<[a-z]|^!|(^|[^\\])\[2J' "Markdown: nothing of a name is markup"
echo '# before' >summary.md
GITHUB_STEP_SUMMARY=summary.md "$LR_CLI" check --growth=off --markdown=summary.md leak.lkr >/dev/null 2>&1
tap_is "$(sed q summary.md) $(grep -c '^###' summary.md)" "# before 1" "the step's summary is appended to"
checked $(for i in $(seq 400); do echo leak.lkr; done)
tap_ok $([ "$(wc -c <out.md)" -lt 1048576 ]; echo $?) "Markdown: below a mebibyte"

# Suppressions.
suppressed() { # RULES…: exit code, failures and errors, skipped
    printf '%s\n' "$@" >x.supp
    checked --suppressions=x.supp leak.lkr
    valid_xml "suppressed"
    echo "$code $(grep -cE '<(failure|error) ' out.xml) $(grep -c '<skipped ' out.xml)" >suppressed
}
suppressed '#: reason="warm codecs"' 'leak:^com.acme.codec.Codec.*$'
tap_is "$(cat suppressed)" "0 0 2" "what is suppressed doesn't fail"
tap_like "$(cat out.xml)" '<skipped message="leak:.* covers 69 live or never ended at 3 places, 1.65 MB; reason: warm codecs"' \
    "but is listed with its reason"
tap_like "$(cat out.md)" '➖ expected .*warm codecs' "in Markdown, too"
suppressed '#: reason=x until=2026-01-01' 'leak:^com.acme.codec.Codec.*$'
tap_is "$(cat suppressed)" "1 4 1" "an expired one fails, and so does what it covered"
suppressed '#: reason=x max=1MiB' 'leak:^com.acme.codec.Codec.*$'
tap_is "$(cat suppressed)" "1 4 1" "so does one whose cap is exceeded"
suppressed '#: reason=x' 'leak:nowhere'
tap_is "$(cat suppressed)" "1 3 2" "one that covers nothing is no failure"
tap_like "$(cat out.txt)" 'leak:nowhere .x.supp:2. covers nothing that is live and can be removed' "but named"

cksum leak.lkr >before
checked --junit=leak.lkr leak.lkr
tap_is "$code $(cksum leak.lkr)" "2 $(cat before)" "a trace is never overwritten"
checked --junit=none/out.xml leak.lkr
tap_is "$code" 2 "a file that can't be written is an error"
tap_done
